// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/matrix_proofs.hpp"

#include <algorithm>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/attention_matrix.hpp"
#include "plugins/gpu/product_matrix.hpp"
#include "plugins/gpu/trial.hpp"

namespace fg::gpu {
namespace {

std::size_t index_of(const Device& device, const MatrixTile& tile) {
  return static_cast<std::size_t>(&tile - device.features().matrix.data());
}

using Bits = std::vector<std::uint16_t>;

constexpr std::int64_t kSlices = 34;  // Kernels take up to 32 slices along k in one piece of code.

// A product with edges in all three dimensions whose sums are small integers, and so exact in any order.
struct Trial {
  std::int64_t m, n, k, pitch;  // Lines of out have a gap.
  bool along;                   // Of b: lines run along k.
  std::vector<int> a, b;

  explicit Trial(const MatrixTile& t)
      : m(t.m + 9), n(t.n + 16), k(kSlices * t.k + 8), pitch(n + 8), along(t.speed == 0) {
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
        const int* row = b.data() + (along ? l : l * n);
        const std::size_t step = along ? static_cast<std::size_t>(k) : 1;
        for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += x * row[j * step];
      }
      for (std::size_t j = 0; j < sums.size(); ++j)
        out[static_cast<std::size_t>(i * pitch) + j] = bits_of(dtype, sums[j]);
    }
    return out;
  }
};

Result<Bits> multiply(Device& device, const MatrixTile& tile, const Trial& trial) {
  TrialMemory memory;
  memory.add(bits_of(tile.dtype, trial.a));
  const std::size_t b = memory.add(bits_of(tile.dtype, trial.b));
  const std::size_t out = memory.add(Bits(static_cast<std::size_t>(trial.m * trial.pitch), kPoison));
  FG_TRY_ASSIGN(Bits all, try_out(device, memory, [&](const sdk::Launch& launch, fg_buffer* buffer) {
                  Product p;
                  p.dtype = tile.dtype;
                  p.m = trial.m, p.n = trial.n, p.k = trial.k;
                  p.a = {memory.at(buffer, 0), p.k, 1, 0};
                  p.b = {memory.at(buffer, b), p.n, 1, 0};
                  if (trial.along) p.b.row = 1, p.b.col = p.k;
                  p.out = {memory.at(buffer, out), trial.pitch, 1, 0};
                  ProductPlan plan =
                      plan_product(p, device.features(), 1u << index_of(device, tile), {.strips = false});
                  plan.split_k *= plan.splits;
                  plan.splits = 1;
                  Variants variants;
                  return run_matrix(plan, variants, launch, plan.p.out, p.dtype, Finish::plain);
                }));
  return Bits(all.begin() + static_cast<std::ptrdiff_t>(out),
              all.begin() + static_cast<std::ptrdiff_t>(out) + trial.m * trial.pitch);
}

Result<void> try_tile(Device& device, const MatrixTile& tile) {
  const Trial trial(tile);
  FG_TRY_ASSIGN(const Bits got, multiply(device, tile, trial));
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

std::string dtype_of(fg_dtype dtype) { return " of " + std::string(dtype_name(dtype)); }
std::string name_of(const MatrixTile& t) {
  return std::string(t.kernel) + " " + std::to_string(t.m) + "x" + std::to_string(t.n) + "x" + std::to_string(t.k) +
         dtype_of(t.dtype);
}
std::string name_of(const AttentionTile& t) {
  return std::string(t.kernel) + " " + std::to_string(t.queries) + "x" + std::to_string(t.keys) + dtype_of(t.dtype);
}

}  // namespace

template <class Tile, class Try>
bool MatrixProofs::prove(Tried& tried, Device& device, const Tile& tile, std::size_t k, Try&& try_out) {
  std::call_once(tried.once[k], [&] {
    if (const auto r = try_out(device, tile); !r) {
      tried.right.fetch_and(~(1u << k), std::memory_order_acq_rel);
      device.say(FG_LOG_WARN, "matrix units are not used as " + name_of(tile) + ": " + r.error().message);
    } else {
      device.say(FG_LOG_INFO, "matrix units are used as " + name_of(tile));
    }
  });
  return (tried.right.load(std::memory_order_acquire) >> k & 1u) != 0;
}

bool MatrixProofs::prove(Device& device, const MatrixTile& tile) {
  return prove(products_, device, tile, index_of(device, tile), try_tile);
}

bool MatrixProofs::prove(Device& device, const AttentionTile& tile) {
  const std::size_t k = static_cast<std::size_t>(&tile - device.features().attention.data());
  return prove(attention_, device, tile, k, try_attention);
}

}  // namespace fg::gpu
