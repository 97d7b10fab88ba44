// SPDX-License-Identifier: Apache-2.0
//
// A plugin whose kernels do nothing, in host memory: what a call costs on it is what the core costs.
// fg-bench alone loads it; it is not installed where the core looks for plugins.

#include "fg/abi/plugin.h"

#include <array>
#include <cstdlib>
#include <cstring>

#include "fg/abi/engine.h"
#include "fg/abi/note.h"
#include "fg/abi/ops.h"
#include "fg/sdk/kernel_table.hpp"

struct fg_instance {
  std::atomic<std::uint64_t> kernels{0};
};
struct fg_buffer {
  void* data;
};
struct fg_stream {
  int unused;
};
struct fg_timeline {
  std::atomic<std::uint64_t> value;
};

FG_PLUGIN_NOTE("noop", "fg", "1");

namespace {

using fg::Result;
using fg::sdk::guard;

Result<void> nothing(const fg::sdk::Launch&) { return {}; }

constexpr std::array kDtypes{FG_F32};
constexpr std::array kEntries{
    fg::sdk::KernelEntry{.name = FG_OP_MAP,
                         .uid = FG_OP_MAP_UID,
                         .schema_hash = FG_OP_MAP_SCHEMA_HASH,
                         .n_slots = 0,
                         .rows = kDtypes,
                         .max_ndim = FG_ENGINE_MAX_NDIM,
                         .flags = FG_K_MAY_BLOCK_HOST | FG_K_INPLACE_OK,
                         .prepare = fg::sdk::plain<nothing>},
};
const fg::sdk::KernelTable& table() {
  static const fg::sdk::KernelTable t(kEntries);
  return t;
}

fg_status probe(const fg_host*, std::uint32_t* n, fg_error*) noexcept { return *n = 1, FG_OK; }
fg_status create(const fg_host*, const fg_ext*, fg_instance** out, fg_error*) noexcept {
  *out = new (std::nothrow) fg_instance;
  return *out != nullptr ? FG_OK : FG_E_OOM_HOST;
}
fg_status destroy(fg_instance* i, fg_error*) noexcept { return delete i, FG_OK; }

fg_status device_info(fg_instance*, std::uint32_t, fg_device_info* info) noexcept {
  if (info->hdr.struct_size < sizeof *info) return FG_E_ABI;
  std::strcpy(info->name, "a device that does nothing");
  info->type = FG_DEVICE_OTHER;
  info->pci_domain = info->pci_bus = info->pci_dev = info->pci_fn = info->numa = -1;
  info->caps = FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_SYNCHRONOUS | FG_D_SOFTWARE;
  info->mem_total = info->mem_free = info->max_alloc = std::uint64_t{1} << 30;
  info->alloc_align = 64;
  return FG_OK;
}

fg_status mem_alloc(fg_instance*, std::uint32_t, std::uint32_t, std::uint64_t bytes, std::uint64_t align,
                    fg_buffer** buffer, void** ptr, fg_error*) noexcept {
  const std::uint64_t a = align > 64 ? align : 64;
  *ptr = std::aligned_alloc(a, (bytes + a - 1) / a * a);
  *buffer = *ptr != nullptr ? new (std::nothrow) fg_buffer{*ptr} : nullptr;
  return *buffer != nullptr ? FG_OK : FG_E_OOM_DEVICE;
}
fg_status mem_free(fg_instance*, fg_buffer* b, fg_timeline*, std::uint64_t) noexcept {
  std::free(b->data);
  delete b;
  return FG_OK;
}
fg_status copy(fg_stream*, fg_buffer* dst, std::uint64_t to, fg_buffer* src, std::uint64_t from, std::uint64_t bytes,
               fg_error*) noexcept {
  std::memcpy(static_cast<char*>(dst->data) + to, static_cast<char*>(src->data) + from, bytes);
  return FG_OK;
}
fg_status fill(fg_stream*, fg_buffer*, std::uint64_t, std::uint64_t, std::uint32_t, fg_error*) noexcept {
  return FG_OK;
}

fg_status stream_create(fg_instance*, std::uint32_t, std::int32_t, fg_stream** out, fg_error*) noexcept {
  *out = new (std::nothrow) fg_stream{};
  return *out != nullptr ? FG_OK : FG_E_OOM_HOST;
}
fg_status stream_destroy(fg_stream* s) noexcept { return delete s, FG_OK; }
fg_status timeline_create(fg_instance*, std::uint64_t initial, fg_timeline** out, fg_error*) noexcept {
  *out = new (std::nothrow) fg_timeline{initial};
  return *out != nullptr ? FG_OK : FG_E_OOM_HOST;
}
fg_status timeline_destroy(fg_timeline* t) noexcept { return delete t, FG_OK; }
fg_status stream_flush(fg_stream*, fg_error*) noexcept { return FG_OK; }
fg_status stream_signal(fg_stream*, fg_timeline* t, std::uint64_t v) noexcept { return t->value = v, FG_OK; }
fg_status stream_wait(fg_stream*, fg_timeline*, std::uint64_t) noexcept { return FG_OK; }
fg_status host_signal(fg_timeline* t, std::uint64_t v) noexcept { return t->value = v, FG_OK; }
fg_status host_wait(fg_timeline*, std::uint64_t, std::int64_t, fg_error*) noexcept { return FG_OK; }
fg_status timeline_read(fg_timeline* t, std::uint64_t* v, fg_error*) noexcept { return *v = t->value, FG_OK; }

fg_status claims(fg_instance*, std::uint32_t, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept {
  const auto all = table().claims();
  *first = all.data();
  *n = static_cast<std::uint32_t>(all.size());
  *stride = sizeof(fg_op_claim);
  return FG_OK;
}
fg_status query(fg_instance*, const fg_sig* sig, fg_verdict* verdict) noexcept {
  table().query(*sig, *verdict);
  return FG_OK;
}
fg_status prepare(fg_instance* i, const fg_sig* sig, fg_kernel** kernel, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY_ASSIGN(*kernel, table().prepare(*sig, i->kernels));
    return {};
  });
}
const void* get_table(fg_instance*, const char*) noexcept { return nullptr; }

constexpr fg_api kApi{
    .hdr = {sizeof(fg_api), 0, nullptr},
    .name = "noop",
    .vendor = "fg",
    .version = "1",
    .build_id = "1",
    .abi_minor = FG_ABI_MINOR,
    .zero = 0,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .device_info = device_info,
    .mem_alloc = mem_alloc,
    .mem_free = mem_free,
    .copy = copy,
    .fill = fill,
    .stream_create = stream_create,
    .stream_destroy = stream_destroy,
    .timeline_create = timeline_create,
    .timeline_destroy = timeline_destroy,
    .stream_flush = stream_flush,
    .stream_signal = stream_signal,
    .stream_wait = stream_wait,
    .host_signal = host_signal,
    .host_wait = host_wait,
    .timeline_read = timeline_read,
    .claims = claims,
    .query = query,
    .prepare = prepare,
    .get_table = get_table,
};

}  // namespace

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error*) noexcept {
  if (offer->epoch != FG_ABI_EPOCH) return FG_E_ABI;
  *api = &kApi;
  return FG_OK;
}
