// SPDX-License-Identifier: Apache-2.0
//
// Bugs of memory: what is written, read or kept that is not the launch's.

#include <cstring>

#include "tests/mutants/edited.hpp"
#include "tests/mutants/hooks.hpp"

namespace fg::mutants {
namespace {

constexpr std::int64_t kVector = 8;

bool has_elements(const fg_tensor& t) { return t.ptr != nullptr && sdk::numel(t) > 0; }

}  // namespace

fg_status write_past_end(const Call& c) {
  const fg_status s = forward(c);
  const fg_tensor& t = out_of(c);
  if (s < 0 || !has_elements(t) || sdk::numel(t) % kVector == 0) return s;
  scribble(t, last_offset(t) + 1);
  return s;
}

fg_status write_before_start(const Call& c) {
  const fg_status s = forward(c);
  if (s >= 0 && has_elements(out_of(c))) scribble(out_of(c), -1);
  return s;
}

fg_status write_stride_gap(const Call& c) {
  const fg_status s = forward(c);
  const fg_tensor& t = out_of(c);
  if (s < 0 || !has_elements(t) || t.ndim == 0 || t.stride[t.ndim - 1] < 2) return s;
  // A vector store that takes the last dimension for dense touches the next element in memory.
  bool gap = true;
  for (std::int32_t d = 0; d < t.ndim; ++d) gap = gap && (t.shape[d] == 1 || t.stride[d] != 1);
  if (gap) scribble(t, 1);
  return s;
}

fg_status read_past_end(const Call& c) {
  if (const fg_status s = forward(c); s < 0) return s;
  const fg_tensor &out = out_of(c), &in = in_of(c);
  if (in.ndim == out.ndim || !has_elements(out) || !has_elements(in)) return FG_OK;
  // Once more for the last row alone.
  Edited e(c.launch);
  for (std::size_t i = 0; i < e.size(); ++i) {
    for (std::int32_t d = 0; d < out.ndim; ++d) {
      e.shift(i, (e.shape(i, d) - 1) * e.stride(i, d));
      e.shape(i, d) = 1;
    }
  }
  ++e.shape(e.n_out(), in.ndim - 1);
  return forward(c, e.launch());
}

fg_status workspace_plus_one(const Call& c) {
  const fg_status s = forward(c);
  const fg_launch& l = c.launch;
  if (s < 0 || l.ws == nullptr || l.ws_bytes == 0) return s;
  fg_instance* const i = c.kernel.owner;
  const auto* memory = static_cast<const fg_memory_table*>(i->real->get_table(i->driver, FG_TABLE_MEMORY));
  void* end = nullptr;
  if (memory->map(i->driver, l.ws, l.ws_offset + l.ws_bytes - 1, 1, 3, &end, nullptr) < 0) return s;
  static_cast<unsigned char*>(end)[1] ^= 0xA5;
  memory->unmap(i->driver, l.ws, end, nullptr);
  return s;
}

fg_status workspace_offset_ignored(const Call& c) {
  fg_launch l = c.launch;
  l.ws_offset = 0;
  return forward(c, l);
}

fg_status modifies_input(const Call& c) {
  const fg_status s = forward(c);
  const fg_tensor &out = out_of(c), &in = in_of(c);
  if (s < 0 || same_place(out, in) || in.dtype != out.dtype || !has_elements(in)) return s;
  std::memcpy(in.ptr, out.ptr, static_cast<std::size_t>(dtype_bytes(in.dtype)));
  return s;
}

fg_status keeps_pointer(const Call& c) {
  const auto& given = *static_cast<const fg_map_params*>(c.launch.params);
  if (given.scalar == nullptr || c.kernel.programs.n_scalar == 0) return forward(c);
  const fg_scalar* first = nullptr;
  c.kernel.kept.compare_exchange_strong(first, given.scalar);
  fg_map_params params = given;
  params.scalar = c.kernel.kept.load();
  fg_launch l = c.launch;
  l.params = &params;
  return forward(c, l);
}

}  // namespace fg::mutants
