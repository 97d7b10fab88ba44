// SPDX-License-Identifier: Apache-2.0
//
// The process that loads a plugin and runs cases for a controller.
//
//   descriptor 0  names of cases, a line each; the end of it ends the worker
//   descriptor 3  first {"hello":SUBJECT} or {"refused":{"status":N,"message":"..."}}, then a line of
//                 JSON for every case, in order
//   descriptor 4  a PhasePage in shared memory

#ifndef FG_CONFORMANCE_WORKER_WORKER_HPP_
#define FG_CONFORMANCE_WORKER_WORKER_HPP_

#include <string>

#include "conformance/report/subject.hpp"
#include "conformance/runner/device.hpp"

namespace fg::conformance {

inline constexpr int kResultFd = 3;
inline constexpr int kPageFd = 4;

struct WorkerArguments {
  std::string plugin;                    // as --plugin
  std::string golden;                    // a corpus, or empty: the catalogue's cases
  std::vector<std::string> environment;  // NAME=value, beside what the controller has
  std::string profile{core::kProfiles.front()};
};

// Serves until descriptor 0 ends.  Returns the exit status of the process.
int run_worker(const WorkerArguments& arguments);

// The parts of a Subject that are known where the plugin is loaded.
Subject subject_of(const Device& device);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_WORKER_WORKER_HPP_
