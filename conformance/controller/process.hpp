// SPDX-License-Identifier: Apache-2.0
//
// One worker process, seen from its controller.

#ifndef FG_CONFORMANCE_CONTROLLER_PROCESS_HPP_
#define FG_CONFORMANCE_CONTROLLER_PROCESS_HPP_

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/phase.hpp"
#include "conformance/worker/worker.hpp"

namespace fg::conformance {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  void close();

 private:
  int fd_ = -1;
};

// How a worker ended, in words: "exit status 3", "SIGSEGV (segmentation fault)".
std::string ending_text(int wait_status);

class WorkerProcess {
 public:
  // FG_E_INTERNAL when the system has no process to give.
  static Result<std::unique_ptr<WorkerProcess>> start(const WorkerArguments& arguments);
  // Ends the process and everything that it started.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  void send(const std::string& id);
  void finish();  // no more cases: the worker leaves when it has run them
  // SIGTERM, then SIGKILL to the whole group when it does not go within two seconds.
  void end();

  // What there is to wait for: results, output, space for names, the end.
  void add_to(std::vector<pollfd>& wanted) const;
  // Moves what can be moved without waiting.
  void pump();
  // Whole lines that arrived since the last call.
  std::vector<std::string> take_lines();
  // The wait status once the process has ended and its last lines were read.
  std::optional<int> ended() const { return ended_; }

  Phase phase() const { return static_cast<Phase>(page_->phase.load()); }
  std::uint64_t begun() const { return page_->begun.load(std::memory_order_acquire); }
  // Time since the last case was begun, or since the start when there was none.
  std::chrono::nanoseconds busy_for() const;
  // The end of what it wrote to its stdout and stderr, and how much that was in all.
  const std::string& said() const { return said_; }
  std::uint64_t said_bytes() const { return said_bytes_; }

 private:
  WorkerProcess() = default;
  void read_results();
  void read_output();
  void write_names();
  void reap();

  pid_t pid_ = -1;
  Descriptor names_, results_, output_, pid_fd_;
  PhasePage* page_ = nullptr;
  std::chrono::steady_clock::time_point started_;
  std::string unsent_, partial_, said_;
  bool finishing_ = false, results_open_ = true;
  std::uint64_t said_bytes_ = 0;
  std::vector<std::string> lines_;
  std::optional<int> ended_;
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CONTROLLER_PROCESS_HPP_
