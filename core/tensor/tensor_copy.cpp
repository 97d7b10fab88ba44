// SPDX-License-Identifier: Apache-2.0
//
// Copies between dense host buffers and tensors of any strides.  On memory that the host cannot
// see, a strided tensor is changed through a host copy of the bytes that it spans.

#include <fmt/format.h>

#include <cstring>
#include <memory>

#include "core/memory/capture_mark.hpp"
#include "core/memory/copy.hpp"
#include "core/tensor/tensor.hpp"

namespace fg::core {
namespace {

// The dimensions of a strided tensor beside those of a dense buffer, longest dense runs merged.
struct Walk {
  std::int64_t size[FG_MAX_NDIM];
  std::int64_t step[FG_MAX_NDIM];  // Bytes in the strided tensor.
  int ndim = 0;
  std::size_t run = 0;  // Bytes that are contiguous on both sides.
};

Walk plan(const Tensor& t) {
  Walk w;
  w.run = static_cast<std::size_t>(dtype_bytes(t.dtype()));
  int d = t.ndim() - 1;
  for (; d >= 0; --d) {  // Innermost dimensions that are dense join the run.
    if (t->shape[d] == 1) continue;
    if (t->stride[d] * dtype_bytes(t.dtype()) != static_cast<std::int64_t>(w.run)) break;
    w.run *= static_cast<std::size_t>(t->shape[d]);
  }
  for (int k = 0; k <= d; ++k) {
    if (t->shape[k] == 1) continue;
    w.size[w.ndim] = t->shape[k];
    w.step[w.ndim++] = t->stride[k] * dtype_bytes(t.dtype());
  }
  return w;
}

// Calls f(strided position, dense position) for every run, in row-major order.
template <class F>
void for_each_run(const Walk& w, std::byte* strided, F&& f) {
  std::int64_t index[FG_MAX_NDIM] = {};
  std::size_t dense = 0;
  while (true) {
    f(strided, dense);
    dense += w.run;
    int d = w.ndim - 1;
    for (; d >= 0; --d) {
      strided += w.step[d];
      if (++index[d] < w.size[d]) break;
      strided -= w.step[d] * w.size[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

// A copy whose length the compiler knows is one instruction; most runs are one element.
void copy_run(std::byte* dst, const std::byte* src, std::size_t n) {
  switch (n) {
    case 1: std::memcpy(dst, src, 1); return;
    case 2: std::memcpy(dst, src, 2); return;
    case 4: std::memcpy(dst, src, 4); return;
    case 8: std::memcpy(dst, src, 8); return;
    default: std::memcpy(dst, src, n);
  }
}

Result<void> check_bytes(const char* what, const Tensor& t, std::size_t bytes) {
  const auto wanted = static_cast<std::size_t>(t.numel() * dtype_bytes(t.dtype()));
  if (wanted == bytes) return {};
  return invalid(fmt::format("{}: {} bytes given, {} {} has {}", what, bytes, dtype_name(t.dtype()),
                             shape_text(t.shape()), wanted),
                 FG_R_SHAPE);
}

struct Bytes {
  std::unique_ptr<std::byte[]> data;
  std::size_t size = 0;
  explicit Bytes(std::size_t n) : data(new std::byte[n]), size(n) {}
  std::span<std::byte> span() const { return {data.get(), size}; }
};

}  // namespace

Result<void> copy_from_host(const Tensor& dst, std::span<const std::byte> src) {
  FG_TRY(check_not_captured(dst.device(), "writes from the host"));
  FG_TRY(check_bytes("copy from host", dst, src.size()));
  if (dst.read_only()) return invalid("copy from host: the tensor is read-only");
  if (src.empty()) return {};
  if (dst.dense()) return write_storage(dst.storage(), storage_offset_bytes(dst), src);
  const Walk w = plan(dst);
  const auto scatter = [&](std::byte* element_0) {
    for_each_run(w, element_0, [&](std::byte* at, std::size_t dense) { copy_run(at, src.data() + dense, w.run); });
  };
  if (dst.device()->host_visible()) {
    FG_TRY(dst.storage()->wait_idle());
    scatter(static_cast<std::byte*>(dst->desc.ptr));
    return {};
  }
  const ByteExtent extent = byte_extent(dst);
  const Bytes host(extent.hi - extent.lo);
  FG_TRY(read_storage(dst.storage(), extent.lo, host.span()));
  scatter(host.data.get() + (storage_offset_bytes(dst) - extent.lo));
  return write_storage(dst.storage(), extent.lo, host.span());
}

Result<void> copy_to_host(const Tensor& src, std::span<std::byte> dst) {
  FG_TRY(check_not_captured(src.device(), "copies to the host"));
  FG_TRY(check_bytes("copy to host", src, dst.size()));
  if (dst.empty()) return {};
  if (src.dense()) return read_storage(src.storage(), storage_offset_bytes(src), dst);
  const Walk w = plan(src);
  const auto gather = [&](std::byte* element_0) {
    for_each_run(w, element_0,
                 [&](const std::byte* at, std::size_t dense) { copy_run(dst.data() + dense, at, w.run); });
  };
  if (src.device()->host_visible()) {
    FG_TRY(src.storage()->wait_idle());
    gather(static_cast<std::byte*>(src->desc.ptr));
    return {};
  }
  const ByteExtent extent = byte_extent(src);
  const Bytes host(extent.hi - extent.lo);
  FG_TRY(read_storage(src.storage(), extent.lo, host.span()));
  gather(host.data.get() + (storage_offset_bytes(src) - extent.lo));
  return {};
}

}  // namespace fg::core
