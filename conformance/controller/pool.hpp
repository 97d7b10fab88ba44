// SPDX-License-Identifier: Apache-2.0
//
// Cases spread over worker processes.  A worker that dies or does not answer takes one case with it;
// the others go on in a new process.

#ifndef FG_CONFORMANCE_CONTROLLER_POOL_HPP_
#define FG_CONFORMANCE_CONTROLLER_POOL_HPP_

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "conformance/controller/deadlines.hpp"
#include "conformance/controller/process.hpp"
#include "conformance/runner/judge.hpp"

namespace fg::conformance {

// What became of one case.
struct Outcome {
  std::size_t index = 0;
  CaseResult result;
  bool died = false;                // CRASH or HANG: its process is gone
  std::vector<std::size_t> before;  // cases that the same worker had run, in order; only when it fails
};

class Pool {
 public:
  // `names` must outlive the pool.
  Pool(WorkerArguments worker, const std::vector<std::string>& names, Deadlines deadlines)
      : worker_(std::move(worker)), names_(names), deadlines_(std::move(deadlines)) {}

  // Called once, when the first worker has opened the plugin; says whether to go on.
  void when_opened(std::function<bool(const Subject&)> f) { when_opened_ = std::move(f); }
  bool opened() const { return opened_; }

  // Runs the cases in `jobs` workers at once; `take` gets every outcome and says whether to go on.  A
  // case that was right gets a second outcome when its worker dies before the next one begins.
  // `fresh_after`: a worker is replaced after so many cases.  Returns what kept the plugin from
  // being opened, which is tried even for no cases; cases without an outcome then were not run.
  Result<void> run(std::span<const std::size_t> cases, unsigned jobs, std::size_t fresh_after,
                   const std::function<bool(Outcome)>& take);

 private:
  struct Slot {
    std::unique_ptr<WorkerProcess> process;
    bool greeted = false, finishing = false;
    std::deque<std::size_t> sent;   // not answered yet
    std::vector<std::size_t> done;  // answered, in order
    std::string_view kind;          // of the case sent last
  };

  std::size_t take_waiting(Slot& slot, std::span<const Slot> slots);
  Result<void> feed(Slot& slot, std::span<const Slot> slots, std::size_t fresh_after);
  Result<void> listen(Slot& slot);
  Result<void> hear(Slot& slot, const std::string& line);
  Result<void> watch(Slot& slot);
  Result<void> bury(Slot& slot, Verdict verdict, const std::string& how);
  void wait(std::vector<Slot>& slots) const;

  WorkerArguments worker_;
  const std::vector<std::string>& names_;
  Deadlines deadlines_;
  std::function<bool(const Subject&)> when_opened_;
  bool opened_ = false;
  std::deque<std::size_t> waiting_;
  std::function<bool(Outcome)> take_;
  bool go_on_ = true;
  unsigned failed_starts_ = 0;
};

// Asks every run of this process to stop; safe in a signal handler.
void request_stop();
bool stop_requested();

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CONTROLLER_POOL_HPP_
