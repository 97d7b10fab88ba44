// SPDX-License-Identifier: Apache-2.0

#include <memory>

#include "core/memory/device_memory.hpp"
#include "core/memory/plugin_error.hpp"
#include "fg/abi/ext/memory.h"

namespace fg::core {
namespace {

Result<fg_buffer*> import_buffer(Device* device, void* address, std::uint64_t bytes, bool read_only, void** ptr) {
  const auto* const table =
      static_cast<const fg_memory_table*>(device->api->get_table(device->instance, FG_TABLE_MEMORY));
  if (table == nullptr || !FG_HAS(fg_memory_table, table, import_mem) || table->import_mem == nullptr) {
    return unsupported(device->name + " cannot borrow memory: the plugin has no table " FG_TABLE_MEMORY);
  }
  fg_foreign_mem m{};
  m.hdr.struct_size = sizeof m;
  m.kind = FG_FOREIGN_ADDRESS;
  m.flags = read_only ? 1u : 0u;
  m.handle[0] = reinterpret_cast<std::uintptr_t>(address);
  m.bytes = bytes;
  fg_buffer* buffer = nullptr;
  PluginError error;
  const fg_status status = table->import_mem(device->instance, device->ordinal, &m, &buffer, ptr, error);
  if (status < 0) return error.fail(*device, "borrow memory", status);
  return buffer;
}

}  // namespace

Result<StorageRef> import_storage(Device* device, void* address, std::uint64_t bytes, bool read_only,
                                  ForeignDeleter deleter, void* ctx) {
  if (address == nullptr && bytes > 0) return invalid("memory to borrow has no address", FG_R_NULL_POINTER);
  DeviceMemory& memory = DeviceMemory::of(device);
  auto s = std::make_unique<Storage>();
  s->device = device;
  s->bytes = bytes;
  s->read_only = read_only;
  s->origin_ = Origin::foreign;
  s->deleter_ = deleter;
  s->deleter_ctx_ = ctx;
  if (bytes > 0) {
    void* ptr = nullptr;
    FG_TRY_ASSIGN(s->buffer, import_buffer(device, address, bytes, read_only, &ptr));
    s->ptr = static_cast<std::byte*>(ptr);
  }
  s->refs_.store(1, std::memory_order_relaxed);
  memory.add_foreign(static_cast<std::int64_t>(bytes));
  return StorageRef::adopt(s.release());
}

}  // namespace fg::core
