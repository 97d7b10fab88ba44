// SPDX-License-Identifier: Apache-2.0
//
// The smallest plugin: one device of plain host memory on which everything has happened when a call
// returns, and no operator.  Copy it; replace memory and streams by your driver's; then add rows to
// the table, one kernel at a time (docs/write-a-plugin.md).

#include "fg/abi/plugin.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "fg/abi/note.h"
#include "fg/sdk/kernel_table.hpp"

struct fg_instance {
  std::atomic<std::uint64_t> kernels{0};
};
struct fg_buffer {
  char* data;
};
struct fg_stream {
  fg_instance* instance;
};
struct fg_timeline {
  std::atomic<std::uint64_t> value;
};

namespace {

using fg::Result;
using fg::sdk::guard;

// Your operators: {.name = FG_OP_RMS_NORM_NAME, .uid = FG_OP_RMS_NORM_UID, ..., .prepare = fg::sdk::plain<rms_norm>}
const fg::sdk::KernelTable& table() {
  static const fg::sdk::KernelTable t({});
  return t;
}

template <class Body>
fg_status made(fg_error* err, Body body) noexcept {
  return guard(err, [&]() -> Result<void> {
    body();
    return {};
  });
}

fg_status probe(const fg_host*, std::uint32_t* n, fg_error*) noexcept {
  *n = 1;
  return FG_OK;
}
fg_status create(const fg_host*, const fg_ext*, fg_instance** out, fg_error* err) noexcept {
  return made(err, [&] { *out = new fg_instance; });
}
fg_status destroy(fg_instance* i, fg_error*) noexcept {
  delete i;
  return FG_OK;
}

fg_status device_info(fg_instance*, std::uint32_t device, fg_device_info* out) noexcept {
  if (device != 0) return FG_E_NOT_FOUND;
  fg_device_info d{};
  std::memcpy(d.uuid, "fg null device 0", 16);
  std::strcpy(d.name, "null device");
  std::strcpy(d.driver, "none");
  d.type = FG_DEVICE_OTHER;
  d.pci_domain = d.pci_bus = d.pci_dev = d.pci_fn = d.numa = -1;
  d.dlpack_type = 1;  // kDLCPU: host memory
  d.caps = FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_SYNCHRONOUS | FG_D_SOFTWARE;
  d.mem_total = d.mem_free = d.max_alloc = std::uint64_t{1} << 30;
  d.alloc_align = 64;
  // Only what the caller has room for, and never its header.
  const std::size_t room = std::min<std::size_t>(out->hdr.struct_size, sizeof d);
  if (room < sizeof(fg_hdr)) return FG_E_ABI;
  std::memcpy(reinterpret_cast<char*>(out) + sizeof(fg_hdr), reinterpret_cast<char*>(&d) + sizeof(fg_hdr),
              room - sizeof(fg_hdr));
  return FG_OK;
}

fg_status mem_alloc(fg_instance*, std::uint32_t, std::uint32_t, std::uint64_t bytes, std::uint64_t align,
                    fg_buffer** out, void** ptr, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    if (bytes == 0 || (align & (align - 1)) != 0)
      return fg::invalid("mem_alloc: 0 bytes, or an alignment that is no power of two");
    const std::uint64_t a = std::max<std::uint64_t>(align, 64);
    auto* data =
        bytes > (std::uint64_t{1} << 30) ? nullptr : static_cast<char*>(std::aligned_alloc(a, (bytes + a - 1) / a * a));
    if (data == nullptr)
      return fg::fail(FG_E_OOM_DEVICE, "mem_alloc: no memory for " + std::to_string(bytes) + " bytes", FG_R_LIMIT);
    *ptr = data;
    *out = new fg_buffer{data};
    return {};
  });
}
fg_status mem_free(fg_instance*, fg_buffer* b, fg_timeline*, std::uint64_t) noexcept {  // all work is done
  if (b != nullptr) std::free(b->data);
  delete b;
  return FG_OK;
}
fg_status copy(fg_stream*, fg_buffer* dst, std::uint64_t to, fg_buffer* src, std::uint64_t from, std::uint64_t n,
               fg_error*) noexcept {
  std::memcpy(dst->data + to, src->data + from, n);
  return FG_OK;
}
fg_status fill(fg_stream*, fg_buffer* b, std::uint64_t offset, std::uint64_t bytes, std::uint32_t pattern,
               fg_error*) noexcept {
  for (std::uint64_t i = 0; i < bytes; i += 4) std::memcpy(b->data + offset + i, &pattern, 4);
  return FG_OK;
}

fg_status stream_create(fg_instance* i, std::uint32_t, std::int32_t, fg_stream** out, fg_error* err) noexcept {
  return made(err, [&] { *out = new fg_stream{i}; });
}
fg_status stream_destroy(fg_stream* s) noexcept {
  delete s;
  return FG_OK;
}
fg_status timeline_create(fg_instance*, std::uint64_t initial, fg_timeline** out, fg_error* err) noexcept {
  return made(err, [&] { *out = new fg_timeline{{initial}}; });
}
fg_status timeline_destroy(fg_timeline* t) noexcept {
  delete t;
  return FG_OK;
}
fg_status stream_flush(fg_stream*, fg_error*) noexcept { return FG_OK; }
fg_status host_signal(fg_timeline* t, std::uint64_t value) noexcept {
  t->value = value;
  return FG_OK;
}
fg_status stream_signal(fg_stream*, fg_timeline* t, std::uint64_t value) noexcept { return host_signal(t, value); }
fg_status host_wait(fg_timeline* t, std::uint64_t value, std::int64_t timeout_ns, fg_error*) noexcept {
  const auto start = std::chrono::steady_clock::now();
  while (t->value < value) {
    if (timeout_ns == 0) return FG_NOT_READY;
    if (timeout_ns > 0 && std::chrono::steady_clock::now() - start > std::chrono::nanoseconds(timeout_ns))
      return FG_E_TIMEOUT;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return FG_OK;
}
fg_status stream_wait(fg_stream*, fg_timeline* t, std::uint64_t value) noexcept {
  return host_wait(t, value, -1, nullptr);
}
fg_status timeline_read(fg_timeline* t, std::uint64_t* value, fg_error*) noexcept {
  *value = t->value;
  return FG_OK;
}

fg_status claims(fg_instance*, std::uint32_t device, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept {
  if (device != 0) return FG_E_NOT_FOUND;
  *first = table().claims().data();
  *n = static_cast<std::uint32_t>(table().claims().size());
  *stride = sizeof(fg_op_claim);
  return FG_OK;
}
fg_status query(fg_instance*, const fg_sig* sig, fg_verdict* verdict) noexcept {
  table().query(*sig, *verdict);
  return FG_OK;
}
fg_status prepare(fg_instance* i, const fg_sig* sig, fg_kernel** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY_ASSIGN(*out, table().prepare(*sig, i->kernels));
    return {};
  });
}

constexpr fg_api kApi{{sizeof(fg_api), 0, nullptr},
                      "null",
                      "fg",
                      "0.1.0",
                      "0.1.0",
                      FG_ABI_MINOR,
                      0,
                      probe,
                      create,
                      destroy,
                      device_info,
                      mem_alloc,
                      mem_free,
                      copy,
                      fill,
                      stream_create,
                      stream_destroy,
                      timeline_create,
                      timeline_destroy,
                      stream_flush,
                      stream_signal,
                      stream_wait,
                      host_signal,
                      host_wait,
                      timeline_read,
                      claims,
                      query,
                      prepare,
                      nullptr};

}  // namespace

FG_PLUGIN_NOTE("null", "fg", "0.1.0");

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error*) noexcept {
  if (offer->epoch != FG_ABI_EPOCH || offer->minor_min > FG_ABI_MINOR) return FG_E_ABI;
  *api = &kApi;
  return FG_OK;
}
