// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/dlpack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace fg::core::dlpack {
namespace {

// What the checks found; `lo` and `hi` are the first byte and one past the last, from element 0.
struct Checked {
  fg_dtype dtype = 0;
  std::int64_t stride[FG_MAX_NDIM] = {};
  std::span<const std::int64_t> shape;
  std::int64_t numel = 0;
  std::byte* element_0 = nullptr;
  std::int64_t lo = 0, hi = 0;

  std::span<const std::int64_t> strides() const { return {stride, shape.size()}; }
};

Result<fg_dtype> check_dtype(const DataType& t) {
  if (t.lanes != 1) return unsupported(fmt::format("dlpack: dtype has {} lanes, expected 1", t.lanes), FG_R_DTYPE);
  const fg_dtype dtype = FG_DTYPE(t.code, t.bits);
  if (dtype_name(dtype) != "unknown") return dtype;
  return unsupported(fmt::format("dlpack: dtype of code {} with {} bits is not known", t.code, t.bits), FG_R_DTYPE);
}

Result<void> check_extent(const View& v, Checked& c) {
  const std::int64_t size = dtype_bytes(c.dtype);
  bool overflow = false;
  for (std::size_t d = 0; d < c.shape.size(); ++d) {
    std::int64_t span = 0;
    overflow |= __builtin_mul_overflow(c.shape[d] - 1, c.stride[d], &span);
    overflow |= __builtin_mul_overflow(span, size, &span);
    std::int64_t& end = span < 0 ? c.lo : c.hi;
    overflow |= __builtin_add_overflow(end, span, &end);
  }
  overflow |= __builtin_add_overflow(c.hi, size, &c.hi);
  std::int64_t total = 0;
  overflow |= __builtin_sub_overflow(c.hi, c.lo, &total);
  std::uintptr_t at = 0;
  std::uintptr_t first = 0;
  std::uintptr_t last = 0;
  overflow |= __builtin_add_overflow(reinterpret_cast<std::uintptr_t>(v.data), v.byte_offset, &at);
  overflow |= __builtin_add_overflow(at, c.lo, &first);
  overflow |= __builtin_add_overflow(at, c.hi, &last);
  if (overflow) {
    return invalid(fmt::format("dlpack: shape {} with strides {} and byte_offset {} passes the address space",
                               shape_text(c.shape), shape_text(c.strides()), v.byte_offset),
                   FG_R_BOUNDS);
  }
  if (at % static_cast<std::uintptr_t>(size) != 0) {
    return invalid(fmt::format("dlpack: element 0 at address {:#x} is not aligned to the {} bytes of {}", at, size,
                               dtype_name(c.dtype)),
                   FG_R_ALIGNMENT);
  }
  c.element_0 = reinterpret_cast<std::byte*>(at);
  return {};
}

Result<Checked> check(const View& v) {
  Checked c;
  if (v.ndim < 0 || v.ndim > FG_MAX_NDIM) {
    return invalid(fmt::format("dlpack: ndim is {}, expected 0 to {}", v.ndim, FG_MAX_NDIM), FG_R_RANK);
  }
  if (v.ndim > 0 && v.shape == nullptr) return invalid("dlpack: shape is NULL", FG_R_NULL_POINTER);
  FG_TRY_ASSIGN(c.dtype, check_dtype(v.dtype));
  c.shape = {v.shape, static_cast<std::size_t>(v.ndim)};
  auto numel = checked_numel(c.shape, dtype_bytes(c.dtype));
  if (!numel) return tl::unexpected(std::move(numel).error().while_doing("dlpack"));
  c.numel = *numel;
  std::int64_t step = 1;
  for (std::size_t d = c.shape.size(); d-- > 0;) {
    c.stride[d] = v.strides != nullptr ? v.strides[d] : step;
    step *= std::max<std::int64_t>(c.shape[d], 1);
  }
  if (c.numel == 0) return c;
  if (v.data == nullptr) {
    return invalid(fmt::format("dlpack: data is NULL for {} elements", c.numel), FG_R_NULL_POINTER);
  }
  FG_TRY(check_extent(v, c));
  return c;
}

Result<void> check_version(const Version& v) {
  if (v.major <= kMajor) return {};
  return fail(FG_E_ABI, fmt::format("dlpack: the struct is of version {}.{}, this library reads up to {}.x", v.major,
                                    v.minor, kMajor));
}

// All bytes between the first and the last element, with the strides that they had.
Result<Tensor> copied_range(fg::core::Device* target, const Checked& c) {
  const std::int64_t bytes[] = {c.hi - c.lo};
  FG_TRY_ASSIGN(Tensor range, empty(target, FG_U8, bytes));
  FG_TRY(copy_from_host(range, {c.element_0 + c.lo, static_cast<std::size_t>(bytes[0])}));
  return make_view(range, c.dtype, c.shape, c.strides(), static_cast<std::uint64_t>(-c.lo));
}

// The elements alone, in row-major order.
Result<Tensor> gathered(fg::core::Device* target, const Checked& c) {
  FG_TRY_ASSIGN(Tensor t, empty(target, c.dtype, c.shape));
  const std::int64_t size = dtype_bytes(c.dtype);
  const auto bytes = std::make_unique<std::byte[]>(static_cast<std::size_t>(c.numel * size));
  std::int64_t index[FG_MAX_NDIM] = {};
  const std::byte* at = c.element_0;
  for (std::int64_t k = 0; k < c.numel; ++k) {
    std::memcpy(bytes.get() + k * size, at, static_cast<std::size_t>(size));
    for (std::size_t d = c.shape.size(); d-- > 0;) {
      // In this order nothing passes what check_extent looked at: the stride of one element may be anything.
      if (index[d] + 1 < c.shape[d]) {
        ++index[d];
        at += c.stride[d] * size;
        break;
      }
      at -= index[d] * c.stride[d] * size;
      index[d] = 0;
    }
  }
  FG_TRY(copy_from_host(t, {bytes.get(), static_cast<std::size_t>(c.numel * size)}));
  return t;
}

// Whatever is less: elements may repeat far more often than there is memory, or lie far apart.
Result<Tensor> copied(fg::core::Device* target, const Checked& c) {
  return (c.hi - c.lo) / dtype_bytes(c.dtype) <= c.numel ? copied_range(target, c) : gathered(target, c);
}

template <class M>
void call_deleter(void* managed) noexcept {
  auto* const m = static_cast<M*>(managed);
  if (m->deleter != nullptr) m->deleter(m);
}

template <class M>
Result<Tensor> import_checked(fg::core::Device* target, M* managed, const Checked& c, bool read_only) {
  const Device from = managed->view.device;
  const bool here =
      from.type == static_cast<std::int32_t>(target->info.dlpack_type) && from.id == target->info.dlpack_id;
  if (!here && from.type != kCpu) {
    return unsupported(
        fmt::format("dlpack: memory of device type {} id {} is not memory of {}", from.type, from.id, target->name),
        FG_R_DEVICE);
  }
  if (c.numel == 0) {
    FG_TRY_ASSIGN(Tensor t, empty_strided(target, c.dtype, c.shape, c.strides()));
    call_deleter<M>(managed);
    return t;
  }
  if (here) {
    auto storage = import_storage(target, c.element_0 + c.lo, static_cast<std::uint64_t>(c.hi - c.lo), read_only,
                                  call_deleter<M>, managed);
    // The layout was checked against exactly this range: this succeeds, or the deleter has run.
    if (storage) {
      return make_tensor(std::move(*storage), c.dtype, c.shape, c.strides(), static_cast<std::uint64_t>(-c.lo));
    }
    if (storage.error().status != FG_E_UNSUPPORTED || from.type != kCpu) {
      return tl::unexpected(std::move(storage).error());
    }
  }
  FG_TRY_ASSIGN(Tensor t, copied(target, c));
  call_deleter<M>(managed);
  return t;
}

template <class M>
struct Export {
  M managed{};
  Tensor tensor;
  std::int64_t shape[FG_MAX_NDIM];
  std::int64_t stride[FG_MAX_NDIM];
};

template <class M>
Result<M*> export_as(const Tensor& t) {
  const auto& info = t.device()->info;
  if (!t.device()->flat() || info.dlpack_type == 0) {
    return unsupported(fmt::format("dlpack: memory of {} has no address to give away", t.device()->name), FG_R_DEVICE);
  }
  FG_TRY(t.storage()->wait_idle());
  auto e = std::make_unique<Export<M>>();
  std::ranges::copy(t.shape(), e->shape);
  std::ranges::copy(t.stride(), e->stride);
  e->tensor = t;
  View& v = e->managed.view;
  v.data = t.numel() > 0 ? t->desc.ptr : nullptr;
  v.device = {static_cast<std::int32_t>(info.dlpack_type), info.dlpack_id};
  v.ndim = t.ndim();
  v.dtype = {static_cast<std::uint8_t>(t.dtype() & 0xFFu), static_cast<std::uint8_t>(dtype_bits(t.dtype())), 1};
  v.shape = e->shape;
  v.strides = e->stride;
  v.byte_offset = 0;
  e->managed.manager_ctx = e.get();
  e->managed.deleter = [](M* self) { delete static_cast<Export<M>*>(self->manager_ctx); };
  return &e.release()->managed;
}

}  // namespace

Result<Device> device_of(const Managed* managed) {
  if (managed == nullptr) return invalid("dlpack: the struct is NULL", FG_R_NULL_POINTER);
  return managed->view.device;
}

Result<Device> device_of(const ManagedVersioned* managed) {
  if (managed == nullptr) return invalid("dlpack: the struct is NULL", FG_R_NULL_POINTER);
  FG_TRY(check_version(managed->version));
  return managed->view.device;
}

Result<Tensor> import(fg::core::Device* target, Managed* managed) {
  FG_TRY(device_of(managed));
  FG_TRY_ASSIGN(const Checked c, check(managed->view));
  return import_checked(target, managed, c, false);
}

Result<Tensor> import(fg::core::Device* target, ManagedVersioned* managed) {
  FG_TRY(device_of(managed));
  FG_TRY_ASSIGN(const Checked c, check(managed->view));
  return import_checked(target, managed, c, (managed->flags & kReadOnly) != 0);
}

Result<Managed*> export_unversioned(const Tensor& t) {
  if (t.read_only()) return unsupported("dlpack: read-only memory needs the versioned struct");
  if (t.dtype() == FG_F8_E4M3FN || t.dtype() == FG_F8_E5M2) {
    return unsupported(fmt::format("dlpack: {} needs the versioned struct", dtype_name(t.dtype())), FG_R_DTYPE);
  }
  return export_as<Managed>(t);
}

Result<ManagedVersioned*> export_versioned(const Tensor& t) {
  FG_TRY_ASSIGN(ManagedVersioned * m, export_as<ManagedVersioned>(t));
  m->version = {kMajor, kMinor};
  m->flags = t.read_only() ? kReadOnly : 0;
  return m;
}

}  // namespace fg::core::dlpack
