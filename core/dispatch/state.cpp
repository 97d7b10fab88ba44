// SPDX-License-Identifier: Apache-2.0
//
// The threads' states: their life, the sums of their counters, the current device.

#include "core/dispatch/state.hpp"

#include <algorithm>
#include <memory>
#include <mutex>

#include "core/dispatch/capture.hpp"

namespace fg::core {
namespace {

// Never destroyed: threads may end after main().
struct Threads {
  std::mutex mutex;
  std::vector<const ThreadCounters*> alive;
  std::array<std::uint64_t, ThreadCounters::kCount> ended{};
};
Threads& threads() {
  static Threads* t = new Threads;
  return *t;
}

thread_local ThreadState* t_state = nullptr;

ThreadState& make_state() {
  thread_local const std::unique_ptr<ThreadState> owner = std::make_unique<ThreadState>();
  t_state = owner.get();
  return *t_state;
}

// Bound once: the answer changes only when a device is lost, which raises the generation.
struct DefaultDevice {
  std::uint64_t generation = ~std::uint64_t{0};
  Selection selection;
};

std::string& vendor_override() {
  static std::string spec;
  return spec;
}

Result<const Selection*> default_selection() {
  thread_local DefaultDevice cached;
  const std::uint64_t now = generation();
  if (cached.generation != now) {
    const std::string& spec = vendor_override();
    FG_TRY_ASSIGN(cached.selection, spec.empty() ? Registry::get().default_selection() : Registry::get().select(spec));
    cached.generation = now;
  }
  return &cached.selection;
}

Result<const Selection*> current() {
  const std::vector<Selection>& scopes = thread_state().scopes;
  if (!scopes.empty()) return &scopes.back();
  return default_selection();
}

}  // namespace

ThreadState::ThreadState() {
  const std::lock_guard lock(threads().mutex);
  threads().alive.push_back(&counters);
}

ThreadState::~ThreadState() {
  capture.reset();
  t_state = nullptr;
  const std::lock_guard lock(threads().mutex);
  for (std::size_t i = 0; i < counters.value.size(); ++i)
    threads().ended[i] += counters.value[i].load(std::memory_order_relaxed);
  std::erase(threads().alive, &counters);
}

ThreadState& thread_state() {
  ThreadState* s = t_state;
  return s != nullptr ? *s : make_state();
}

Result<Device*> current_device() {
  FG_TRY_ASSIGN(const Selection* s, current());
  return s->device;
}

Result<Device*> current_fallback() {
  FG_TRY_ASSIGN(const Selection* s, current());
  if (!s->cpu_fallback) return unsupported("the vendors asked for exclude the cpu plugin", FG_R_NO_DEVICE);
  return Registry::get().cpu();
}

void set_default_vendor(std::string spec) {
  vendor_override() = std::move(spec);
  g_generation.fetch_add(1, std::memory_order_release);
}

Result<void> push_vendor(std::string_view spec) {
  FG_TRY_ASSIGN(Selection s, Registry::get().select(spec));
  thread_state().scopes.push_back(std::move(s));
  return {};
}

Result<void> pop_vendor() {
  auto& scopes = thread_state().scopes;
  if (scopes.empty()) return fail(FG_E_STATE, "pop of a vendor scope that was never pushed");
  scopes.pop_back();
  return {};
}

std::array<std::uint64_t, ThreadCounters::kCount> counter_sums() {
  const std::lock_guard lock(threads().mutex);
  auto sums = threads().ended;
  for (const ThreadCounters* c : threads().alive) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += c->value[i].load(std::memory_order_relaxed);
  }
  return sums;
}

}  // namespace fg::core
