// SPDX-License-Identifier: Apache-2.0
//
// Another program that times the same calls, case by case in turns with this one, so that both meet
// the same machine.  It reads a JSON object a line and answers with one: bench/peers/README.md.

#ifndef FG_BENCH_PEER_PROCESS_HPP_
#define FG_BENCH_PEER_PROCESS_HPP_

#include <sys/types.h>

#include <optional>
#include <string>

#include "bench/cases.hpp"
#include "bench/peers.hpp"

namespace fg::bench {

class PeerProcess {
 public:
  // Runs `command` by /bin/sh and asks for its name.  An error says what the command did instead.
  static Result<PeerProcess> start(const std::string& command, int threads, double seconds_a_case);
  PeerProcess(PeerProcess&& other) noexcept;
  PeerProcess& operator=(PeerProcess&&) = delete;
  ~PeerProcess();  // Closes its input and waits for it, at most a second; then kills it.

  const std::string& name() const { return name_; }
  // What it measured; nothing where it has no such call (`left_out` counts) or has died.
  std::optional<PeerResult> measure(const Case& c);
  int left_out() const { return left_out_; }
  // Why it answers no more; empty while it does.
  const std::string& failure() const { return failure_; }

 private:
  PeerProcess(pid_t pid, int to, int from) : pid_(pid), to_(to), from_(from) {}
  Result<std::string> ask(const std::string& line);

  pid_t pid_;
  int to_, from_;
  std::string name_, failure_, buffer_;
  int left_out_ = 0;
};

}  // namespace fg::bench

#endif  // FG_BENCH_PEER_PROCESS_HPP_
