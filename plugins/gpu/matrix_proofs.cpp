// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/matrix_proofs.hpp"

#include <cstring>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/product_matrix.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kWaitNs = 10'000'000'000;
constexpr std::uint16_t kPoison = 0x7E7E;  // NaN in f16, no whole number in bf16.

std::size_t index_of(const Device& device, const MatrixTile& tile) {
  return static_cast<std::size_t>(&tile - device.features().matrix.data());
}

using Bits = std::vector<std::uint16_t>;

std::uint16_t bits_of(fg_dtype dtype, int value) {
  return dtype == FG_F16 ? f16(static_cast<float>(value)).bits : bf16(static_cast<float>(value)).bits;
}

// A product with edges in all three dimensions whose sums are small integers, and so exact in any order.
struct Trial {
  std::int64_t m, n, k, pitch;  // Lines of out have a gap.
  std::vector<int> a, b;

  explicit Trial(const MatrixTile& t) : m(t.m + 9), n(t.n + 16), k(6 * t.k + 8), pitch(n + 8) {
    std::uint32_t seed = 1;
    const auto draw = [&](std::int64_t count) {
      std::vector<int> x(static_cast<std::size_t>(count));
      for (int& v : x) v = static_cast<int>((seed = seed * 1664525 + 1013904223) >> 16) % 3 - 1;
      return x;
    };
    a = draw(m * k);
    b = draw(k * n);
  }
  Bits expected(fg_dtype dtype) const {
    Bits out(static_cast<std::size_t>(m * pitch), kPoison);
    std::vector<int> sums(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < m; ++i) {
      std::fill(sums.begin(), sums.end(), 0);
      for (std::int64_t l = 0; l < k; ++l) {
        const int x = a[static_cast<std::size_t>(i * k + l)];
        const int* row = b.data() + l * n;
        for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += x * row[j];
      }
      for (std::size_t j = 0; j < sums.size(); ++j)
        out[static_cast<std::size_t>(i * pitch) + j] = bits_of(dtype, sums[j]);
    }
    return out;
  }
};

// a, b and a poisoned out behind each other in a buffer, and in staging memory for the way there and back.
class Bench {
 public:
  Bench(Device& device, const MatrixTile& tile, const Trial& trial) : device_(device), tile_(tile), trial_(trial) {
    const auto end = [](std::size_t from, std::int64_t elements) {
      return (from + 2 * static_cast<std::size_t>(elements) + kWorkspaceAlign - 1) / kWorkspaceAlign * kWorkspaceAlign;
    };
    b_at_ = end(0, trial.m * trial.k);
    out_at_ = end(b_at_, trial.k * trial.n);
    bytes_ = end(out_at_, trial.m * trial.pitch);
  }

  Result<Bits> run() {
    FG_TRY_ASSIGN(memory_, allocate(FG_MEM_DEVICE));
    FG_TRY_ASSIGN(staging_, allocate(FG_MEM_STAGING));
    FG_TRY_ASSIGN(stream_, device_.make_stream(0));
    stream_->device = &device_;
    put(0, trial_.a);
    put(b_at_, trial_.b);
    Bits out(static_cast<std::size_t>(trial_.m * trial_.pitch), kPoison);
    std::memcpy(host(out_at_), out.data(), 2 * out.size());
    FG_TRY(stream_->copy({memory_.get(), 0}, {staging_.get(), 0}, bytes_));
    FG_TRY(multiply());
    FG_TRY(stream_->copy({staging_.get(), out_at_}, {memory_.get(), out_at_}, 2 * out.size()));
    FG_TRY(wait());
    std::memcpy(out.data(), host(out_at_), 2 * out.size());
    return out;
  }

 private:
  Result<std::unique_ptr<fg_buffer>> allocate(std::uint32_t kind) {
    FG_TRY_ASSIGN(std::unique_ptr<fg_buffer> b, device_.allocate(kind, bytes_, device_.info().alloc_align));
    b->bytes = bytes_;
    return b;
  }
  std::byte* host(std::size_t at) { return static_cast<std::byte*>(staging_->host) + at; }
  void put(std::size_t at, const std::vector<int>& x) {
    Bits bits(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) bits[i] = bits_of(tile_.dtype, x[i]);
    std::memcpy(host(at), bits.data(), 2 * bits.size());
  }
  Result<void> multiply() {
    Product p;
    p.dtype = tile_.dtype;
    p.m = trial_.m, p.n = trial_.n, p.k = trial_.k;
    p.a = {{memory_.get(), 0}, p.k, 1, 0};
    p.b = {{memory_.get(), b_at_}, p.n, 1, 0};
    p.out = {{memory_.get(), out_at_}, trial_.pitch, 1, 0};
    const ProductPlan plan = plan_product(p, device_.features(), 1u << index_of(device_, tile_));
    fg_launch raw{};
    raw.stream = stream_.get();
    Variants variants;
    return run_matrix(plan, variants, sdk::Launch(raw), plan.p.out, p.dtype, Finish::plain);
  }
  Result<void> wait() {
    FG_TRY_ASSIGN(const std::unique_ptr<fg_timeline> timeline, device_.make_timeline(0));
    FG_TRY(stream_->signal(*timeline, 1));
    FG_TRY_ASSIGN(const bool reached, timeline->host_wait(1, kWaitNs));
    return reached ? Result<void>() : fail(FG_E_INTERNAL, "it had not ended after ten seconds");
  }

  Device& device_;
  const MatrixTile& tile_;
  const Trial& trial_;
  std::size_t b_at_, out_at_, bytes_;
  std::unique_ptr<fg_buffer> memory_, staging_;
  std::unique_ptr<fg_stream> stream_;  // Goes first: waits.
};

Result<void> try_tile(Device& device, const MatrixTile& tile) {
  const Trial trial(tile);
  FG_TRY_ASSIGN(const Bits got, Bench(device, tile, trial).run());
  const Bits expected = trial.expected(tile.dtype);
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] == expected[i]) continue;
    const auto pitch = static_cast<std::size_t>(trial.pitch);
    return fail(FG_E_INTERNAL, "row " + std::to_string(i / pitch) + " column " + std::to_string(i % pitch) +
                                   " of a product is " + std::to_string(got[i]) + " as bits, expected " +
                                   std::to_string(expected[i]));
  }
  return {};
}

std::string name_of(const MatrixTile& t) {
  return std::string(t.kernel) + " " + std::to_string(t.m) + "x" + std::to_string(t.n) + "x" + std::to_string(t.k) +
         " of " + std::string(dtype_name(t.dtype));
}

}  // namespace

bool MatrixProofs::prove(Device& device, const MatrixTile& tile) {
  const std::size_t k = index_of(device, tile);
  std::call_once(tried_[k], [&] {
    if (const auto r = try_tile(device, tile); !r) {
      tiles_.fetch_and(~(1u << k), std::memory_order_acq_rel);
      device.say(FG_LOG_WARN, "matrix units are not used as " + name_of(tile) + ": " + r.error().message);
    } else {
      device.say(FG_LOG_INFO, "products use matrix units as " + name_of(tile));
    }
  });
  return (tiles() >> k & 1u) != 0;
}

}  // namespace fg::gpu
