// SPDX-License-Identifier: Apache-2.0
//
// The command line as a plain struct.

#ifndef FG_CONFORMANCE_CLI_HPP_
#define FG_CONFORMANCE_CLI_HPP_

#include <optional>
#include <string>
#include <vector>

#include "core/catalogue/profile.hpp"

namespace fg::conformance {

// Of every tool of the project.
enum Exit : int {
  kConformant = 0,
  kFailures = 1,
  kUsage = 2,
  kUnavailable = 3,
  kInternal = 4,
  kNothingSelected = 5,
  kInterrupted = 130
};

struct CommandLine {
  std::string verb = "run";
  std::string plugin;
  std::string device;
  std::string tier = "standard";
  std::string profile{core::kProfiles.front()};
  std::string golden;
  std::vector<std::string> filters;
  std::vector<std::string> ids;    // repro, explain, minimise
  std::vector<std::string> files;  // merge: journals; mutate: names; diff: two journals; report, sign: one; verify: a
                                   // certificate; keygen: a key
  std::string json, junit, markdown, html;  // a file, or - for stdout
  std::string journal;
  std::string emit_c;    // repro: a file
  std::string mutants;   // folder
  unsigned least = 100;  // mutate: percent of the bugs that must be found
  std::string waivers;   // file
  std::string key, key_name;
  std::string output = "-";  // sign
  std::size_t spot = 0;      // verify: cases to run again
  std::string shard = "1/1";
  std::string color = "auto";
  std::size_t fail_fast = 0;
  unsigned jobs = 1;
  double deadline = 0;  // seconds a case; 0: by what such cases take
  int seed = 0;
  bool quiet = false, verbose = false, resume = false, all_cases = false;
};

// The command line, or the exit code when there is nothing to do but leave (help, version, mistake).
struct Parsed {
  std::optional<CommandLine> line;
  int exit = kConformant;
};
Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CLI_HPP_
