// SPDX-License-Identifier: Apache-2.0
//
// The command line of fg-bench.

#ifndef FG_BENCH_OPTIONS_HPP_
#define FG_BENCH_OPTIONS_HPP_

#include <cstdint>
#include <string>
#include <vector>

namespace fg::bench {

// Exit codes of all tools.
inline constexpr int kOk = 0, kFailures = 1, kUsage = 2, kUnavailable = 3, kInternal = 4, kNothing = 5,
                     kInterrupted = 130;

struct Options {
  enum class Verb : std::uint8_t { run, list, compare, html } verb = Verb::run;
  std::string plugin = "libfg_cpu.so";
  std::vector<std::string> filters;  // Globs over case names; none: all.
  std::vector<std::string> dtypes;   // None: f32, f16, bf16, and i64 where there is no float.
  bool quick = false;
  bool json = false;
  bool quiet = false;
  bool peers = true;
  bool enforce = false;                         // A missed limit is a failure.
  std::string output;                           // JSON file beside the table.
  std::string html;                             // Page beside the table.
  std::string peer_command;                     // Another program that times the same calls.
  double min_time_s = 0.2;                      // A case.
  double max_bytes = 1024.0 * 1024.0 * 1024.0;  // Of the tensors of a case.
  int threads = 0;                              // 0: one per core of the process's mask.
  std::string before, after;                    // compare; html: the document and the page
  double threshold = 5;                         // compare: percent that counts as a change
};

// What main() does next: run with the options, or leave with `exit_code`.
struct Parsed {
  Options options;
  bool leave = false;
  int exit_code = kOk;
};
Parsed parse_options(int argc, char** argv);

}  // namespace fg::bench

#endif  // FG_BENCH_OPTIONS_HPP_
