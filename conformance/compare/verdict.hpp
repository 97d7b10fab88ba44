// SPDX-License-Identifier: Apache-2.0
//
// The outcomes of a case.

#ifndef FG_CONFORMANCE_COMPARE_VERDICT_HPP_
#define FG_CONFORMANCE_COMPARE_VERDICT_HPP_

#include <cstdint>
#include <optional>
#include <string_view>

namespace fg::conformance {

enum class Verdict : std::uint8_t {
  pass,
  quality_warn,    // Beyond the statistical bound, within the hard one, in less than 0.1 % of the elements.
  not_claimed,     // The plugin does not serve it and the profile does not ask for it.
  resource,        // Not enough memory for the case.
  profile_gap,     // The profile asks for it; the plugin does not serve it.
  lied,            // Claimed, then refused.
  fail,            // Wrong numbers, shape or dtype.
  bias,            // Every element within bounds, their mean error is not.
  special_value,   // NaN, infinity or zero where another was due.
  input_modified,  // An input changed.
  oob_write,       // Memory outside the output changed.
  uninit_read,     // The result depends on memory outside the inputs.
  nondet,          // The same call twice gave two results, one of them wrong.
  flaky,           // Run again alone, it failed some times and not others.
  sequence,        // Fails after certain other cases, passes alone.
  race,            // Work ran before what it had to wait for.
  leak,            // Memory, descriptors, threads or mappings grow with every call.
  crash,           // The process died.
  hang,            // The deadline passed.
  device_lost,     // The device was lost.
  abi,             // The plugin broke the rules of the interface itself.
  bad_error,       // A mistaken call was accepted, or refused with another status or argument.
  mistrusted,      // The case proves nothing on this device.
  oracle_doubt,    // Oracle and recorded result disagree: neither can judge.
  waived,          // Failed as a waiver says.
  xpass,           // Passed although a waiver expects a failure.
  not_run          // Planned, and not run to a verdict.
};

constexpr std::string_view name(Verdict v) {
  switch (v) {
    case Verdict::pass: return "PASS";
    case Verdict::quality_warn: return "QUALITY_WARN";
    case Verdict::not_claimed: return "NOT_CLAIMED";
    case Verdict::resource: return "RESOURCE";
    case Verdict::profile_gap: return "PROFILE_GAP";
    case Verdict::lied: return "LIED";
    case Verdict::fail: return "FAIL";
    case Verdict::bias: return "BIAS";
    case Verdict::special_value: return "SPECIAL_VALUE";
    case Verdict::input_modified: return "INPUT_MODIFIED";
    case Verdict::oob_write: return "OOB_WRITE";
    case Verdict::uninit_read: return "UNINIT_READ";
    case Verdict::nondet: return "NONDET";
    case Verdict::flaky: return "FLAKY";
    case Verdict::sequence: return "SEQUENCE";
    case Verdict::race: return "RACE";
    case Verdict::leak: return "LEAK";
    case Verdict::crash: return "CRASH";
    case Verdict::hang: return "HANG";
    case Verdict::device_lost: return "DEVICE_LOST";
    case Verdict::abi: return "ABI";
    case Verdict::bad_error: return "BAD_ERROR";
    case Verdict::mistrusted: return "MISTRUSTED";
    case Verdict::oracle_doubt: return "ORACLE_DOUBT";
    case Verdict::waived: return "WAIVED";
    case Verdict::xpass: return "XPASS";
    case Verdict::not_run: return "NOT_RUN";
  }
  return "?";
}

inline constexpr Verdict kLastVerdict = Verdict::not_run;

// The verdict of this name.
constexpr std::optional<Verdict> verdict_of(std::string_view text) {
  for (unsigned k = 0; k <= static_cast<unsigned>(kLastVerdict); ++k) {
    if (name(static_cast<Verdict>(k)) == text) return static_cast<Verdict>(k);
  }
  return std::nullopt;
}

constexpr bool passes(Verdict v) { return v == Verdict::pass || v == Verdict::quality_warn; }
constexpr bool neutral(Verdict v) {
  return v == Verdict::not_claimed || v == Verdict::resource || v == Verdict::waived;
}
constexpr bool fails(Verdict v) { return !passes(v) && !neutral(v); }
// Memory was touched that is not the call's, or a process or device went down: no waiver covers it.
constexpr bool severe(Verdict v) {
  switch (v) {
    case Verdict::oob_write:
    case Verdict::uninit_read:
    case Verdict::input_modified:
    case Verdict::crash:
    case Verdict::hang:
    case Verdict::device_lost:
    case Verdict::abi: return true;
    default: return false;
  }
}

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_COMPARE_VERDICT_HPP_
