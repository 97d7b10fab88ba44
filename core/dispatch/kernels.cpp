// SPDX-License-Identifier: Apache-2.0
//
// The table of prepared kernels, their guards, and launching.

#include "core/dispatch/kernels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/dispatch/capture.hpp"
#include "core/dispatch/iteration.hpp"
#include "core/dispatch/record.hpp"
#include "core/trace/log.hpp"
#include "core/trace/trace.hpp"

namespace fg::core {
namespace {

// The whole key, for any number of tensors.
struct LongKey {
  const void* what;
  const Device* device;
  std::uint32_t n_out;
  std::vector<std::uint32_t> cls;
  friend bool operator==(const LongKey&, const LongKey&) = default;
};
struct LongKeyHash {
  std::size_t operator()(const LongKey& key) const {
    std::size_t h = std::hash<const void*>{}(key.what) * 31 + std::hash<const void*>{}(key.device) + key.n_out;
    for (const std::uint32_t c : key.cls) h = h * 0x9E3779B97F4A7C15u + c;
    return h;
  }
};

struct Table {
  std::mutex mutex;
  std::unordered_map<LongKey, std::vector<std::unique_ptr<KernelEntry>>, LongKeyHash> kernels;
};
Table& table() {
  static Table* t = new Table;
  return *t;
}

bool short_key(KernelKey& key, const LaunchSpec& s) {
  if (s.t.size() > KernelKey::kMaxTensors) return false;
  key.what = s.what;
  key.device = s.device;
  key.n_out = s.n_out;
  key.n = static_cast<std::uint32_t>(s.t.size());
  for (std::size_t i = 0; i < s.t.size(); ++i) key.cls[i] = descriptor_class(s.t[i]);
  return true;
}

bool same_extents(const std::vector<std::int64_t>& kept, std::span<const fg_tensor> t, bool strides) {
  std::size_t at = 0;
  for (const fg_tensor& x : t) {
    const auto n = static_cast<std::size_t>(x.ndim);
    if (at + n > kept.size()) return false;
    if (n > 0 && std::memcmp(kept.data() + at, strides ? x.stride : x.shape, n * sizeof(std::int64_t)) != 0)
      return false;
    at += n;
  }
  return at == kept.size();
}

std::vector<std::int64_t> extents(std::span<const fg_tensor> t, bool strides) {
  std::vector<std::int64_t> kept;
  for (const fg_tensor& x : t) {
    const std::int64_t* from = strides ? x.stride : x.shape;
    kept.insert(kept.end(), from, from + x.ndim);
  }
  return kept;
}

// Whether every element of `t` is less than 2^31 elements from its first.
bool index32(const fg_tensor& t) {
  std::uint64_t reach = 0;
  for (int d = 0; d < t.ndim; ++d) {
    if (t.shape[d] == 0) return true;
    const auto step = static_cast<std::uint64_t>(t.stride[d] < 0 ? -t.stride[d] : t.stride[d]);
    const auto steps = static_cast<std::uint64_t>(t.shape[d] - 1);
    constexpr std::uint64_t kLimit = std::numeric_limits<std::int32_t>::max();
    if (steps != 0 && step > kLimit / steps) return false;
    reach += steps * step;
    if (reach > kLimit) return false;
  }
  return true;
}

bool aligned16(const fg_tensor& t) {
  return (((t.ptr != nullptr ? reinterpret_cast<std::uintptr_t>(t.ptr) : t.byte_offset)) & 15u) == 0;
}

tl::unexpected<Error> plugin_error(const LaunchSpec& s, const fg_error& e, fg_status status, std::string_view step) {
  const bool told = e.message[0] != '\0';
  std::string text = fmt::format("{} on {}: {}", s.op, s.device->name, told ? e.message : step);
  if (!told) text += fmt::format(" failed with status {}", status);
  Error error{status, std::move(text), told ? e.reason : static_cast<fg_reason>(FG_R_OTHER), told ? e.arg_index : -1,
              e.vendor_code};
  return tl::unexpected(std::move(error));
}

Result<std::unique_ptr<KernelEntry>> prepare(const LaunchSpec& s) {
  std::vector<fg_tensor> t(s.t.begin(), s.t.end());
  for (fg_tensor& x : t) {
    x.buffer = nullptr;
    x.ptr = nullptr;
  }
  fg_sig sig{};
  sig.hdr.struct_size = sizeof(sig);
  sig.op_uid = s.op_uid;
  sig.schema_hash = s.schema_hash;
  sig.schema_version = s.schema_version;
  sig.n_out = s.n_out;
  sig.n_in = static_cast<std::uint16_t>(s.t.size() - s.n_out);
  sig.device = s.device->ordinal;
  sig.t = t.data();
  sig.params = s.params;
  fg_error err{};
  err.hdr.struct_size = sizeof(err);
  const trace::Span span("prepare", s.op);
  auto entry = std::make_unique<KernelEntry>();
  const fg_status status = s.device->api->prepare(s.device->instance, &sig, &entry->kernel, &err);
  if (status < 0) return plugin_error(s, err, status, "prepare");
  if (entry->kernel == nullptr || entry->kernel->launch == nullptr) {
    return fail(FG_E_INTERNAL, fmt::format("{} on {}: prepare gave no kernel", s.op, s.device->name));
  }
  entry->device = s.device;
  const std::uint64_t guards = entry->kernel->guards;
  if ((guards & FG_GUARD_SHAPE) != 0) entry->shapes = extents(s.t, false);
  if ((guards & FG_GUARD_STRIDE) != 0) entry->strides = extents(s.t, true);
  if ((guards & FG_GUARD_PARAMS) != 0) entry->params.assign(s.params_key.begin(), s.params_key.end());
  thread_state().counters.bump(ThreadCounters::prepares);
  return entry;
}

Result<const KernelEntry*> shared_kernel(const LaunchSpec& s) {
  LongKey key{s.what, s.device, s.n_out, {}};
  for (const fg_tensor& t : s.t) key.cls.push_back(descriptor_class(t));
  {
    const std::lock_guard lock(table().mutex);
    for (const auto& entry : table().kernels[key]) {
      if (guards_hold(*entry, s)) return entry.get();
    }
  }
  FG_TRY_ASSIGN(std::unique_ptr<KernelEntry> made, prepare(s));
  if (!guards_hold(*made, s)) {
    if (made->kernel->release != nullptr) made->kernel->release(made->kernel);
    return fail(FG_E_INTERNAL, fmt::format("{} on {}: the kernel's guards do not admit the call it was prepared for",
                                           s.op, s.device->name));
  }
  const std::lock_guard lock(table().mutex);
  auto& entries = table().kernels[key];
  entries.push_back(std::move(made));
  return entries.back().get();
}

}  // namespace

bool guards_hold(const KernelEntry& entry, const LaunchSpec& s) {
  const std::uint64_t guards = entry.kernel->guards;
  if (guards == 0) [[likely]]
    return true;
  const auto all = [&](auto&& holds) { return std::all_of(s.t.begin(), s.t.end(), holds); };
  if ((guards & FG_GUARD_SHAPE) != 0 && !same_extents(entry.shapes, s.t, false)) return false;
  if ((guards & FG_GUARD_STRIDE) != 0 && !same_extents(entry.strides, s.t, true)) return false;
  if ((guards & FG_GUARD_ALIGN16) != 0 && !all(aligned16)) return false;
  if ((guards & FG_GUARD_DENSE) != 0 && !all([](const fg_tensor& t) { return (t.flags & FG_T_DENSE) != 0; }))
    return false;
  if ((guards & FG_GUARD_INDEX32) != 0 && !all(index32)) return false;
  return (guards & FG_GUARD_PARAMS) == 0 ||
         std::equal(entry.params.begin(), entry.params.end(), s.params_key.begin(), s.params_key.end());
}

Result<const KernelEntry*> find_kernel(const LaunchSpec& s) {
  KernelKey key;
  if (!short_key(key, s)) return shared_kernel(s);
  bool hit = false;
  const std::uint64_t now = generation();
  auto& line = thread_state().kernels.at(key, now, hit);
  if (hit && guards_hold(*line.value, s)) [[likely]]
    return line.value;
  FG_TRY_ASSIGN(const KernelEntry* entry, shared_kernel(s));
  ExactCache<KernelKey, KernelEntry>::fill(line, key, now, entry);
  return entry;
}

Result<void> launch(const KernelEntry& entry, const LaunchSpec& s) {
  ThreadState& state = thread_state();
  if (state.capture != nullptr) [[unlikely]]
    FG_TRY(state.capture->admit(entry, s));
  Stream* stream = cached_thread_stream(s.device);
  if (stream == nullptr) {
    FG_TRY_ASSIGN(stream, thread_stream(s.device));
  }
  fg_error err;
  err.hdr = {sizeof(fg_error), 0, nullptr};
  err.message[0] = '\0';
  fg_launch l{};
  l.t = s.t.data();
  l.params = s.params;
  l.stream = stream->handle();
  l.n_out = s.n_out;
  l.n_in = static_cast<std::uint16_t>(s.t.size() - s.n_out);
  l.err = &err;
  std::uint64_t scratch = entry.kernel->ws_fixed;
  if (entry.kernel->workspace != nullptr) {
    const fg_status status = entry.kernel->workspace(entry.kernel, &l, &scratch);
    if (status < 0) return plugin_error(s, err, status, "workspace");
  }
  Workspace ws;
  if (scratch != 0) {
    FG_TRY_ASSIGN(ws, workspace(*stream, scratch));
    l.ws = ws.buffer;
    l.ws_offset = ws.offset;
    l.ws_bytes = ws.bytes;
  }
  const trace::Span span("launch", s.op);
  fg_status status = FG_OK;
  {
    Submission work(*stream);
    for (fg_tensor_object* t : s.owners) {
      if (t != nullptr) work.use(t->storage);
    }
    if (ws.storage != nullptr) work.use(ws.storage);
    status = entry.kernel->launch(entry.kernel, &l);
  }
  state.counters.bump(ThreadCounters::launches);
  if ((entry.kernel->flags & FG_K_BITWISE_DETERMINISTIC) == 0) state.counters.bump(ThreadCounters::nondeterministic);
  note_kernel(entry.kernel->name);
  if (status < 0) [[unlikely]] {
    if (status == FG_E_DEVICE_LOST && s.device->plugin != nullptr) Registry::get().lose(*s.device, err.message);
    return plugin_error(s, err, status, "launch");
  }
  if (state.capture != nullptr) [[unlikely]]
    return state.capture->record(entry, s, scratch);
  return {};
}

Result<void> run_kernel(const LaunchSpec& s) {
  FG_TRY_ASSIGN(const KernelEntry* entry, find_kernel(s));
  auto done = launch(*entry, s);
  if (!done && done.error().status == FG_E_UNSUPPORTED) {
    // A prepared kernel must serve what its guards admit.
    FG_LOG(error, "{}: kernel {} was prepared and then refused the launch: {}", s.op,
           entry->kernel->name != nullptr ? entry->kernel->name : "?", done.error().message);
    done.error().status = FG_E_INTERNAL;
  }
  return done;
}

void release_kernels() {
  const std::lock_guard lock(table().mutex);
  for (auto& [key, entries] : table().kernels) {
    for (auto& entry : entries) {
      if (entry->kernel->release != nullptr) entry->kernel->release(entry->kernel);
    }
  }
  table().kernels.clear();
}

}  // namespace fg::core
