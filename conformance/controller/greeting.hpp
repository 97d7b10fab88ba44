// SPDX-License-Identifier: Apache-2.0
//
// The first line of a worker: what its process says of the plugin.

#ifndef FG_CONFORMANCE_CONTROLLER_GREETING_HPP_
#define FG_CONFORMANCE_CONTROLLER_GREETING_HPP_

#include <chrono>
#include <optional>

#include "conformance/worker/worker.hpp"

namespace fg::conformance {

// Nothing for a line that is no greeting; the worker's own error when it could not open the plugin.
Result<std::optional<Subject>> greeting_of(const std::string& line);
// Starts a worker that does nothing but greet.  FG_E_TIMEOUT when it does not in time.
Result<Subject> seen_by_another_process(const WorkerArguments& arguments, std::chrono::seconds patience);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CONTROLLER_GREETING_HPP_
