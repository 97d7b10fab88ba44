// SPDX-License-Identifier: Apache-2.0
//
// Reading of claims.

#include "core/dispatch/claims.hpp"

#include <algorithm>
#include <cstddef>

#include "core/registry/registry.hpp"

namespace fg::core {
namespace {

// A device that no registry made (a test's): its table is asked each time.
const fg_op_claim* ask_device(const Device& device, std::uint64_t op_uid) {
  const fg_op_claim* first = nullptr;
  std::uint32_t n = 0;
  std::uint32_t stride = 0;
  if (device.api->claims(device.instance, device.ordinal, &first, &n, &stride) < 0) return nullptr;
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto* claim = reinterpret_cast<const fg_op_claim*>(reinterpret_cast<const std::byte*>(first) +
                                                             static_cast<std::size_t>(i) * stride);
    if (claim->op_uid == op_uid) return claim;
  }
  return nullptr;
}

}  // namespace

const fg_op_claim* find_claim(const Device& device, std::uint64_t op_uid) {
  return device.plugin == nullptr ? ask_device(device, op_uid) : Registry::get().claim(device, op_uid);
}

bool claim_covers(const fg_op_claim& claim, std::span<const fg_dtype> slots) {
  if (claim.n_slots != slots.size()) return false;
  for (std::uint32_t r = 0; r < claim.n_rows; ++r) {
    const fg_dtype* row = claim.rows + static_cast<std::size_t>(r) * claim.n_slots;
    bool fits = true;
    for (std::size_t i = 0; fits && i < slots.size(); ++i) fits = slots[i] == 0 || slots[i] == row[i];
    if (fits) return true;
  }
  return false;
}

bool engine_covers(const fg_op_claim& claim, std::span<const fg_dtype> dtypes) {
  const std::span<const fg_dtype> rows(claim.rows, static_cast<std::size_t>(claim.n_rows) * claim.n_slots);
  return std::all_of(dtypes.begin(), dtypes.end(),
                     [&](fg_dtype d) { return std::find(rows.begin(), rows.end(), d) != rows.end(); });
}

std::uint32_t layout_of(const fg_tensor& t) {
  if ((t.flags & FG_T_DENSE) != 0) return FG_LAYOUT_DENSE;
  std::uint32_t layout = 0;
  for (int d = 0; d < t.ndim; ++d) {
    if (t.shape[d] <= 1) continue;
    const auto bit = t.stride[d] < 0 ? FG_LAYOUT_NEGATIVE : t.stride[d] == 0 ? FG_LAYOUT_BROADCAST : FG_LAYOUT_STRIDED;
    layout |= static_cast<std::uint32_t>(bit);
  }
  return layout == 0 ? std::uint32_t{FG_LAYOUT_DENSE} : layout;
}

}  // namespace fg::core
