// SPDX-License-Identifier: Apache-2.0
//
// Loops with one purpose: to keep the load, store or multiply units busy.  x86-64 forms for AVX-512
// and AVX2, and one that the compiler is left alone with.

#include <cstring>

#include "bench/roofline.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#define FG_BENCH_X86 1
// Keeps a register's value alive and unknown to the compiler.  Macros: the constraint needs the
// instruction set of the function around it.
#define FG_KEEP_512(v) __asm__ volatile("" : "+v"(v))
#define FG_KEEP_256(v) __asm__ volatile("" : "+x"(v))
#else
#define FG_BENCH_X86 0
#endif

namespace fg::bench::kernels {
namespace {

float total(const float* lanes, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += lanes[i];
  return sum;
}

#if FG_BENCH_X86

bool has_avx512() {
  static const bool yes = __builtin_cpu_supports("avx512f") != 0;
  return yes;
}
bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  return yes;
}

__attribute__((target("avx512f"))) void triad_512(float* a, const float* b, const float* c, float s, std::size_t n,
                                                  bool streaming) {
  const __m512 vs = _mm512_set1_ps(s);
  for (std::size_t i = 0; i < n; i += 16) {
    const __m512 v = _mm512_fmadd_ps(vs, _mm512_loadu_ps(c + i), _mm512_loadu_ps(b + i));
    if (streaming)
      _mm512_stream_ps(a + i, v);
    else
      _mm512_storeu_ps(a + i, v);
  }
  _mm_sfence();
}

__attribute__((target("avx2,fma"))) void triad_256(float* a, const float* b, const float* c, float s, std::size_t n,
                                                   bool streaming) {
  const __m256 vs = _mm256_set1_ps(s);
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256 v = _mm256_fmadd_ps(vs, _mm256_loadu_ps(c + i), _mm256_loadu_ps(b + i));
    if (streaming)
      _mm256_stream_ps(a + i, v);
    else
      _mm256_storeu_ps(a + i, v);
  }
  _mm_sfence();
}

// Eight accumulators cover the latency of an addition.
constexpr int kSums = 8;

__attribute__((target("avx512f"))) float sum_512(const float* a, std::size_t n) {
  __m512 acc[kSums];
  for (__m512& v : acc) v = _mm512_setzero_ps();
  std::size_t i = 0;
  for (; i + kSums * 16 <= n; i += kSums * 16) {
#pragma GCC unroll 8
    for (int k = 0; k < kSums; ++k) acc[k] = _mm512_add_ps(acc[k], _mm512_loadu_ps(a + i + 16 * k));
  }
  for (; i < n; i += 16) acc[0] = _mm512_add_ps(acc[0], _mm512_loadu_ps(a + i));
  for (int k = 1; k < kSums; ++k) acc[0] = _mm512_add_ps(acc[0], acc[k]);
  float lanes[16];
  _mm512_storeu_ps(lanes, acc[0]);
  return total(lanes, 16);
}

__attribute__((target("avx2"))) float sum_256(const float* a, std::size_t n) {
  __m256 acc[kSums];
  for (__m256& v : acc) v = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + kSums * 8 <= n; i += kSums * 8) {
#pragma GCC unroll 8
    for (int k = 0; k < kSums; ++k) acc[k] = _mm256_add_ps(acc[k], _mm256_loadu_ps(a + i + 8 * k));
  }
  for (; i < n; i += 8) acc[0] = _mm256_add_ps(acc[0], _mm256_loadu_ps(a + i));
  for (int k = 1; k < kSums; ++k) acc[0] = _mm256_add_ps(acc[0], acc[k]);
  float lanes[8];
  _mm256_storeu_ps(lanes, acc[0]);
  return total(lanes, 8);
}

// Twelve accumulators cover the latency of four cycles at two or three instructions a cycle.
constexpr int kChains = 12;

__attribute__((target("avx512f"))) double fma_f32_512(std::int64_t rounds) {
  __m512 acc[kChains];
  for (__m512& v : acc) v = _mm512_setzero_ps();
  __m512 x = _mm512_set1_ps(1.0f);
  __m512 y = _mm512_set1_ps(1e-9f);
  FG_KEEP_512(x);
  FG_KEEP_512(y);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) acc[k] = _mm512_fmadd_ps(x, y, acc[k]);
  }
  for (__m512& v : acc) FG_KEEP_512(v);
  return static_cast<double>(rounds) * kChains * 16 * 2;
}

__attribute__((target("avx512f"))) double fma_f64_512(std::int64_t rounds) {
  __m512d acc[kChains];
  for (__m512d& v : acc) v = _mm512_setzero_pd();
  __m512d x = _mm512_set1_pd(1.0);
  __m512d y = _mm512_set1_pd(1e-9);
  FG_KEEP_512(x);
  FG_KEEP_512(y);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) acc[k] = _mm512_fmadd_pd(x, y, acc[k]);
  }
  for (__m512d& v : acc) FG_KEEP_512(v);
  return static_cast<double>(rounds) * kChains * 8 * 2;
}

__attribute__((target("avx512f,avx512bf16"))) double fma_bf16_512(std::int64_t rounds) {
  __m512 acc[kChains];
  for (__m512& v : acc) v = _mm512_setzero_ps();
  __m512 bits = _mm512_setzero_ps();
  FG_KEEP_512(bits);
  __m512bh x;
  std::memcpy(&x, &bits, sizeof x);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) acc[k] = _mm512_dpbf16_ps(acc[k], x, x);
  }
  for (__m512& v : acc) FG_KEEP_512(v);
  return static_cast<double>(rounds) * kChains * 16 * 4;  // Two products and two sums in each of 16 lanes.
}

__attribute__((target("avx2,fma"))) double fma_f32_256(std::int64_t rounds) {
  __m256 acc[kChains];
  for (__m256& v : acc) v = _mm256_setzero_ps();
  __m256 x = _mm256_set1_ps(1.0f);
  __m256 y = _mm256_set1_ps(1e-9f);
  FG_KEEP_256(x);
  FG_KEEP_256(y);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) acc[k] = _mm256_fmadd_ps(x, y, acc[k]);
  }
  for (__m256& v : acc) FG_KEEP_256(v);
  return static_cast<double>(rounds) * kChains * 8 * 2;
}

__attribute__((target("avx2,fma"))) double fma_f64_256(std::int64_t rounds) {
  __m256d acc[kChains];
  for (__m256d& v : acc) v = _mm256_setzero_pd();
  __m256d x = _mm256_set1_pd(1.0);
  __m256d y = _mm256_set1_pd(1e-9);
  FG_KEEP_256(x);
  FG_KEEP_256(y);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) acc[k] = _mm256_fmadd_pd(x, y, acc[k]);
  }
  for (__m256d& v : acc) FG_KEEP_256(v);
  return static_cast<double>(rounds) * kChains * 4 * 2;
}

#endif  // FG_BENCH_X86

template <class T>
double fma_plain(std::int64_t rounds) {
  constexpr int kLanes = 64;
  T acc[kLanes] = {};
  T x = 1;
  T y = static_cast<T>(1e-9);
  __asm__ volatile("" : "+m"(x), "+m"(y));
  for (std::int64_t r = 0; r < rounds; ++r) {
    for (T& v : acc) v += x * y;
  }
  __asm__ volatile("" : : "g"(acc) : "memory");
  return static_cast<double>(rounds) * kLanes * 2;
}

}  // namespace

void triad(float* a, const float* b, const float* c, float s, std::size_t n) {
#if FG_BENCH_X86
  if (has_avx512()) return triad_512(a, b, c, s, n, false);
  if (has_avx2()) return triad_256(a, b, c, s, n, false);
#endif
  for (std::size_t i = 0; i < n; ++i) a[i] = b[i] + s * c[i];
}

bool triad_streaming(float* a, const float* b, const float* c, float s, std::size_t n) {
#if FG_BENCH_X86
  if (has_avx512()) return triad_512(a, b, c, s, n, true), true;
  if (has_avx2()) return triad_256(a, b, c, s, n, true), true;
#endif
  triad(a, b, c, s, n);
  return false;
}

float sum(const float* a, std::size_t n) {
#if FG_BENCH_X86
  if (has_avx512()) return sum_512(a, n);
  if (has_avx2()) return sum_256(a, n);
#endif
  float acc[16] = {};
  for (std::size_t i = 0; i < n; i += 16) {
    for (std::size_t k = 0; k < 16; ++k) acc[k] += a[i + k];
  }
  return total(acc, 16);
}

double fma_f32(std::int64_t rounds) {
#if FG_BENCH_X86
  if (has_avx512()) return fma_f32_512(rounds);
  if (has_avx2()) return fma_f32_256(rounds);
#endif
  return fma_plain<float>(rounds);
}

double fma_f64(std::int64_t rounds) {
#if FG_BENCH_X86
  if (has_avx512()) return fma_f64_512(rounds);
  if (has_avx2()) return fma_f64_256(rounds);
#endif
  return fma_plain<double>(rounds);
}

double fma_bf16(std::int64_t rounds) {
#if FG_BENCH_X86
  if (__builtin_cpu_supports("avx512bf16")) return fma_bf16_512(rounds);
#endif
  (void)rounds;
  return 0;
}

}  // namespace fg::bench::kernels
