// SPDX-License-Identifier: Apache-2.0

#include "bench/peers.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace fg::bench {
namespace {

// cblas.h: row-major 101, no transpose 111.
using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
using Dgemm = void (*)(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*,
                       int);
using SetThreads = void (*)(int);
// dnnl.h: row-major by definition, sizes are int64.
using DnnlSgemm = int (*)(char, char, std::int64_t, std::int64_t, std::int64_t, float, const float*, std::int64_t,
                          const float*, std::int64_t, float, float*, std::int64_t);

template <class F>
F symbol(void* library, const char* name) {
  return library == nullptr ? nullptr : reinterpret_cast<F>(::dlsym(library, name));
}

void* open_first(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
  }
  return nullptr;
}

template <class T>
struct Matrices {
  std::vector<T> a, b, c;
  explicit Matrices(const Product& p)
      : a(static_cast<std::size_t>(p.m) * static_cast<std::size_t>(p.k)),
        b(static_cast<std::size_t>(p.k) * static_cast<std::size_t>(p.n)),
        c(static_cast<std::size_t>(p.m) * static_cast<std::size_t>(p.n)) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<T>(i % 17) / 16 - T{0.5};
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<T>(i % 13) / 12 - T{0.5};
  }
};

template <class Call>
PeerResult timed(const char* peer, const std::string& case_name, double seconds, const Call& call) {
  TimingOptions o;
  o.min_ns = seconds * 1e9;
  return {peer, case_name,
          measure(
              call, [] {}, o),
          0};
}
template <class Call>
PeerResult timed(const char* peer, const Product& p, double seconds, const Call& call) {
  PeerResult r = timed(peer, p.case_name, seconds, call);
  r.tflops = 2.0 * p.m * p.n * p.k / r.times.p50 * 1e-3;
  return r;
}

}  // namespace

std::vector<PeerResult> measure_peers(const std::vector<Product>& products, int threads, double seconds) {
  void* const blas = open_first({"libopenblas.so.0", "libopenblas.so"});
  void* const dnnl = open_first({"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"});
  const auto sgemm = symbol<Sgemm>(blas, "cblas_sgemm");
  const auto dgemm = symbol<Dgemm>(blas, "cblas_dgemm");
  const auto dnnl_sgemm = symbol<DnnlSgemm>(dnnl, "dnnl_sgemm");
  if (const auto set = symbol<SetThreads>(blas, "openblas_set_num_threads")) set(threads);
  std::vector<PeerResult> results;
  for (const Product& p : products) {
    if (p.f64) {
      Matrices<double> x(p);
      if (dgemm != nullptr) {
        results.push_back(timed("openblas", p, seconds, [&] {
          dgemm(101, 111, 111, p.m, p.n, p.k, 1, x.a.data(), p.k, x.b.data(), p.n, 0, x.c.data(), p.n);
        }));
      }
      continue;
    }
    Matrices<float> x(p);
    if (sgemm != nullptr) {
      results.push_back(timed("openblas", p, seconds, [&] {
        sgemm(101, 111, 111, p.m, p.n, p.k, 1, x.a.data(), p.k, x.b.data(), p.n, 0, x.c.data(), p.n);
      }));
    }
    if (dnnl_sgemm != nullptr) {
      results.push_back(timed("onednn", p, seconds, [&] {
        dnnl_sgemm('N', 'N', p.m, p.n, p.k, 1, x.a.data(), p.k, x.b.data(), p.n, 0, x.c.data(), p.n);
      }));
    }
  }
  return results;
}

std::vector<PeerResult> measure_sorts(const std::vector<Sorting>& sorts, double seconds) {
  std::vector<PeerResult> results;
  for (const Sorting& s : sorts) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> even(-1, 1);
    std::vector<float> values(static_cast<std::size_t>(s.rows * s.length));
    for (float& x : values) x = even(random);
    std::vector<float> sorted(values.size());
    // The copy is counted: our sort leaves its input alone, too.
    results.push_back(timed("std::sort", s.case_name, seconds, [&] {
      sorted = values;
      for (auto row = sorted.begin(); row != sorted.end(); row += static_cast<std::ptrdiff_t>(s.length))
        std::sort(row, row + static_cast<std::ptrdiff_t>(s.length));
    }));
  }
  return results;
}

}  // namespace fg::bench
