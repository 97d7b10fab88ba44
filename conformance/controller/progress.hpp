// SPDX-License-Identifier: Apache-2.0
//
// How far a run is, on stderr: one line on a terminal, rewritten; elsewhere a line for every tenth.

#ifndef FG_CONFORMANCE_CONTROLLER_PROGRESS_HPP_
#define FG_CONFORMANCE_CONTROLLER_PROGRESS_HPP_

#include <chrono>
#include <cstddef>
#include <string>

namespace fg::conformance {

class Progress {
 public:
  Progress(bool quiet, bool terminal, std::size_t total)
      : quiet_(quiet), terminal_(terminal), total_(total), start_(std::chrono::steady_clock::now()) {}
  ~Progress() { clear(); }

  void show(std::size_t done, std::size_t failed, const std::string& doing);
  void clear();  // before something else is written
  double seconds() const;

 private:
  bool quiet_, terminal_, drawn_ = false;
  std::size_t total_, tenths_ = 0;
  std::chrono::steady_clock::time_point start_;
  double shown_ = -1;
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CONTROLLER_PROGRESS_HPP_
