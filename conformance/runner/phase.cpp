// SPDX-License-Identifier: Apache-2.0

#include "conformance/runner/phase.hpp"

#include <chrono>

namespace fg::conformance {
namespace {

PhasePage g_nowhere;
std::atomic<PhasePage*> g_page{&g_nowhere};

}  // namespace

void mark_phases_in(PhasePage* page) { g_page.store(page != nullptr ? page : &g_nowhere); }

void enter(Phase phase) {
  g_page.load(std::memory_order_relaxed)->phase.store(static_cast<std::uint32_t>(phase), std::memory_order_relaxed);
}

void restart_clock() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  g_page.load(std::memory_order_relaxed)
      ->begun_at_ns.store(static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()), std::memory_order_relaxed);
}

void begin_case() {
  restart_clock();
  g_page.load(std::memory_order_relaxed)->begun.fetch_add(1, std::memory_order_release);
}

}  // namespace fg::conformance
