// SPDX-License-Identifier: Apache-2.0
//
// DLPack in and out: the unversioned struct and that of version 1.  The structs are our own
// definition of the published layout (github.com/dmlc/dlpack, 1.1), checked below: Debian's header
// is of 0.6 and has no versioned one.

#ifndef FG_CORE_TENSOR_DLPACK_HPP_
#define FG_CORE_TENSOR_DLPACK_HPP_

#include <cstddef>
#include <cstdint>

#include "core/tensor/tensor.hpp"

namespace fg::core::dlpack {

inline constexpr std::uint32_t kMajor = 1;
inline constexpr std::uint32_t kMinor = 1;
inline constexpr std::int32_t kCpu = 1;  // kDLCPU
inline constexpr std::uint64_t kReadOnly = 1;
inline constexpr std::uint64_t kIsCopied = 2;

struct Device {
  std::int32_t type;
  std::int32_t id;
};
struct DataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};
struct View {  // DLTensor
  void* data;
  Device device;
  std::int32_t ndim;
  DataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // In elements; nullptr: row-major.
  std::uint64_t byte_offset;
};
struct Managed {  // DLManagedTensor
  View view;
  void* manager_ctx;
  void (*deleter)(Managed* self);
};
struct Version {
  std::uint32_t major, minor;
};
struct ManagedVersioned {  // DLManagedTensorVersioned; `version` and `deleter` stay in every major
  Version version;
  void* manager_ctx;
  void (*deleter)(ManagedVersioned* self);
  std::uint64_t flags;
  View view;
};

static_assert(sizeof(View) == 48 && offsetof(View, ndim) == 16 && offsetof(View, dtype) == 20);
static_assert(offsetof(View, shape) == 24 && offsetof(View, strides) == 32 && offsetof(View, byte_offset) == 40);
static_assert(sizeof(Managed) == 64 && offsetof(Managed, deleter) == 56);
static_assert(sizeof(ManagedVersioned) == 80 && offsetof(ManagedVersioned, deleter) == 16);
static_assert(offsetof(ManagedVersioned, flags) == 24 && offsetof(ManagedVersioned, view) == 32);

// The tensor on `target` that shares the struct's memory, or a copy of it where the plugin cannot
// borrow memory or the struct is host memory of another device.  On success the struct is ours and
// its deleter runs exactly once, when nothing uses the memory any more; on failure nothing was
// called and it stays the caller's.  FG_E_ABI for a newer major version; FG_E_INVALID says which
// member is wrong; FG_E_UNSUPPORTED for a dtype or device that we do not have.  [any-thread]
Result<Tensor> import(fg::core::Device* target, Managed* managed);
Result<Tensor> import(fg::core::Device* target, ManagedVersioned* managed);

// Where the struct's memory is; checks what has to be read for it.
Result<Device> device_of(const Managed* managed);
Result<Device> device_of(const ManagedVersioned* managed);

// A struct that holds one reference to `t` until its deleter is called.  Waits for the work on the
// memory first.  FG_E_UNSUPPORTED for memory without addresses, and, unversioned, for read-only
// memory and dtypes that older readers do not know.  [any-thread]
Result<Managed*> export_unversioned(const Tensor& t);
Result<ManagedVersioned*> export_versioned(const Tensor& t);

}  // namespace fg::core::dlpack

#endif  // FG_CORE_TENSOR_DLPACK_HPP_
