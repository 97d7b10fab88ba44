// SPDX-License-Identifier: Apache-2.0
//
// What a process that runs cases is doing, kept where another process can read it after a crash.

#ifndef FG_CONFORMANCE_RUNNER_PHASE_HPP_
#define FG_CONFORMANCE_RUNNER_PHASE_HPP_

#include <atomic>
#include <cstdint>
#include <string_view>

namespace fg::conformance {

// Append only: controller and worker are one program, but journals are older.
enum class Phase : std::uint32_t {
  start,    // opening the plugin
  idle,     // between cases
  prepare,  // making data
  oracle,   // computing what is right
  lay_out,  // making tensors on the device
  launch,   // in the call of the operator
  fetch,    // reading results back
  compare,
  probe,  // a case that is a piece of code
  leave   // releasing everything
};
constexpr std::string_view name(Phase p) {
  switch (p) {
    case Phase::start: return "start";
    case Phase::idle: return "idle";
    case Phase::prepare: return "prepare";
    case Phase::oracle: return "oracle";
    case Phase::lay_out: return "lay_out";
    case Phase::launch: return "launch";
    case Phase::fetch: return "fetch";
    case Phase::compare: return "compare";
    case Phase::probe: return "probe";
    case Phase::leave: return "leave";
  }
  return "?";
}

// One per worker, in memory that its controller shares.
struct PhasePage {
  std::atomic<std::uint32_t> phase{static_cast<std::uint32_t>(Phase::start)};
  std::atomic<std::uint64_t> begun{0};        // cases that were begun
  std::atomic<std::uint64_t> begun_at_ns{0};  // CLOCK_MONOTONIC, of the last of them
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");

// Marks go to `page` from now on; it must outlive the process's last case.  nullptr: to nowhere.
void mark_phases_in(PhasePage* page);
void enter(Phase phase);  // [any-thread]
void restart_clock();     // what the process does now began now
void begin_case();        // counts it, with a new clock

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_PHASE_HPP_
