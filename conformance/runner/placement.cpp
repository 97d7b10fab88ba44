// SPDX-License-Identifier: Apache-2.0

#include "conformance/runner/placement.hpp"

#include <algorithm>
#include <numeric>

#include "conformance/runner/judge.hpp"

namespace fg::conformance {
namespace {

constexpr std::int64_t kRedZoneBytes = 4096;

// Dense strides when the dimensions lie in memory in this order, outermost first.
std::vector<std::int64_t> strides_in_order(const Shape& shape, const std::vector<std::size_t>& order, std::int64_t unit,
                                           std::int64_t gap) {
  std::vector<std::int64_t> stride(shape.size(), 1);
  std::int64_t step = unit;
  for (std::size_t k = order.size(); k-- > 0;) {
    stride[order[k]] = step;
    step = step * std::max<std::int64_t>(shape[order[k]], 1) + gap;
  }
  return stride;
}

std::vector<std::int64_t> strides_of(const Shape& shape, Layout layout) {
  std::vector<std::size_t> order(shape.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (layout == Layout::transposed && shape.size() > 1) std::swap(order[shape.size() - 1], order[shape.size() - 2]);
  if (layout == Layout::permuted) std::reverse(order.begin(), order.end());
  const bool gaps = layout == Layout::gaps;
  std::vector<std::int64_t> stride = strides_in_order(shape, order, gaps ? 2 : 1, gaps ? 3 : 0);
  if (layout == Layout::repeated) {
    const auto first = std::find_if(shape.begin(), shape.end(), [](std::int64_t n) { return n > 1; });
    if (first != shape.end()) stride[static_cast<std::size_t>(first - shape.begin())] = 0;
  }
  if (layout == Layout::reversed && !shape.empty()) stride.back() = -stride.back();
  return stride;
}

Placement around(const Shape& shape, std::vector<std::int64_t> stride, std::int64_t shift, std::size_t element_bytes) {
  Placement p;
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t reach = std::max<std::int64_t>(shape[d] - 1, 0) * stride[d];
    (reach < 0 ? low : high) += reach;
  }
  const std::int64_t row = shape.empty() ? 1 : shape.back();
  const auto bytes = static_cast<std::int64_t>(element_bytes);
  const std::int64_t red = (std::max(kRedZoneBytes, row * bytes) + 63) / 64 * 64 / bytes;
  p.offset = red - low + shift;
  p.length = p.offset + high + 1 + red;
  p.stride = std::move(stride);
  return p;
}

}  // namespace

Placement place(const Shape& shape, Layout layout, std::size_t element_bytes) {
  return around(shape, strides_of(shape, layout), layout == Layout::offset ? 1 : 0, element_bytes);
}

Placement place_strided(const Shape& shape, const std::vector<std::int64_t>& stride, std::size_t element_bytes) {
  return around(shape, stride, 0, element_bytes);
}

void count_offset_from_storage(Prepared& call) {
  if (call.op->name != "as_strided") return;
  PreparedArg& offset = call.args.back();
  if (offset.value.given())
    offset.value.number += static_cast<reference::Real>(call.args.front().placements.front().offset);
}

}  // namespace fg::conformance
