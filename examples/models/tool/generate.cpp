// SPDX-License-Identifier: Apache-2.0
//
// fg-models generate: tokens after prompts, as they come.

#include "examples/models/generate/generate.hpp"

#include <fmt/format.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "examples/models/io/error.hpp"
#include "examples/models/tool/session.hpp"

namespace fg::models {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

double rate(std::int64_t tokens, double seconds) { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }

nlohmann::json json_of(const Generated& g) {
  return {{"tokens", g.tokens},           {"prompt_tokens", g.prompt_tokens},
          {"new_tokens", g.new_tokens},   {"first_token_s", g.first_token_s},
          {"decode_s", g.decode_s},       {"cache_bytes", g.cache_bytes},
          {"memory_bytes", peak_bytes()}, {"graph_replays", g.replays}};
}

void print_figures(const Generated& g) {
  const std::int64_t later = g.new_tokens - static_cast<std::int64_t>(g.tokens.size());
  fmt::print(stderr,
             "{} prompt tokens, first token after {:.1f} ms ({:.1f} prompt tokens/s); {} new tokens, {:.2f} tokens/s; "
             "cache {:.3g} MB, memory at most {:.3g} MB{}\n",
             g.prompt_tokens, g.first_token_s * 1e3, rate(g.prompt_tokens, g.first_token_s), g.new_tokens,
             rate(later, g.decode_s), static_cast<double>(g.cache_bytes) * 1e-6,
             static_cast<double>(peak_bytes()) * 1e-6, g.replays > 0 ? ", as a graph" : "");
}

}  // namespace

int run_generate(const Options& o, const Model& model) {
  if (!model.generates()) model.logits({});  // Says why not.
  std::vector<std::vector<std::int64_t>> prompts;
  for (const std::string& text : o.ids) prompts.push_back(parse_ids(text));
  GenerateOptions options;
  options.max_new_tokens = o.new_tokens;
  options.sampling = o.sampling;
  options.graph = o.graph && !o.check;  // A replay calls no operators.
  options.stop_tokens = o.stop;
  if (!o.ignore_eos) {
    const auto& own = model.config().eos_token_id;
    options.stop_tokens.insert(options.stop_tokens.end(), own.begin(), own.end());
  }
  options.on_token = [&](std::size_t row, std::int64_t token) {
    if (!o.json) {
      fmt::print("{}{}", prompts.size() > 1 ? fmt::format("{}: ", row) : "", token);
      fmt::print("{}", prompts.size() > 1 ? "\n" : " ");
      std::fflush(stdout);
    }
    return g_interrupted == 0;
  };
  std::signal(SIGINT, [](int) { g_interrupted = 1; });
  const Generated g = generate(model, prompts, {}, options);
  if (o.json) {
    fmt::print("{}\n", json_of(g).dump(2));
  } else {
    fmt::print("\n");
    if (!o.quiet) print_figures(g);
  }
  return g_interrupted != 0 ? kInterrupted : kOk;
}

}  // namespace fg::models
