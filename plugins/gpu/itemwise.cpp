// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/itemwise.hpp"

#include <algorithm>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"

namespace fg::gpu {
namespace {

ItemPlace place_of(const fg_tensor& t, std::span<const std::int64_t> shape) {
  ItemPlace p{t.buffer, t.dtype, false, t.byte_offset, 0, 0, {}};
  std::int64_t below = 0, above = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t size = shape[d], stride = static_cast<int>(d) < t.ndim ? t.stride[d] : 0;
    if (size == 1) continue;
    (stride < 0 ? below : above) += (size - 1) * stride;
    if (!p.layout.empty() && p.layout.back().stride == stride * size) {
      p.layout.back() = {p.layout.back().size * size, stride};
    } else {
      p.layout.push_back({size, stride});
    }
  }
  const std::int64_t bytes = dtype_bytes(t.dtype);
  p.begin = t.byte_offset + static_cast<std::uint64_t>(below * bytes);
  p.end = t.byte_offset + static_cast<std::uint64_t>((above + 1) * bytes);
  return p;
}

// Whether two elements may have one place: strides, from the smallest, that do not reach beyond what is below them.
bool may_repeat(std::vector<ItemPlace::Dim> layout) {
  std::sort(layout.begin(), layout.end(),
            [](const auto& a, const auto& b) { return std::abs(a.stride) < std::abs(b.stride); });
  std::int64_t reach = 0;
  for (const ItemPlace::Dim& d : layout) {
    if (std::abs(d.stride) <= reach) return true;
    reach += (d.size - 1) * std::abs(d.stride);
  }
  return false;
}

bool same_elements(const ItemPlace& a, const ItemPlace& b) {
  return a.first == b.first && a.dtype == b.dtype && a.layout == b.layout;
}

}  // namespace

std::optional<ItemWise> itemwise(std::span<const fg_tensor> t, std::size_t n_out, const ItemOrder& order) {
  ItemWise w{order, {}};
  for (std::size_t k = 0; k < t.size(); ++k) {
    w.places.push_back(place_of(t[k], sdk::shape_of(t[0])));
    w.places.back().written = k < n_out;
    if (k < n_out && may_repeat(w.places.back().layout)) return std::nullopt;
  }
  return w;
}

bool may_follow(const ItemWise& before, const ItemWise& next) {
  if (!(before.order == next.order)) return false;
  for (const ItemPlace& a : before.places) {
    for (const ItemPlace& b : next.places) {
      if (a.buffer != b.buffer || a.end <= b.begin || b.end <= a.begin || (!a.written && !b.written)) continue;
      if (!same_elements(a, b)) return false;
    }
  }
  return true;
}

}  // namespace fg::gpu
