// SPDX-License-Identifier: Apache-2.0
//
// The table of a GPU plugin: every entry of the contract, checked and guarded, in the order of
// fg/abi/plugin.h, over a Runtime.

#include "plugins/gpu/api.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "fg/abi/ext/test.h"
#include "fg/abi/ext/tune.h"
#include "fg/sdk/guard.hpp"
#include "plugins/gpu/instance.hpp"

namespace fg::gpu {
namespace {

using sdk::guard;

constexpr std::uint64_t kPoisoned = UINT64_MAX;

fg_status probe(const fg_host* host, std::uint32_t* n_devices, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("probe", host, n_devices));
    FG_TRY_ASSIGN(*n_devices, count_devices(*host));
    return {};
  });
}

fg_status create(const fg_host* host, const fg_ext* options, fg_instance** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("create", host, out));
    FG_TRY(sdk::check_header(host->hdr, "fg_host"));
    FG_TRY(sdk::check_header(fg_hdr{sizeof(fg_hdr), 0, options}, "create"));
    auto instance = std::make_unique<fg_instance>();
    instance->host = host;
    FG_TRY_ASSIGN(instance->runtime, open_runtime(*host));
    for (const auto& device : instance->runtime->devices()) {
      instance->operators.push_back(std::make_unique<Operators>(device->features()));
    }
    *out = instance.release();
    return {};
  });
}

fg_status destroy(fg_instance* instance, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("destroy", instance));
    instance->graveyard.sweep(true);
    delete instance;
    return {};
  });
}

fg_status device_info(fg_instance* instance, std::uint32_t device, fg_device_info* out) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("device_info", instance, out));
    FG_TRY_ASSIGN(Device * d, device_at("device_info", *instance, device));
    if (out->hdr.struct_size < sizeof(fg_hdr)) return fail(FG_E_ABI, "fg_device_info is smaller than its header");
    const fg_device_info info = d->info();
    const std::size_t n = std::min<std::size_t>(out->hdr.struct_size, sizeof info);
    std::memcpy(reinterpret_cast<char*>(out) + sizeof(fg_hdr), reinterpret_cast<const char*>(&info) + sizeof(fg_hdr),
                n - sizeof(fg_hdr));
    return {};
  });
}

fg_status api_mem_alloc(fg_instance* instance, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes,
                        std::uint64_t align, fg_buffer** buffer, void** ptr, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("mem_alloc", instance));
    return mem_alloc(*instance, device, kind, bytes, align, buffer, ptr);
  });
}

fg_status api_mem_free(fg_instance* instance, fg_buffer* buffer, fg_timeline* after, std::uint64_t value) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("mem_free", instance));
    return mem_free(*instance, buffer, after, value);
  });
}

fg_status api_copy(fg_stream* stream, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src,
                   std::uint64_t src_offset, std::uint64_t bytes, fg_error* err) noexcept {
  return guard(err, [&] { return copy(stream, dst, dst_offset, src, src_offset, bytes); });
}

fg_status api_fill(fg_stream* stream, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes,
                   std::uint32_t pattern, fg_error* err) noexcept {
  return guard(err, [&] { return fill(stream, buffer, offset, bytes, pattern); });
}

fg_status stream_create(fg_instance* instance, std::uint32_t device, std::int32_t priority, fg_stream** out,
                        fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("stream_create", instance, out));
    FG_TRY_ASSIGN(Device * d, device_at("stream_create", *instance, device));
    FG_TRY_ASSIGN(std::unique_ptr<fg_stream> stream, d->make_stream(priority));
    stream->instance = instance;
    stream->device = d;
    {
      const std::lock_guard lock(instance->streams_mutex);
      instance->live_streams.push_back(stream.get());
    }
    instance->streams.fetch_add(1, std::memory_order_relaxed);
    *out = stream.release();
    return {};
  });
}

fg_status stream_destroy(fg_stream* stream) noexcept {
  if (stream == nullptr) return FG_OK;
  fg_instance& instance = *stream->instance;
  {
    const std::lock_guard lock(instance.streams_mutex);
    std::erase(instance.live_streams, stream);
  }
  instance.streams.fetch_sub(1, std::memory_order_relaxed);
  delete stream;
  return FG_OK;
}

// Timelines serve every device of the instance; they are made by the first.
fg_status timeline_create(fg_instance* instance, std::uint64_t initial, fg_timeline** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("timeline_create", instance, out));
    FG_TRY_ASSIGN(Device * d, device_at("timeline_create", *instance, 0));
    FG_TRY_ASSIGN(std::unique_ptr<fg_timeline> timeline, d->make_timeline(initial));
    timeline->instance = instance;
    instance->timelines.fetch_add(1, std::memory_order_relaxed);
    *out = timeline.release();
    return {};
  });
}

fg_status timeline_destroy(fg_timeline* timeline) noexcept {
  if (timeline == nullptr) return FG_OK;
  timeline->instance->graveyard.settle(timeline);
  timeline->instance->timelines.fetch_sub(1, std::memory_order_relaxed);
  delete timeline;
  return FG_OK;
}

fg_status stream_flush(fg_stream* stream, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("stream_flush", stream));
    return stream->flush();
  });
}

Result<void> check_rises(fg_timeline& timeline, std::uint64_t value) {
  FG_TRY_ASSIGN(const std::uint64_t now, timeline.read());
  if (now == kPoisoned) return fail(FG_E_DEVICE_LOST, "the timeline was poisoned by a failed stream", FG_R_STREAM);
  if (value <= now) {
    return invalid("signal: value " + std::to_string(value) + ", the timeline is at " + std::to_string(now));
  }
  return {};
}

fg_status stream_signal(fg_stream* stream, fg_timeline* timeline, std::uint64_t value) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("stream_signal", stream, timeline));
    FG_TRY(check_rises(*timeline, value));
    return stream->signal(*timeline, value);
  });
}

fg_status stream_wait(fg_stream* stream, fg_timeline* timeline, std::uint64_t value) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("stream_wait", stream, timeline));
    return stream->wait(*timeline, value);
  });
}

fg_status host_signal(fg_timeline* timeline, std::uint64_t value) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("host_signal", timeline));
    FG_TRY(check_rises(*timeline, value));
    return timeline->host_signal(value);
  });
}

fg_status host_wait(fg_timeline* timeline, std::uint64_t value, std::int64_t timeout_ns, fg_error* err) noexcept {
  bool done = false;
  const fg_status s = guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("host_wait", timeline));
    FG_TRY_ASSIGN(done, timeline->host_wait(value, timeout_ns));
    if (!done && timeout_ns != 0) {
      return fail(FG_E_TIMEOUT, "the timeline did not reach " + std::to_string(value) + " in time", FG_R_STREAM);
    }
    return {};
  });
  return s == FG_OK && !done ? FG_NOT_READY : s;
}

fg_status timeline_read(fg_timeline* timeline, std::uint64_t* value, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("timeline_read", timeline, value));
    FG_TRY_ASSIGN(*value, timeline->read());
    return {};
  });
}

fg_status claims(fg_instance* instance, std::uint32_t device, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("claims", instance, first, n, stride));
    FG_TRY(device_at("claims", *instance, device));
    const auto all = instance->operators[device]->table().claims();
    *first = all.data();
    *n = static_cast<std::uint32_t>(all.size());
    *stride = sizeof(fg_op_claim);
    return {};
  });
}

fg_status query(fg_instance* instance, const fg_sig* sig, fg_verdict* verdict) noexcept {
  return guard(nullptr, [&]() -> Result<void> {
    FG_TRY(not_null("query", instance, sig, verdict));
    FG_TRY(device_at("query", *instance, sig->device));
    instance->operators[sig->device]->table().query(*sig, *verdict);
    return {};
  });
}

fg_status prepare(fg_instance* instance, const fg_sig* sig, fg_kernel** kernel, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("prepare", instance, sig, kernel));
    FG_TRY(device_at("prepare", *instance, sig->device));
    FG_TRY_ASSIGN(*kernel, instance->operators[sig->device]->table().prepare(*sig, instance->kernels));
    return {};
  });
}

fg_status test_counts(fg_instance* instance, fg_test_counts* counts) noexcept {
  if (instance == nullptr || counts == nullptr) return FG_E_INVALID;
  if (counts->hdr.struct_size < FG_END(fg_test_counts, pending)) return FG_E_ABI;
  instance->graveyard.sweep(false);
  counts->buffers = instance->buffers;
  counts->streams = instance->streams;
  counts->timelines = instance->timelines;
  counts->kernels = instance->kernels;
  counts->graphs = instance->graphs;
  counts->bytes = instance->bytes;
  counts->pending = 0;
  const std::lock_guard lock(instance->streams_mutex);
  for (const fg_stream* s : instance->live_streams) counts->pending += s->pending();
  return FG_OK;
}

fg_status fail_alloc_after(fg_instance* instance, std::int64_t n) noexcept {
  if (instance == nullptr) return FG_E_INVALID;
  instance->allocation_failure.after(n);
  return FG_OK;
}

fg_status tune_points(fg_instance* instance, std::uint32_t device, fg_tune_visit_fn visit, void* ctx,
                      fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("tune points", instance, visit));
    FG_TRY_ASSIGN(Device * d, device_at("tune points", *instance, device));
    d->tunables().points(visit, ctx);
    return {};
  });
}

fg_status tune_set(fg_instance* instance, std::uint32_t device, const char* kernel, std::uint64_t hash,
                   const char* bucket, const std::int64_t* values, std::uint32_t n, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("tune set", instance, kernel, bucket));
    if (n > 0) FG_TRY(not_null("tune set", values));
    FG_TRY_ASSIGN(Device * d, device_at("tune set", *instance, device));
    return d->tunables().set(kernel, hash, bucket, {values, n});
  });
}

const void* get_table(fg_instance* instance, const char* id) noexcept {
  static constexpr fg_tune_table kTune{{sizeof(fg_tune_table), 0, nullptr}, tune_points, tune_set};
  static constexpr fg_test_table kTest{{sizeof(fg_test_table), 0, nullptr}, test_counts, fail_alloc_after, nullptr};
  if (instance == nullptr || id == nullptr) return nullptr;
  if (std::strcmp(id, FG_TABLE_TUNE) == 0) return &kTune;
  const auto devices = instance->runtime->devices();
  if (std::strcmp(id, FG_TABLE_GRAPH) == 0)
    return !devices.empty() && devices[0]->has_graphs() ? &kGraphTable : nullptr;
  return std::strcmp(id, FG_TABLE_TEST) == 0 ? &kTest : nullptr;
}

fg_api make_table() {
  fg_api t{};
  t.hdr = {sizeof(fg_api), 0, nullptr};
  t.name = kPlugin.name;
  t.vendor = kPlugin.vendor;
  t.version = kPlugin.version;
  t.build_id = kPlugin.build_id;
  t.abi_minor = FG_ABI_MINOR;
  t.probe = probe;
  t.create = create;
  t.destroy = destroy;
  t.device_info = device_info;
  t.mem_alloc = api_mem_alloc;
  t.mem_free = api_mem_free;
  t.copy = api_copy;
  t.fill = api_fill;
  t.stream_create = stream_create;
  t.stream_destroy = stream_destroy;
  t.timeline_create = timeline_create;
  t.timeline_destroy = timeline_destroy;
  t.stream_flush = stream_flush;
  t.stream_signal = stream_signal;
  t.stream_wait = stream_wait;
  t.host_signal = host_signal;
  t.host_wait = host_wait;
  t.timeline_read = timeline_read;
  t.claims = claims;
  t.query = query;
  t.prepare = prepare;
  t.get_table = get_table;
  return t;
}

}  // namespace

Result<Device*> device_at(const char* what, fg_instance& instance, std::uint32_t ordinal) {
  const auto devices = instance.runtime->devices();
  if (ordinal < devices.size()) return devices[ordinal].get();
  return fail(
      FG_E_NOT_FOUND,
      std::string(what) + ": device " + std::to_string(ordinal) + ", there are " + std::to_string(devices.size()),
      FG_R_DEVICE);
}

Result<const fg_api*> table_for(const fg_query& offer) {
  FG_TRY(sdk::check_header(offer.hdr, "fg_query"));
  if (offer.epoch != FG_ABI_EPOCH)
    return fail(FG_E_ABI, "offered epoch " + std::to_string(offer.epoch) + ", expected 1");
  if (offer.minor_min > FG_ABI_MINOR) {
    return fail(FG_E_ABI, "the core needs minor " + std::to_string(offer.minor_min) + ", the plugin has 0");
  }
  static const fg_api table = make_table();
  return &table;
}

}  // namespace fg::gpu
