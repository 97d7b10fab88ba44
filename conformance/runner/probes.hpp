// SPDX-License-Identifier: Apache-2.0
//
// Cases that are no operator call: memory, streams, claims.  Each is a function of the device.

#ifndef FG_CONFORMANCE_RUNNER_PROBES_HPP_
#define FG_CONFORMANCE_RUNNER_PROBES_HPP_

#include "conformance/runner/judge.hpp"

namespace fg::conformance {

struct Probe {
  std::string_view area, name, summary;
  CaseResult (*run)(const Device& device);
  bool quick;
  Verdict failing = Verdict::fail;  // what it is when the answer is wrong
  bool large = false;               // takes gigabytes, or seconds
};
// The answer of a probe whose control showed that it would see nothing on this device.
inline constexpr std::string_view kProvesNothing =
    "the control without the wait never failed: this test proves nothing on this device";
// The list that follows from nothing but the suite; claims of operators are added by the plan.
std::span<const Probe> probes();
// Whether the case is such a probe.
bool is_large(std::string_view id);

// A case of an area without operators, by its name.
CaseResult run_probe(const Device& device, const Case& c);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_PROBES_HPP_
