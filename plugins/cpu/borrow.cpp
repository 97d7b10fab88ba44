// SPDX-License-Identifier: Apache-2.0
//
// Table "fg.memory/1": tensors over memory that somebody else owns, such as a mapped file or an
// array of another library.  Host memory is this device's memory, so nothing is copied.

#include <memory>
#include <string>

#include "fg/abi/ext/memory.h"
#include "fg/sdk/guard.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

Result<void> check_foreign(std::uint32_t device, const fg_foreign_mem& m) {
  if (!FG_HAS(fg_foreign_mem, &m, bytes)) return fail(FG_E_ABI, "import_mem: the description is too short");
  if (m.hdr.must_understand != 0) return unsupported("import_mem: unknown must_understand bits", FG_R_UNKNOWN_BIT);
  if (device != 0)
    return fail(FG_E_NOT_FOUND, "import_mem: device " + std::to_string(device) + ", there is one", FG_R_DEVICE);
  if (m.kind != FG_FOREIGN_ADDRESS) {
    return unsupported("import_mem: memory of kind " + std::to_string(m.kind) + ", expected a host address",
                       FG_R_PARAMETER);
  }
  if (m.bytes == 0) return invalid("import_mem: 0 bytes", FG_R_PARAMETER);
  if (m.handle[0] == 0) return invalid("import_mem: the address is NULL", FG_R_NULL_POINTER);
  std::uint64_t end = 0;
  if (__builtin_add_overflow(m.handle[0], m.offset, &end) || __builtin_add_overflow(end, m.bytes, &end)) {
    return invalid("import_mem: the range passes the address space", FG_R_BOUNDS);
  }
  return {};
}

fg_status import_mem(fg_instance* instance, std::uint32_t device, const fg_foreign_mem* m, fg_buffer** buffer,
                     void** ptr, fg_error* err) noexcept {
  return sdk::guard(err, [&]() -> Result<void> {
    if (instance == nullptr || m == nullptr || buffer == nullptr || ptr == nullptr) {
      return invalid("import_mem: a pointer is NULL", FG_R_NULL_POINTER);
    }
    FG_TRY(check_foreign(device, *m));
    auto b = std::make_unique<fg_buffer>();
    b->data = reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(m->handle[0] + m->offset));
    b->bytes = m->bytes;
    b->align = 1;
    b->borrowed = true;
    instance->buffers.fetch_add(1, std::memory_order_relaxed);
    *ptr = b->data;
    *buffer = b.release();
    return {};
  });
}

// All memory of this device is visible to the host as it is.
fg_status map(fg_instance*, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes, std::uint32_t, void** ptr,
              fg_error* err) noexcept {
  return sdk::guard(err, [&]() -> Result<void> {
    if (buffer == nullptr || ptr == nullptr) return invalid("map: a pointer is NULL", FG_R_NULL_POINTER);
    if (offset > buffer->bytes || bytes > buffer->bytes - offset) {
      return invalid("map: the range lies outside a buffer of " + std::to_string(buffer->bytes) + " bytes",
                     FG_R_BOUNDS);
    }
    *ptr = buffer->data + offset;
    return {};
  });
}

fg_status unmap(fg_instance*, fg_buffer*, void*, fg_error*) noexcept { return FG_OK; }

}  // namespace

const fg_memory_table kMemoryTable{{sizeof(fg_memory_table), 0, nullptr}, import_mem, map, unmap};

}  // namespace fg::cpu
