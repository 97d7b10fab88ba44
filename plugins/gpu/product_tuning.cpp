// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/product_tuning.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <iterator>
#include <string>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

using List = std::vector<std::int64_t>;

constexpr auto kKernels = [] {
  std::array<std::int64_t, kMostKernels> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  return all;
}();
constexpr std::int64_t kParts[] = {kByRule, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32};
constexpr std::int64_t kLanes[] = {kByRule, 2, 4, 8, 16}, kWidths[] = {kByRule, 2}, kAheads[] = {kByRule, 2, 4, 8};
constexpr fg_tune_param kKernelParams[] = {{"kernel", kKernels.data(), std::size(kKernels), 0}};
constexpr fg_tune_param kPartsParams[] = {{"parts", kParts, std::size(kParts), 0}};
constexpr fg_tune_param kRowsParams[] = {{"lanes", kLanes, std::size(kLanes), 0},
                                         {"width", kWidths, std::size(kWidths), 0},
                                         {"ahead", kAheads, std::size(kAheads), 0}};

constexpr std::int64_t kLeastPart = 128;  // Elements of k that are worth a part,
constexpr std::int64_t kMostGroups = 16;  // groups of parts of small tiles for each compute unit,
constexpr std::int64_t kSmallTile = 64;   // which have so many rows and columns.
constexpr std::int64_t kMostAtOnce = 16;  // Pieces that a work-item of product_rows reads at once.

// Buckets: dtype and layout, and powers of two of the sizes; the rows are those that are not below, since few of them
// make a kernel of their own.
struct Bucket {
  fg_dtype dtype;
  bool a_along, b_along;
  int batch, m, n, k;

  explicit Bucket(const ProductPlan& begun) : dtype(begun.p.dtype), a_along(begun.a.along), b_along(begun.b.along) {
    const Product& p = begun.p;
    batch = log2_below(p.batch), n = log2_below(p.n), k = log2_below(p.k);
    m = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(p.m, 1) - 1));
  }
  std::uint64_t code() const {
    return Number().add(dtype, 16).add(a_along, 1).add(b_along, 1).add(batch, 6).add(m, 6).add(n, 6).add(k, 6).value();
  }
  // "f16 nt 8x4096x4096": of a the columns lie side by side, of b the rows.
  std::string text() const {
    const auto size = [](int bits) { return std::to_string(std::uint64_t{1} << bits); };
    return std::string(dtype_name(dtype)) + (a_along ? " n" : " t") + (b_along ? "t " : "n ") +
           (batch > 0 ? size(batch) + "*" : "") + size(m) + "x" + size(k) + "x" + size(n);
  }
};

// `begun` without memory, for what outlives the launch.
ProductPlan shape_of(ProductPlan begun) {
  for (Operand* x : {&begun.p.out, &begun.p.a, &begun.p.b, &begun.p.self}) x->at.buffer = nullptr;
  return begun;
}

ProductPlan by_rule(ProductPlan begun, Device& device, std::int64_t kernel = kByRule) {
  finish_plan(begun, device.features(), device.matrix_tiles(), {.kernel = kernel});
  return begun;
}

List kernel_candidates(const ProductPlan& begun, Device& device) {
  const Features& f = device.features();
  const std::int64_t own = kernel_of(by_rule(begun, device), f);
  List list{kByRule};
  for (const std::int64_t k : kernels_for(begun, f, device.matrix_tiles())) {
    const bool right = k < kMatrixKernel || device.proves(f.matrix[static_cast<std::size_t>(k - kMatrixKernel)]);
    if (k != own && right) list.push_back(k);
  }
  return list;
}

List part_candidates(const ProductPlan& begun, Device& device) {
  const Product& p = begun.p;
  const std::int64_t own = by_rule(begun, device).splits;
  const std::int64_t tiles = std::max<std::int64_t>(p.batch * ceil_div(p.m, kSmallTile) * ceil_div(p.n, kSmallTile), 1);
  List list{kByRule};
  for (const std::int64_t parts : kParts) {
    const bool pays = parts * kLeastPart <= p.k && tiles * parts <= kMostGroups * device.features().compute_units;
    if (parts != kByRule && parts != own && (parts == 1 || pays)) list.push_back(parts);
  }
  return list;
}

std::vector<List> row_candidates(const ProductPlan& begun, Device& device) {
  const Features& f = device.features();
  const RowShape own = by_rule(begun, device, kRowsKernel).row;
  const auto others = [](std::span<const std::int64_t> all, std::int64_t own_value, std::int64_t most) {
    List list{kByRule};
    std::copy_if(all.begin() + 1, all.end(), std::back_inserter(list),
                 [&](std::int64_t v) { return v != own_value && v <= most && v * 4 > own_value; });
    return list;
  };
  const bool columns = begun.b.along || f.software;
  return {others(kLanes, own.lanes_n, own.group), others(kWidths, own.width, columns ? kMostAtOnce / own.ahead : 0),
          others(kAheads, own.ahead, kMostAtOnce)};
}

}  // namespace

const TunableKernel kTunableProduct{"product", 2, kKernelParams};
const TunableKernel kTunableProductParts{"product_parts", 1, kPartsParams};
const TunableKernel kTunableProductRows{"product_rows", 1, kRowsParams};

ProductPlan tuned_plan(const Product& product, Device& device, Tunables::Asks asks) {
  const ProductPlan begun = begin_plan(product, device.features());
  const Bucket bucket(begun);
  const std::uint64_t code = bucket.code();
  // `candidates(shape, device)`
  const auto chosen = [&](const TunableKernel& kernel, auto candidates) {
    const auto point = [&] {
      return TunablePoint{bucket.text(),
                          [shape = shape_of(begun), &device, candidates] { return candidates(shape, device); }};
    };
    return device.tunables().choose(kernel, code, point, asks);
  };
  const auto alone = [](auto list) {
    return [list](const ProductPlan& shape, Device& d) { return std::vector<List>{list(shape, d)}; };
  };
  ProductChoice choice;
  choice.kernel = chosen(kTunableProduct, alone(kernel_candidates))[0];
  choice.parts = chosen(kTunableProductParts, alone(part_candidates))[0];
  for (bool asked = false;;) {
    ProductPlan plan = begun;
    finish_plan(plan, device.features(), device.matrix_tiles(), choice);
    if (plan.matrix != nullptr && !device.proves(*plan.matrix)) continue;
    if (!plan.by_rows || asked) return plan;
    const Tunables::Values rows = chosen(kTunableProductRows, row_candidates);
    choice.lanes = rows[0], choice.width = rows[1], choice.ahead = rows[2];
    if (choice.lanes == kByRule && choice.width == kByRule && choice.ahead == kByRule) return plan;
    asked = true;
  }
}

ProductPlan plan_without_workspace(const Product& product, const Features& features) {
  return plan_product(product, features, 0, {.parts = 1});
}

}  // namespace fg::gpu
