// SPDX-License-Identifier: Apache-2.0
//
// The command line of fg-models.

#ifndef FG_EXAMPLES_MODELS_TOOL_OPTIONS_HPP_
#define FG_EXAMPLES_MODELS_TOOL_OPTIONS_HPP_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "examples/models/generate/sampler.hpp"

namespace fg::models {

// Exit codes of all tools.
inline constexpr int kOk = 0, kFailures = 1, kUsage = 2, kUnavailable = 3, kInternal = 4, kInterrupted = 130;

struct Options {
  enum class Verb : std::uint8_t { embed, generate, bench } verb = Verb::generate;

  // Of all verbs.
  std::string model;   // A folder as Hugging Face writes it.
  std::string random;  // Instead: a named size with random weights.
  std::string vendor;  // As GEMS_VENDOR; empty: what that says.
  std::string dtype;   // f32, f16, bf16; empty: the model's.
  std::optional<std::int64_t> context;
  std::string record;  // File that calls are written to.
  bool check = false;
  bool quiet = false;
  bool json = false;

  // embed and generate.
  std::vector<std::string> texts;  // Sentences, prompts.
  std::vector<std::string> ids;    // Instead: tokens, "1,2,3".

  // embed
  std::string pool = "mean";
  bool normalize = true;
  bool cosine = false;
  std::string output;

  // generate
  std::vector<std::string> images;
  std::int64_t new_tokens = 128;
  Sampling sampling;
  std::vector<std::int64_t> stop;
  bool ignore_eos = false;
  bool graph = true;

  // bench
  std::vector<std::int64_t> batches{1}, lengths{512};
  std::int64_t repeats = 3;
};

// What main() does next: run with the options, or leave with `exit_code`.
struct Parsed {
  Options options;
  bool leave = false;
  int exit_code = kOk;
};
Parsed parse_options(int argc, char** argv);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_TOOL_OPTIONS_HPP_
