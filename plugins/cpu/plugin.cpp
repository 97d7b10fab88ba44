// SPDX-License-Identifier: Apache-2.0
//
// The CPU plugin's table: every entry of the contract, checked and guarded, in the order of
// fg/abi/plugin.h.

#include "fg/abi/plugin.h"

#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fg/abi/ext/test.h"
#include "fg/abi/note.h"
#include "fg/sdk/guard.hpp"
#include "plugins/cpu/build_id.hpp"
#include "plugins/cpu/instance.hpp"
#include "plugins/cpu/kernel_registry.hpp"
#include "plugins/cpu/targets.hpp"

#define FG_CPU_VERSION "0.1.0"

namespace {

using fg::Result;
using fg::sdk::guard;

// Upper bound of the option "threads"; more would be a typing error.
constexpr int kMaxThreads = 4096;

template <class... P>
Result<void> not_null(const char* what, P*... p) {
  if ((!p || ...)) return fg::invalid(std::string(what) + ": a pointer is NULL", FG_R_NULL_POINTER);
  return {};
}

// A plugin option, where it is set.
Result<std::optional<std::string>> option(const fg_host& host, const char* key) {
  if (!FG_HAS(fg_host, &host, config_get) || host.config_get == nullptr) return std::nullopt;
  char text[16];
  std::size_t len = sizeof text;
  const fg_status s = host.config_get(host.ctx, key, text, &len);
  if (s == FG_E_NOT_FOUND) return std::nullopt;
  if (s != FG_OK) return fg::invalid(std::string("option ") + key + ": not readable, expected at most 15 letters");
  return std::optional<std::string>(text);
}

// How many threads a parallel call may use, 0 for one per core.
Result<int> threads_option(const fg_host& host) {
  FG_TRY_ASSIGN(const std::optional<std::string> set, option(host, "threads"));
  if (!set) return 0;
  const std::string& v = *set;
  int n = 0;
  const auto [end, ec] = std::from_chars(v.data(), v.data() + v.size(), n);
  if (ec != std::errc{} || end != v.data() + v.size() || n < 0 || n > kMaxThreads) {
    return fg::invalid("option threads: \"" + v + "\", expected a number from 0 to 4096");
  }
  return n;
}

fg_status probe(const fg_host* host, std::uint32_t* n_devices, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("probe", host, n_devices));
    *n_devices = 1;
    return {};
  });
}

fg_status create(const fg_host* host, const fg_ext* options, fg_instance** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("create", host, out));
    FG_TRY(fg::sdk::check_header(host->hdr, "fg_host"));
    FG_TRY(fg::sdk::check_header(fg_hdr{sizeof(fg_hdr), 0, options}, "create"));
    FG_TRY_ASSIGN(const int threads, threads_option(*host));
    FG_TRY_ASSIGN(const std::optional<std::string> targets, option(*host, "targets"));
    if (targets) FG_TRY(fg::cpu::restrict_targets(*targets));
    *out = std::make_unique<fg_instance>(host, threads).release();
    return {};
  });
}

fg_status destroy(fg_instance* instance, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("destroy", instance));
    delete instance;
    return {};
  });
}

fg_status mem_alloc(fg_instance* instance, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes,
                    std::uint64_t align, fg_buffer** buffer, void** ptr, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("mem_alloc", instance));
    return fg::cpu::mem_alloc(*instance, device, kind, bytes, align, buffer, ptr);
  });
}

fg_status copy(fg_stream* stream, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
               std::uint64_t bytes, fg_error* err) noexcept {
  return guard(err, [&] { return fg::cpu::copy(stream, dst, dst_offset, src, src_offset, bytes); });
}

fg_status fill(fg_stream* stream, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes, std::uint32_t pattern,
               fg_error* err) noexcept {
  return guard(err, [&] { return fg::cpu::fill(stream, buffer, offset, bytes, pattern); });
}

fg_status stream_create(fg_instance* instance, std::uint32_t device, std::int32_t, fg_stream** out,
                        fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("stream_create", instance, out));
    if (device != 0) return fg::fail(FG_E_NOT_FOUND, "stream_create: there is one device", FG_R_DEVICE);
    *out = std::make_unique<fg_stream>(fg_stream{instance, device}).release();
    instance->streams.fetch_add(1, std::memory_order_relaxed);
    return {};
  });
}

fg_status stream_destroy(fg_stream* stream) noexcept {
  if (stream == nullptr) return FG_OK;
  stream->instance->streams.fetch_sub(1, std::memory_order_relaxed);
  delete stream;
  return FG_OK;
}

fg_status timeline_create(fg_instance* instance, std::uint64_t initial, fg_timeline** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("timeline_create", instance, out));
    auto timeline = std::make_unique<fg_timeline>();
    timeline->instance = instance;
    timeline->value = initial;
    *out = timeline.release();
    instance->timelines.fetch_add(1, std::memory_order_relaxed);
    return {};
  });
}

fg_status timeline_destroy(fg_timeline* timeline) noexcept {
  if (timeline == nullptr) return FG_OK;
  timeline->instance->timelines.fetch_sub(1, std::memory_order_relaxed);
  delete timeline;
  return FG_OK;
}

fg_status stream_flush(fg_stream* stream, fg_error* err) noexcept {
  return guard(err, [&] { return not_null("stream_flush", stream); });
}

fg_status timeline_read(fg_timeline* timeline, std::uint64_t* value, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("timeline_read", timeline, value));
    *value = timeline->value.load(std::memory_order_acquire);
    return {};
  });
}

fg_status claims(fg_instance* instance, std::uint32_t device, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("claims", instance, first, n, stride));
    if (device != 0) return fg::fail(FG_E_NOT_FOUND, "claims: there is one device", FG_R_DEVICE);
    const auto all = fg::cpu::kernel_table().claims();
    *first = all.data();
    *n = static_cast<std::uint32_t>(all.size());
    *stride = sizeof(fg_op_claim);
    return {};
  });
}

fg_status query(fg_instance* instance, const fg_sig* sig, fg_verdict* verdict) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("query", instance, sig, verdict));
    fg::cpu::kernel_table().query(*sig, *verdict);
    return {};
  });
}

fg_status prepare(fg_instance* instance, const fg_sig* sig, fg_kernel** kernel, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("prepare", instance, sig, kernel));
    FG_TRY_ASSIGN(*kernel, fg::cpu::kernel_table().prepare(*sig, instance->kernels));
    return {};
  });
}

fg_status test_counts(fg_instance* instance, fg_test_counts* counts) noexcept {
  if (instance == nullptr || counts == nullptr) return FG_E_INVALID;
  if (counts->hdr.struct_size < FG_END(fg_test_counts, pending)) return FG_E_ABI;
  counts->buffers = instance->buffers;
  counts->streams = instance->streams;
  counts->timelines = instance->timelines;
  counts->kernels = instance->kernels;
  counts->graphs = 0;
  counts->bytes = instance->bytes;
  counts->pending = 0;
  return FG_OK;
}

fg_status fail_alloc_after(fg_instance* instance, std::int64_t n) noexcept {
  if (instance == nullptr) return FG_E_INVALID;
  instance->allocation_failure.after(n);
  return FG_OK;
}

const void* get_table(fg_instance* instance, const char* id) noexcept {
  static constexpr fg_test_table kTest{{sizeof(fg_test_table), 0, nullptr}, test_counts, fail_alloc_after, nullptr};
  if (instance == nullptr || id == nullptr) return nullptr;
  if (std::strcmp(id, FG_TABLE_MEMORY) == 0) return &fg::cpu::kMemoryTable;
  return std::strcmp(id, FG_TABLE_TEST) == 0 ? &kTest : nullptr;
}

constexpr fg_api kApi{
    .hdr = {sizeof(fg_api), 0, nullptr},
    .name = "cpu",
    .vendor = "fg",
    .version = FG_CPU_VERSION,
    .build_id = FG_CPU_BUILD_ID,
    .abi_minor = FG_ABI_MINOR,
    .zero = 0,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .device_info = fg::cpu::device_info,
    .mem_alloc = mem_alloc,
    .mem_free = fg::cpu::mem_free,
    .copy = copy,
    .fill = fill,
    .stream_create = stream_create,
    .stream_destroy = stream_destroy,
    .timeline_create = timeline_create,
    .timeline_destroy = timeline_destroy,
    .stream_flush = stream_flush,
    .stream_signal = fg::cpu::stream_signal,
    .stream_wait = fg::cpu::stream_wait,
    .host_signal = fg::cpu::host_signal,
    .host_wait = fg::cpu::host_wait,
    .timeline_read = timeline_read,
    .claims = claims,
    .query = query,
    .prepare = prepare,
    .get_table = get_table,
};

}  // namespace

FG_PLUGIN_NOTE("cpu", "fg", FG_CPU_VERSION);

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("query", offer, api));
    FG_TRY(fg::sdk::check_header(offer->hdr, "fg_query"));
    if (offer->epoch != FG_ABI_EPOCH)
      return fg::fail(FG_E_ABI, "offered epoch " + std::to_string(offer->epoch) + ", expected 1");
    if (offer->minor_min > FG_ABI_MINOR) {
      return fg::fail(FG_E_ABI, "the core needs minor " + std::to_string(offer->minor_min) + ", the plugin has 0");
    }
    *api = &kApi;
    return {};
  });
}
