// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/compact.hpp"

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kEach = 16;            // Elements of a work-item, at most 32.
constexpr std::int64_t kGroup = 256 * kEach;  // Of a group of the size that kernels have.

std::string chosen_text(fg_dtype dtype) {
  const std::int64_t bytes = dtype_bytes(dtype);
  const std::string zero = bytes == 8 ? "u64(0u)" : "0u";
  if (!is_float(dtype)) return "m_bits(o0) != " + zero;
  return "(m_bits(o0) << " + std::to_string(bytes == 8 ? 1 : 33 - 8 * bytes) + ") != " + zero;
}

Result<Source> source(const Compact& c, bool writes, bool wide) {
  return make_source("compact", {FG_I64, piece_dtype(dtype_bytes(c.dtype)), c.y_dtype, c.x_dtype}, wide,
                     [&](Source& s) {
                       s.define("EACH", kEach);
                       s.define("WRITES", writes ? 1 : 0);
                       s.define("CHOSEN", chosen_text(c.dtype));
                       s.define("EMIT", c.emit);
                       define_locate(s, "LOCATE", {"", "at", "o"}, c.walk.ndim, first_n(2));
                     });
}

Result<void> pass(const Prepared& k, const sdk::Launch& l, const Compact& c, const BufferRef& before, bool writes) {
  const bool wide = !fits_index32(l);
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'c', writes, wide, c.walk.ndim}),
                                               [&] { return source(c, writes, wide); }));
  std::vector<Value> values{c.walk.count, c.limit};
  add_walk_values(values, c.walk, first_n(2));
  const BufferRef buffers[] = {before, c.chosen, c.y, c.x};
  return enqueue(l, *program, buffers, values, groups_for(static_cast<std::uint64_t>(c.walk.count), kGroup));
}

}  // namespace

std::uint64_t compact_bytes(std::int64_t count) {
  return groups_for(8 * groups_for(static_cast<std::uint64_t>(count), kGroup), kWorkspaceAlign) * kWorkspaceAlign;
}

Result<void> compact(const Prepared& k, const sdk::Launch& l, const Compact& c, std::uint64_t offset) {
  const BufferRef before = workspace_at(l, offset);
  const bool wide = !fits_index32(l);
  if (c.walk.count > 0) FG_TRY(pass(k, l, c, before, false));
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'d', wide}), [&] {
    return make_source("compact_before", {FG_I64, FG_I64}, wide, [](Source&) {});
  }));
  const auto groups = static_cast<std::int64_t>(groups_for(static_cast<std::uint64_t>(c.walk.count), kGroup));
  FG_TRY(enqueue(l, *program, {before, c.count}, {groups}, 1));
  return c.walk.count > 0 ? pass(k, l, c, before, true) : Result<void>{};
}

Result<void> compact_mask(const Prepared& k, const sdk::Launch& l, const fg_tensor& mask, const BufferRef& numbers,
                          const BufferRef& count, std::uint64_t offset) {
  Compact c;
  c.chosen = ref(mask);
  add_to_walk(c.walk, sdk::numel(mask), {1, 0});
  c.emit = "y_store(place, i64(at));";
  c.y = numbers;
  c.y_dtype = FG_I64;
  c.count = count;
  return compact(k, l, c, offset);
}

}  // namespace fg::gpu
