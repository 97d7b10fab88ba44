// SPDX-License-Identifier: Apache-2.0
//
// Bugs of indexing: the driver runs on descriptors that are wrong.

#include <cstdlib>
#include <limits>

#include "tests/mutants/edited.hpp"
#include "tests/mutants/hooks.hpp"

namespace fg::mutants {
namespace {

constexpr std::int64_t kVector = 8, kBlock = 4;

}  // namespace

fg_status drop_last_k(const Call& c) {
  Edited e(c.launch);
  const std::int32_t last = in_of(c, 0).ndim - 1;
  if (in_of(c, 0).shape[last] == 0) return forward(c);
  --e.shape(1, last);
  --e.shape(2, last - 1);
  return forward(c, e.launch());
}

fg_status skip_tail_lanes(const Call& c) {
  const std::int32_t last = out_of(c).ndim - 1;
  const std::int64_t n = last < 0 ? 0 : out_of(c).shape[last];
  if (n < kVector) return forward(c);
  Edited e(c.launch);
  e.set_length(last, n / kVector * kVector);
  return forward(c, e.launch());
}

fg_status floor_grid(const Call& c) {
  const std::int64_t rows = out_of(c).ndim == 0 ? 0 : out_of(c).shape[0];
  if (rows < kBlock) return forward(c);
  Edited e(c.launch);
  e.set_length(0, rows / kBlock * kBlock);
  return forward(c, e.launch());
}

fg_status off_by_one_pad(const Call& c) {
  const auto& given = *static_cast<const fg_constant_pad_nd_params*>(c.launch.params);
  if (given.n_pad < 2 || given.pad[1] < 1) return forward(c);
  std::vector<std::int64_t> pad(given.pad, given.pad + given.n_pad);
  ++pad[0];
  --pad[1];
  fg_constant_pad_nd_params params = given;
  params.pad = pad.data();
  fg_launch l = c.launch;
  l.params = &params;
  return forward(c, l);
}

fg_status rank3_stride(const Call& c) {
  if (out_of(c).ndim != 3) return forward(c);
  Edited e(c.launch);
  for (std::size_t i = e.n_out(); i < e.size(); ++i) {
    const std::int64_t dense = e.shape(i, 1) * e.shape(i, 2);
    // Only where it stays within the tensor: a wrong result, not a crash.
    if (e.stride(i, 0) > dense) e.stride(i, 0) = dense;
  }
  return forward(c, e.launch());
}

fg_status index32(const Call& c) {
  const fg_tensor& in = in_of(c);
  constexpr std::int64_t kLimit = std::numeric_limits<std::int32_t>::max();
  for (std::int32_t d = 0; d < in.ndim; ++d) {
    if (in.shape[d] <= kLimit) continue;
    Edited e(c.launch);
    e.set_length(d, in.shape[d] & kLimit);
    return forward(c, e.launch());
  }
  return forward(c);
}

// The driver runs twice: on what lies below 4 GiB, and on the rest, for which it begins at 0 again.
fg_status offset32(const Call& c) {
  const fg_tensor& out = out_of(c);
  const std::int64_t limit = (std::int64_t{1} << 32) / dtype_bytes(out.dtype);
  if (out.ndim != 1 || out.stride[0] != 1 || out.shape[0] <= limit) return forward(c);
  for (const std::int64_t n : {limit, out.shape[0] - limit}) {
    Edited e(c.launch);
    e.set_length(0, n);
    if (const fg_status s = forward(c, e.launch()); s < 0) return s;
  }
  return FG_OK;
}

fg_status positions31(const Call& c) {
  const fg_tensor& index = in_of(c, 1);
  if (index.dtype != FG_I64 || index.ndim != 1) return forward(c);
  std::vector<std::int64_t> cut;
  each(index, [&](std::int64_t at) {
    cut.push_back(static_cast<const std::int64_t*>(index.ptr)[at] & std::numeric_limits<std::int32_t>::max());
  });
  Edited e(c.launch);
  e.tensor(e.n_out() + 1).ptr = cut.data();
  e.stride(e.n_out() + 1, 0) = 1;
  return forward(c, e.launch());
}

fg_status offset_ignored(const Call& c) {
  Edited e(c.launch);
  for (std::size_t i = e.n_out(); i < e.size(); ++i) {
    if (e.tensor(i).buffer == nullptr) continue;
    e.tensor(i).ptr = static_cast<std::byte*>(e.tensor(i).ptr) - e.tensor(i).byte_offset;
    e.tensor(i).byte_offset = 0;
  }
  return forward(c, e.launch());
}

fg_status swap_broadcast_axis(const Call& c) {
  const std::int32_t last = out_of(c).ndim - 1;
  if (last < 1) return forward(c);
  Edited e(c.launch);
  for (std::size_t i = e.n_out(); i < e.size(); ++i) {
    if ((e.stride(i, last) == 0) != (e.stride(i, last - 1) == 0)) std::swap(e.stride(i, last), e.stride(i, last - 1));
  }
  return forward(c, e.launch());
}

fg_status negative_stride(const Call& c) {
  Edited e(c.launch);
  for (std::size_t i = e.n_out(); i < e.size(); ++i) {
    for (std::int32_t d = 0; d < e.tensor(i).ndim; ++d) e.stride(i, d) = std::abs(e.stride(i, d));
  }
  return forward(c, e.launch());
}

fg_status zero_size_writes(const Call& c) {
  const fg_tensor& t = out_of(c);
  if (c.launch.n_out == 0 || sdk::numel(t) != 0 || t.ptr == nullptr) return forward(c);
  store(t, 0, 1);
  return FG_OK;
}

}  // namespace fg::mutants
