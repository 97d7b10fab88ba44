// SPDX-License-Identifier: Apache-2.0
//
// A tensor: a shared storage and one view of it.  The object behind the C API's fg_tensor_handle.
// It carries its ABI descriptor and its packed class ready-made, so that a call copies nothing.

#ifndef FG_CORE_TENSOR_TENSOR_HPP_
#define FG_CORE_TENSOR_TENSOR_HPP_

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "core/memory/storage.hpp"
#include "core/registry/device.hpp"
#include "fg/abi/kernel.h"
#include "fg/sdk/dtype.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

// Packed class of a tensor, the dispatch key's part: dtype 15 bits | rank 5 | dense 1 | align16 1 |
// device 10.
using TensorClass = std::uint32_t;

}  // namespace fg::core

// The C handle's pointee.  Made by the functions below only; immutable but for `refs`.
struct fg_tensor_object {
  fg_tensor desc;  // shape and stride point at the arrays below
  fg::core::TensorClass cls;
  std::atomic<std::uint32_t> refs;
  std::int64_t numel;
  fg::core::Device* device;
  fg::core::Storage* storage;  // One reference held; never null.
  std::int64_t shape[FG_MAX_NDIM];
  std::int64_t stride[FG_MAX_NDIM];
  fg_tensor_object* next_free;  // While the object waits for reuse.
};

namespace fg::core {

void retain(fg_tensor_object* t) noexcept;   // nullptr allowed.  [any-thread]
void release(fg_tensor_object* t) noexcept;  // nullptr allowed; frees at 0.  [any-thread]

// Owns one reference.
class Tensor {
 public:
  Tensor() = default;
  static Tensor adopt(fg_tensor_object* t) {
    Tensor r;
    r.p_ = t;
    return r;
  }
  static Tensor share(fg_tensor_object* t) {
    retain(t);
    return adopt(t);
  }
  Tensor(const Tensor& o) noexcept : p_(o.p_) { retain(p_); }
  Tensor(Tensor&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Tensor& operator=(Tensor o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Tensor() { release(p_); }

  explicit operator bool() const { return p_ != nullptr; }
  fg_tensor_object* get() const { return p_; }
  fg_tensor_object* operator->() const { return p_; }
  fg_tensor_object* leak() { return std::exchange(p_, nullptr); }

  std::span<const std::int64_t> shape() const { return {p_->shape, static_cast<std::size_t>(p_->desc.ndim)}; }
  std::span<const std::int64_t> stride() const { return {p_->stride, static_cast<std::size_t>(p_->desc.ndim)}; }
  fg_dtype dtype() const { return p_->desc.dtype; }
  int ndim() const { return p_->desc.ndim; }
  std::int64_t numel() const { return p_->numel; }
  bool dense() const { return (p_->desc.flags & FG_T_DENSE) != 0; }
  bool read_only() const { return (p_->desc.flags & FG_T_READONLY) != 0; }
  Storage* storage() const { return p_->storage; }
  Device* device() const { return p_->device; }

 private:
  fg_tensor_object* p_ = nullptr;
};

// A new dense tensor with uninitialised elements.  FG_E_INVALID for a negative size, a rank above
// FG_MAX_NDIM, or a byte count beyond 2^63; FG_E_OOM_* when the device has no memory.  [any-thread]
Result<Tensor> empty(Device* device, fg_dtype dtype, std::span<const std::int64_t> shape);

// The same with the given strides (elements, any order, no overlap asked).  [any-thread]
Result<Tensor> empty_strided(Device* device, fg_dtype dtype, std::span<const std::int64_t> shape,
                             std::span<const std::int64_t> stride);

// A view of `base`'s storage at `byte_offset` from the storage's start.  FG_E_INVALID, FG_R_BOUNDS
// when any element would lie outside the storage.  [any-thread]
Result<Tensor> make_view(const Tensor& base, fg_dtype dtype, std::span<const std::int64_t> shape,
                         std::span<const std::int64_t> stride, std::uint64_t byte_offset);

// A view over any storage, e.g. foreign memory.  The same checks; takes one reference.  [any-thread]
Result<Tensor> make_tensor(StorageRef storage, fg_dtype dtype, std::span<const std::int64_t> shape,
                           std::span<const std::int64_t> stride, std::uint64_t byte_offset);

// "[2, 3]", for messages.
std::string shape_text(std::span<const std::int64_t> shape);

// Product of sizes; FG_E_INVALID when one is negative or the product or its bytes pass 2^63.
Result<std::int64_t> checked_numel(std::span<const std::int64_t> shape, std::int64_t element_bytes);

// Lowest and one past the highest byte that a view touches, from the storage's start; lo == hi when
// it has no elements.
struct ByteExtent {
  std::uint64_t lo = 0, hi = 0;
};
ByteExtent byte_extent(const Tensor& t);
// Offset of element 0 from the storage's start, bytes.
std::uint64_t storage_offset_bytes(const Tensor& t);

// Copies between a dense host buffer of exactly numel * element bytes and a tensor of any strides, on any device.  The
// host's memory is free, or filled, when they return.  [any-thread]
Result<void> copy_from_host(const Tensor& dst, std::span<const std::byte> src);
Result<void> copy_to_host(const Tensor& src, std::span<std::byte> dst);

}  // namespace fg::core

#endif  // FG_CORE_TENSOR_TENSOR_HPP_
