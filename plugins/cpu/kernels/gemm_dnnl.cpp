// SPDX-License-Identifier: Apache-2.0
//
// oneDNN primitives by block shape, kept per thread: a hit takes no lock.  f32 products are true f32
// (fpmath strict).  bf16 products go here only where the processor multiplies bf16 faster than f32.

#include "plugins/cpu/kernels/gemm_dnnl.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <dnnl.hpp>
#include <memory>
#include <optional>
#include <unordered_map>

#include "plugins/cpu/kernels/gemm_ops.hpp"

extern "C" {
// libgomp; declared here because clang has no omp.h without its own OpenMP.
int omp_get_max_threads(void);
void omp_set_num_threads(int);
}

namespace fg::cpu {
namespace {

constexpr std::int64_t kSmallestProducts = 16384;  // Below, the call costs more than the sum.
constexpr std::int64_t kFewRows = 16;              // gemm.cpp streams b faster than oneDNN packs it.

// The number of OpenMP threads belongs to the calling thread: the application's value comes back.
class OneOpenMpThread {
 public:
  OneOpenMpThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneOpenMpThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  int before_;
};

// Intel before AMX multiplies bf16 pairs at half the rate of f32 FMAs (measured: 85 GFLOP/s against
// 150 on an Emerald Rapids core without AMX); AMD's AVX512_BF16 doubles it.
bool fast_bf16() {
  static const bool fast = [] {
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    const auto amx = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_amx);
    if ((isa & amx) == amx) return true;
    return __builtin_cpu_is("amd") != 0 && __builtin_cpu_supports("avx512bf16") != 0;
  }();
  return fast;
}

struct BlockKey {
  fg_dtype dtype = 0;
  bool a_transposed = false, b_transposed = false, bias = false;
  std::int64_t m = 0, n = 0, k = 0, lda = 0, ldb = 0, ldc = 0;
  bool operator==(const BlockKey&) const = default;
};

struct FreeAligned {
  void operator()(void* p) const noexcept { std::free(p); }
};

struct Primitive {
  BlockKey key;
  dnnl::matmul run;
  dnnl::memory a, b, c, bias, scratch;
};

// What one thread keeps: a direct-mapped cache, so that its size is bounded, and a scratchpad that
// grows when a primitive is made.
class ThreadCache {
 public:
  Primitive& find(const BlockKey& key) {
    std::optional<Primitive>& line = lines_[slot(key)];
    if (!line || !(line->key == key)) line = make(key);
    return *line;
  }
  void run(Primitive& p, void* a, void* b, void* c, void* bias) {
    p.a.set_data_handle(a);
    p.b.set_data_handle(b);
    p.c.set_data_handle(c);
    p.scratch.set_data_handle(scratch_.get());
    std::unordered_map<int, dnnl::memory> args{
        {DNNL_ARG_SRC, p.a}, {DNNL_ARG_WEIGHTS, p.b}, {DNNL_ARG_DST, p.c}, {DNNL_ARG_SCRATCHPAD, p.scratch}};
    if (p.key.bias) {
      p.bias.set_data_handle(bias);
      args.emplace(DNNL_ARG_BIAS, p.bias);
    }
    p.run.execute(stream_, args);
  }

 private:
  static dnnl::engine& cpu_engine() {
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
  }
  static std::size_t slot(const BlockKey& key) {
    std::uint64_t h = key.dtype;
    for (const std::int64_t x : {key.m, key.n, key.k, key.lda, key.ldb, key.ldc, std::int64_t{key.a_transposed},
                                 std::int64_t{key.b_transposed}, std::int64_t{key.bias}}) {
      h = (h ^ static_cast<std::uint64_t>(x)) * 0x9E3779B97F4A7C15u;
    }
    return h >> 58;
  }
  Primitive make(const BlockKey& key) {
    using Desc = dnnl::memory::desc;
    using Dims = dnnl::memory::dims;
    const auto type = key.dtype == FG_F32 ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
    const Desc a({key.m, key.k}, type, key.a_transposed ? Dims{1, key.lda} : Dims{key.lda, 1});
    const Desc b({key.k, key.n}, type, key.b_transposed ? Dims{1, key.ldb} : Dims{key.ldb, 1});
    const Desc c({key.m, key.n}, type, Dims{key.ldc, 1});
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);
    const Desc bias({1, key.n}, type, Dims{key.n, 1});
    const dnnl::matmul::primitive_desc desc(key.bias ? dnnl::matmul::desc(a, b, bias, c) : dnnl::matmul::desc(a, b, c),
                                            attributes, cpu_engine());
    reserve(desc.scratchpad_desc().get_size());
    const auto memory = [](const Desc& d) { return dnnl::memory(d, cpu_engine(), DNNL_MEMORY_NONE); };
    return Primitive{
        key, dnnl::matmul(desc), memory(a), memory(b), memory(c), memory(bias), memory(desc.scratchpad_desc())};
  }
  void reserve(std::size_t bytes) {
    if (bytes <= scratch_bytes_) return;
    scratch_.reset(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    scratch_bytes_ = scratch_ ? bytes : 0;
    if (!scratch_) throw std::bad_alloc();
  }

  dnnl::stream stream_{cpu_engine()};
  std::array<std::optional<Primitive>, 64> lines_;
  std::unique_ptr<void, FreeAligned> scratch_;
  std::size_t scratch_bytes_ = 0;
};

ThreadCache& thread_cache() {
  thread_local ThreadCache cache;
  return cache;
}

// Contiguous along one dimension, the other a leading dimension.
bool plain(const Matrix& m, std::int64_t rows, std::int64_t cols) {
  return (m.col == 1 && m.row >= cols) || (m.row == 1 && m.col >= rows);
}

struct Grid {
  std::int64_t m_block, n_block, m_count, n_count;
};

// One or two blocks for each thread, of the shape that costs least.  oneDNN repacks b for every block of
// rows and a for every block of columns: 1/8 of the time at 128 (measured at 1024^3), less at more.
Grid make_grid(const GemmArgs& g, int workers) {
  constexpr double kRepacking = 16, kNoSpare = 0.03;  // The last: a thread that is interrupted holds up all.
  const auto block = [](std::int64_t size, std::int64_t count, std::int64_t multiple) {
    return ((size + count - 1) / count + multiple - 1) / multiple * multiple;
  };
  const auto count = [](std::int64_t size, std::int64_t of) { return (size + of - 1) / of; };
  Grid best{g.m, g.n, 1, 1};
  if (workers == 1 || g.batch >= 4 * workers || g.m * g.n * g.k < (1 << 18)) return best;
  double least = 0;
  const auto most = std::min<std::int64_t>(2 * std::int64_t{workers}, 64);
  for (std::int64_t rows = 1; rows <= most; ++rows) {
    for (const std::int64_t want : {workers, 2 * workers}) {
      Grid grid{block(g.m, rows, 16), block(g.n, count(want, rows), 32), 0, 0};
      grid.m_count = count(g.m, grid.m_block);
      grid.n_count = count(g.n, grid.n_block);
      const std::int64_t rounds = count(g.batch * grid.m_count * grid.n_count, workers);
      const auto m = static_cast<double>(grid.m_block), n = static_cast<double>(grid.n_block);
      const double cost =
          static_cast<double>(rounds) * m * n * (1 + kRepacking / m + kRepacking / n + (rounds == 1 ? kNoSpare : 0));
      if (least == 0 || cost < least) {
        least = cost;
        best = grid;
      }
    }
  }
  return best;
}

// self is one row, added as it is: oneDNN adds it to the finished sums.
bool self_is_bias(const GemmArgs& g) {
  return g.self.data != nullptr && g.self.row == 0 && g.self.col == 1 && g.alpha == 1 && g.beta == 1;
}

void run_block(const GemmArgs& g, std::int64_t batch, std::int64_t i, std::int64_t j, std::int64_t rows,
               std::int64_t cols) {
  const std::int64_t bytes = (g.dtype >> 8 & 0xFF) / 8;
  const auto element = [&](const Matrix& m, std::int64_t row, std::int64_t col) {
    return static_cast<std::byte*>(m.data) + (batch * m.batch + row * m.row + col * m.col) * bytes;
  };
  const BlockKey key{g.dtype,
                     g.a.col != 1,
                     g.b.col != 1,
                     self_is_bias(g),
                     rows,
                     cols,
                     g.k,
                     g.a.col != 1 ? g.a.col : g.a.row,
                     g.b.col != 1 ? g.b.col : g.b.row,
                     g.out.row};
  std::byte* out = element(g.out, i, j);
  ThreadCache& cache = thread_cache();
  cache.run(cache.find(key), element(g.a, i, 0), element(g.b, 0, j), out, key.bias ? element(g.self, i, j) : nullptr);
  if (key.bias || (g.self.data == nullptr && g.alpha == 1)) return;
  TileStore t{out, g.out.row, 1, nullptr, 0, 0, g.alpha, g.beta, 0, 0};
  if (g.self.data != nullptr) {
    t.self = element(g.self, i, j);
    t.self_row = g.self.row;
    t.self_col = g.self.col;
  }
  gemm_ops(g.dtype)->store(out, g.out.row, rows, cols, t);
}

}  // namespace

bool dnnl_suits(const GemmArgs& g) {
  if (g.m <= kFewRows || g.n <= kFewRows || g.k < 4 || g.m * g.n * g.k < kSmallestProducts) return false;
  if (g.out.col != 1 || g.out.row < g.n || !plain(g.a, g.m, g.k) || !plain(g.b, g.k, g.n)) return false;
  if (g.dtype == FG_F32) return g.self.data == nullptr || g.self.data != g.out.data;
  // The second rounding of alpha and self would be one too many for bf16.
  return g.dtype == FG_BF16 && g.self.data == nullptr && g.alpha == 1 && fast_bf16();
}

bool dnnl_gemm(const GemmArgs& g, const Exec& exec) {
  const Grid grid = make_grid(g, exec.workers());
  const std::int64_t blocks = grid.m_count * grid.n_count;
  std::atomic<bool> ok{true};
  const auto task = [&](std::int64_t t, int) {
    const std::int64_t i = t % blocks % grid.m_count * grid.m_block, j = t % blocks / grid.m_count * grid.n_block;
    const OneOpenMpThread one;
    try {
      run_block(g, t / blocks, i, j, std::min(grid.m_block, g.m - i), std::min(grid.n_block, g.n - j));
    } catch (...) {  // dnnl::error or bad_alloc: the caller computes it another way
      ok.store(false, std::memory_order_relaxed);
    }
  };
  if (g.batch * blocks == 1) {
    task(0, 0);
  } else {
    exec.each(g.batch * blocks, task);
  }
  return ok.load(std::memory_order_relaxed);
}

}  // namespace fg::cpu
