// SPDX-License-Identifier: Apache-2.0
//
// C API: tensors.

#include <fmt/format.h>

#include <array>
#include <type_traits>

#include "core/api/api_call.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/tensor/tensor.hpp"
#include "fg/fg.h"
#include "fg/sdk/dtype.hpp"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

namespace {

Result<fg::core::Tensor> make_empty(const char* function, fg_device_handle device, fg_dtype dtype, int32_t ndim,
                                    const int64_t* shape) {
  if (ndim < 0 || ndim > FG_MAX_NDIM) {
    return invalid(fmt::format("{}: {} dimensions, expected 0 to {}", function, ndim, FG_MAX_NDIM), FG_R_RANK);
  }
  if (ndim > 0) FG_TRY(need(shape, function, "shape"));
  if (dtype_name(dtype) == "unknown") return invalid(fmt::format("{}: {:#x} is no dtype", function, dtype), FG_R_DTYPE);
  FG_TRY_ASSIGN(Device * d, device_or_current(device));
  return empty(d, dtype, {shape, static_cast<std::size_t>(ndim)});
}

Result<void> check_bytes(const char* function, const fg::core::Tensor& t, const void* data, uint64_t bytes) {
  const auto wanted = static_cast<uint64_t>(t.numel() * dtype_bytes(t.dtype()));
  if (bytes != wanted) {
    return invalid(fmt::format("{}: {} bytes given, a {} tensor of shape {} has {}", function, bytes,
                               dtype_name(t.dtype()), shape_text(t.shape()), wanted),
                   FG_R_BOUNDS);
  }
  return wanted == 0 ? Result<void>{} : need(data, function, "data");
}

// One element as a number.
fg_scalar number_of(fg_dtype dtype, const std::byte* bytes) {
  fg_scalar s{};
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T x;
    std::memcpy(&x, bytes, sizeof(T));
    if constexpr (std::is_same_v<T, bool>) {
      s.kind = FG_SCALAR_BOOL;
      s.v.i = x ? 1 : 0;
    } else if constexpr (std::is_integral_v<T>) {
      s.kind = FG_SCALAR_INT;
      s.v.i = static_cast<int64_t>(x);
    } else if constexpr (std::is_same_v<T, double>) {
      s.kind = FG_SCALAR_FLOAT;
      s.v.f = x;
    } else {
      s.kind = FG_SCALAR_FLOAT;
      s.v.f = static_cast<double>(static_cast<float>(x));
    }
  });
  return s;
}

}  // namespace

extern "C" {

fg_status fg_tensor_empty(fg_device_handle device, fg_dtype dtype, int32_t ndim, const int64_t* shape,
                          fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(out, "tensor_empty", "out"));
    FG_TRY_ASSIGN(fg::core::Tensor t, make_empty("tensor_empty", device, dtype, ndim, shape));
    *out = t.leak();
    return {};
  });
}

fg_status fg_tensor_from_host(fg_device_handle device, fg_dtype dtype, int32_t ndim, const int64_t* shape,
                              const void* data, uint64_t bytes, fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(out, "tensor_from_host", "out"));
    FG_TRY_ASSIGN(fg::core::Tensor t, make_empty("tensor_from_host", device, dtype, ndim, shape));
    FG_TRY(check_bytes("tensor_from_host", t, data, bytes));
    FG_TRY(copy_from_host(t, {static_cast<const std::byte*>(data), static_cast<std::size_t>(bytes)}));
    *out = t.leak();
    return {};
  });
}

fg_status fg_tensor_to_host(fg_tensor_handle t, void* data, uint64_t bytes, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(t, "tensor_to_host", "t"));
    const auto tensor = fg::core::Tensor::share(t);
    FG_TRY(check_bytes("tensor_to_host", tensor, data, bytes));
    return copy_to_host(tensor, {static_cast<std::byte*>(data), static_cast<std::size_t>(bytes)});
  });
}

fg_status fg_tensor_write(fg_tensor_handle t, const void* data, uint64_t bytes, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(t, "tensor_write", "t"));
    const auto tensor = fg::core::Tensor::share(t);
    FG_TRY(check_bytes("tensor_write", tensor, data, bytes));
    if (tensor.read_only()) return invalid("tensor_write: the tensor is read-only", FG_R_ALIAS);
    return copy_from_host(tensor, {static_cast<const std::byte*>(data), static_cast<std::size_t>(bytes)});
  });
}

fg_status fg_tensor_to_device(fg_tensor_handle t, fg_device_handle device, fg_tensor_handle* out,
                              fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(t, "tensor_to_device", "t"));
    FG_TRY(need(out, "tensor_to_device", "out"));
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    auto tensor = fg::core::Tensor::share(t);
    if (tensor.device() != d) {
      FG_TRY_ASSIGN(tensor, copy_of(tensor, 0, d));
    }
    *out = tensor.leak();
    return {};
  });
}

fg_status fg_tensor_item(fg_tensor_handle t, fg_scalar* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(t, "tensor_item", "t"));
    FG_TRY(need(out, "tensor_item", "out"));
    const auto tensor = fg::core::Tensor::share(t);
    if (tensor.numel() != 1) {
      return invalid(
          fmt::format("tensor_item: the tensor has shape {}, expected one element", shape_text(tensor.shape())),
          FG_R_SHAPE);
    }
    std::array<std::byte, 8> bytes{};
    FG_TRY(copy_to_host(tensor, {bytes.data(), static_cast<std::size_t>(dtype_bytes(tensor.dtype()))}));
    *out = number_of(tensor.dtype(), bytes.data());
    return {};
  });
}

void fg_tensor_retain(fg_tensor_handle t) FG_NOEXCEPT { retain(t); }
void fg_tensor_release(fg_tensor_handle t) FG_NOEXCEPT {
  if (!forked()) release(t);
}

int32_t fg_tensor_ndim(fg_tensor_handle t) FG_NOEXCEPT { return t->desc.ndim; }
const int64_t* fg_tensor_shape(fg_tensor_handle t) FG_NOEXCEPT { return t->shape; }
const int64_t* fg_tensor_stride(fg_tensor_handle t) FG_NOEXCEPT { return t->stride; }
fg_dtype fg_tensor_dtype(fg_tensor_handle t) FG_NOEXCEPT { return t->desc.dtype; }
int64_t fg_tensor_numel(fg_tensor_handle t) FG_NOEXCEPT { return t->numel; }
uint64_t fg_tensor_byte_offset(fg_tensor_handle t) FG_NOEXCEPT {
  return storage_offset_bytes(fg::core::Tensor::share(t));
}
int32_t fg_tensor_is_dense(fg_tensor_handle t) FG_NOEXCEPT { return (t->desc.flags & FG_T_DENSE) != 0; }
fg_device_handle fg_tensor_device(fg_tensor_handle t) FG_NOEXCEPT { return to_handle(t->device); }
void* fg_tensor_data(fg_tensor_handle t) FG_NOEXCEPT { return t->desc.ptr; }

}  // extern "C"
