// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/memory/allocator.hpp"
#include "core/memory/thread_cache.hpp"

namespace fg::core {
namespace {

using Dims = std::span<const std::int64_t>;

constexpr std::uint32_t kMaxFreeTensors = 256;  // Kept per thread, about 90 KiB.

void free_pool(ThreadCache& cache) noexcept {
  while (fg_tensor_object* const t = cache.tensors) {
    cache.tensors = t->next_free;
    delete t;
  }
  cache.tensor_count = 0;
}

fg_tensor_object* take_object() {
  ThreadCache* const cache = thread_cache();
  if (cache != nullptr && cache->tensors != nullptr) [[likely]] {
    --cache->tensor_count;
    return std::exchange(cache->tensors, cache->tensors->next_free);
  }
  return new fg_tensor_object;
}

void give_object(fg_tensor_object* t) noexcept {
  ThreadCache* const cache = thread_cache();
  if (cache == nullptr || cache->tensor_count == kMaxFreeTensors) {
    delete t;
    return;
  }
  cache->free_tensors = free_pool;
  t->next_free = std::exchange(cache->tensors, t);
  ++cache->tensor_count;
}

// Code and bits of plain types, code and block id of block types: 15 bits.
constexpr TensorClass dtype_class(fg_dtype d) {
  const std::uint32_t low = (d & 0xFFu) == 0xF0u ? (d >> 16) & 0xFFu : dtype_bits(d);
  return ((d & 0x7Fu) << 8) | low;
}

constexpr TensorClass pack_class(fg_dtype dtype, std::size_t ndim, bool dense, bool align16, std::uint32_t device) {
  return dtype_class(dtype) | (static_cast<std::uint32_t>(ndim) << 15) | (static_cast<std::uint32_t>(dense) << 20) |
         (static_cast<std::uint32_t>(align16) << 21) | (device << 22);
}

// A dimension of length 1 may have any stride.
bool row_major(Dims shape, Dims stride, std::int64_t numel) {
  if (numel == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 1) continue;
    if (stride[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

tl::unexpected<Error> bad_dtype(fg_dtype dtype) {
  return invalid(fmt::format("dtype {:#x} cannot be the type of a tensor's elements", dtype), FG_R_DTYPE);
}

bool plain_dtype(fg_dtype dtype) { return (dtype >> 16) == 1 && dtype_bits(dtype) >= 8 && dtype_bits(dtype) <= 64; }

// Takes over the reference to `s`.  Everything is checked; `offset` counts from the storage's start.
fg_tensor_object* build(Storage* s, fg_dtype dtype, Dims shape, Dims stride, std::uint64_t offset, std::int64_t numel,
                        bool dense) {
  fg_tensor_object* const t = take_object();
  const std::size_t ndim = shape.size();
  for (std::size_t i = 0; i < ndim; ++i) {
    t->shape[i] = shape[i];
    t->stride[i] = stride[i];
  }
  if (numel == 0) offset = std::min(offset, s->bytes);  // A pointer past the storage would be no pointer.
  t->desc.buffer = s->buffer;
  t->desc.byte_offset = s->buffer_offset + offset;
  t->desc.ptr = s->ptr == nullptr ? nullptr : s->ptr + offset;
  t->desc.shape = t->shape;
  t->desc.stride = t->stride;
  t->desc.dtype = dtype;
  t->desc.ndim = static_cast<std::int32_t>(ndim);
  t->desc.flags = (dense ? std::uint32_t{FG_T_DENSE} : 0u) | (s->read_only ? std::uint32_t{FG_T_READONLY} : 0u);
  t->desc.device = s->device->ordinal;
  t->desc.zero = 0;
  const std::uintptr_t address =
      s->ptr != nullptr ? reinterpret_cast<std::uintptr_t>(t->desc.ptr) : std::uintptr_t{t->desc.byte_offset};
  t->cls = pack_class(dtype, ndim, dense, address % 16 == 0, s->device->index);
  t->refs.store(1, std::memory_order_relaxed);
  t->numel = numel;
  t->device = s->device;
  t->storage = s;
  return t;
}

std::string layout_text(Dims shape, Dims stride) {
  return "shape " + shape_text(shape) + " with strides " + shape_text(stride);
}

// First and last element a layout reaches, relative to element 0.
struct Reach {
  std::int64_t lo = 0, hi = 0;
  bool overflow = false;
};
Reach reach(Dims shape, Dims stride) {
  Reach r;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::int64_t span = 0;
    r.overflow |= __builtin_mul_overflow(shape[i] - 1, stride[i], &span);
    std::int64_t& end = span < 0 ? r.lo : r.hi;
    r.overflow |= __builtin_add_overflow(end, span, &end);
  }
  return r;
}

Result<void> check_bounds(const Storage* s, fg_dtype dtype, Dims shape, Dims stride, std::uint64_t byte_offset) {
  const std::int64_t size = dtype_bytes(dtype);
  Reach r = reach(shape, stride);
  r.overflow |= __builtin_mul_overflow(r.lo, size, &r.lo);
  r.overflow |= __builtin_add_overflow(r.hi, std::int64_t{1}, &r.hi);
  r.overflow |= __builtin_mul_overflow(r.hi, size, &r.hi);
  const bool inside = !r.overflow && byte_offset <= s->bytes && static_cast<std::uint64_t>(-r.lo) <= byte_offset &&
                      static_cast<std::uint64_t>(r.hi) <= s->bytes - byte_offset;
  if (inside) return {};
  return invalid(fmt::format("{} {} at byte {} reaches outside its storage of {} bytes", dtype_name(dtype),
                             layout_text(shape, stride), byte_offset, s->bytes),
                 FG_R_BOUNDS);
}

Result<std::int64_t> check_shape(fg_dtype dtype, Dims shape) {
  if (shape.size() > FG_MAX_NDIM) {
    return invalid(fmt::format("{} dimensions, at most {} are possible", shape.size(), FG_MAX_NDIM), FG_R_RANK);
  }
  if (!plain_dtype(dtype)) return bad_dtype(dtype);
  return checked_numel(shape, dtype_bytes(dtype));
}

}  // namespace

void retain(fg_tensor_object* t) noexcept {
  if (t != nullptr) t->refs.fetch_add(1, std::memory_order_relaxed);
}

void release(fg_tensor_object* t) noexcept {
  if (t == nullptr) return;
  // A sole owner needs no atomic subtraction: nobody else can take a reference.
  if (t->refs.load(std::memory_order_acquire) != 1 && t->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  t->storage->release();
  give_object(t);
}

std::string shape_text(Dims shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

Result<std::int64_t> checked_numel(Dims shape, std::int64_t element_bytes) {
  std::int64_t numel = 1;
  std::int64_t bytes = element_bytes;
  bool overflow = false;
  bool zero = false;
  for (const std::int64_t n : shape) {
    if (n < 0) return invalid(fmt::format("shape {} has the negative size {}", shape_text(shape), n), FG_R_SHAPE);
    if (n == 0) {
      zero = true;
      continue;  // Products with the other sizes must not overflow either: strides are made of them.
    }
    overflow |= __builtin_mul_overflow(numel, n, &numel);
    overflow |= __builtin_mul_overflow(bytes, n, &bytes);
  }
  if (overflow) {
    return invalid(fmt::format("shape {} with {} bytes an element passes 2^63 bytes", shape_text(shape), element_bytes),
                   FG_R_LIMIT);
  }
  return zero ? 0 : numel;
}

Result<Tensor> empty(Device* device, fg_dtype dtype, Dims shape) {
  std::int64_t stride[FG_MAX_NDIM];
  std::int64_t numel = 1;
  // Common sizes need no help: anything else, good or bad, is looked at with care.
  bool common = plain_dtype(dtype) && shape.size() <= FG_MAX_NDIM;
  for (std::size_t i = common ? shape.size() : 0; i-- > 0;) {
    stride[i] = numel;
    common = common && shape[i] > 0 && !__builtin_mul_overflow(numel, shape[i], &numel);
  }
  common = common && numel < (std::int64_t{1} << 48);
  if (!common) [[unlikely]] {
    FG_TRY_ASSIGN(numel, check_shape(dtype, shape));
    std::int64_t step = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
      stride[i] = step;
      step *= std::max<std::int64_t>(shape[i], 1);
    }
  }
  const auto bytes = static_cast<std::uint64_t>(numel * dtype_bytes(dtype));
  Storage* s = try_allocate(device, bytes);
  if (s == nullptr) [[unlikely]] {
    FG_TRY_ASSIGN(StorageRef again, allocate(device, bytes));  // For the error's text.
    s = again.leak();
  }
  return Tensor::adopt(build(s, dtype, shape, {stride, shape.size()}, 0, numel, true));
}

Result<Tensor> empty_strided(Device* device, fg_dtype dtype, Dims shape, Dims stride) {
  FG_TRY_ASSIGN(const std::int64_t numel, check_shape(dtype, shape));
  if (stride.size() != shape.size()) {
    return invalid(fmt::format("{} strides for {} sizes", stride.size(), shape.size()), FG_R_STRIDE);
  }
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;
  if (numel > 0) {
    const Reach r = reach(shape, stride);
    std::int64_t total = 0;
    bool overflow = r.overflow || __builtin_sub_overflow(r.hi, r.lo, &total) ||
                    __builtin_add_overflow(total, std::int64_t{1}, &total);
    overflow = overflow || __builtin_mul_overflow(total, dtype_bytes(dtype), &total);
    if (overflow) return invalid(layout_text(shape, stride) + " passes 2^63 bytes", FG_R_LIMIT);
    bytes = static_cast<std::uint64_t>(total);
    offset = static_cast<std::uint64_t>(-r.lo * dtype_bytes(dtype));
  }
  FG_TRY_ASSIGN(StorageRef storage, allocate(device, bytes));
  const bool dense = row_major(shape, stride, numel);
  return Tensor::adopt(build(storage.leak(), dtype, shape, stride, offset, numel, dense));
}

Result<Tensor> make_tensor(StorageRef storage, fg_dtype dtype, Dims shape, Dims stride, std::uint64_t byte_offset) {
  FG_TRY_ASSIGN(const std::int64_t numel, check_shape(dtype, shape));
  if (stride.size() != shape.size()) {
    return invalid(fmt::format("{} strides for {} sizes", stride.size(), shape.size()), FG_R_STRIDE);
  }
  if (numel > 0) FG_TRY(check_bounds(storage.get(), dtype, shape, stride, byte_offset));
  const auto size = static_cast<std::uint64_t>(dtype_bytes(dtype));
  if (byte_offset % size != 0) {
    return invalid(fmt::format("offset {} is no multiple of the {} bytes of {}", byte_offset, size, dtype_name(dtype)),
                   FG_R_ALIGNMENT);
  }
  const bool dense = row_major(shape, stride, numel);
  return Tensor::adopt(build(storage.leak(), dtype, shape, stride, byte_offset, numel, dense));
}

Result<Tensor> make_view(const Tensor& base, fg_dtype dtype, Dims shape, Dims stride, std::uint64_t byte_offset) {
  return make_tensor(StorageRef::share(base.storage()), dtype, shape, stride, byte_offset);
}

std::uint64_t storage_offset_bytes(const Tensor& t) { return t->desc.byte_offset - t->storage->buffer_offset; }

ByteExtent byte_extent(const Tensor& t) {
  const std::uint64_t offset = storage_offset_bytes(t);
  if (t.numel() == 0) return {offset, offset};
  const Reach r = reach(t.shape(), t.stride());
  const std::int64_t size = dtype_bytes(t.dtype());
  return {offset - static_cast<std::uint64_t>(-r.lo * size), offset + static_cast<std::uint64_t>((r.hi + 1) * size)};
}

}  // namespace fg::core
