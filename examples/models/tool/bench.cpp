// SPDX-License-Identifier: Apache-2.0
//
// fg-models bench: tokens per second of prompt and decode, and how near they come to what the machine can do.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "examples/models/generate/generate.hpp"
#include "examples/models/io/error.hpp"
#include "examples/models/tool/ceiling.hpp"
#include "examples/models/tool/session.hpp"

namespace fg::models {
namespace {

struct Row {
  std::int64_t batch = 0, prompt = 0, steps = 0;
  double first_token_s = 0, step_s = 0;
  std::uint64_t cache_bytes = 0, replays = 0;
  double read_gbps = 0;                         // Of memory, beside the runs.
  double prompt_of_peak = 0, step_of_read = 0;  // 0: there is nothing to compare with.

  double prompt_rate() const { return static_cast<double>(batch * prompt) / first_token_s; }
  double decode_rate() const { return steps == 0 ? 0 : static_cast<double>(batch) / step_s; }
};

double median(std::vector<double> x) {
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::ranges::nth_element(x, middle);
  return *middle;
}

// Weights are read once for all rows; a step reads them at the speed of memory at best, and a prompt multiplies them at
// that of the multipliers.  The rest, attention and norms, is theirs to lose.
void compare(Row& r, const Model& model, const Ceiling& ceiling) {
  if (r.read_gbps > 0 && r.step_s > 0)
    r.step_of_read = static_cast<double>(model.bytes_per_step()) / r.step_s * 1e-9 / r.read_gbps;
  const double peak = ceiling.gflops(model.dtype());
  if (peak > 0)
    r.prompt_of_peak = static_cast<double>(r.batch) * model.prompt_flops(r.prompt) / r.first_token_s * 1e-9 / peak;
}

Row measure(const Model& model, const Options& o, const Ceiling& ceiling, std::int64_t batch, std::int64_t prompt) {
  std::mt19937_64 random(o.sampling.seed);
  std::vector<std::vector<std::int64_t>> prompts(static_cast<std::size_t>(batch));
  for (auto& row : prompts) {
    for (std::int64_t i = 0; i < prompt; ++i)
      row.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(model.config().vocab_size)));
  }
  GenerateOptions options;
  options.max_new_tokens = o.new_tokens;
  options.graph = o.graph && !o.check;
  Row row{.batch = batch, .prompt = prompt};
  std::vector<double> first, step, read;
  // The first run is not counted: it prepares kernels and touches memory.
  for (std::int64_t i = 0; i <= o.repeats; ++i) {
    const Generated g = generate(model, prompts, {}, options);
    row.steps = g.steps;
    row.cache_bytes = g.cache_bytes;
    row.replays = g.replays;
    read.push_back(ceiling.read_gbps());  // Before and after every run that counts.
    if (i == 0) continue;
    first.push_back(g.first_token_s);
    step.push_back(g.decode_s / static_cast<double>(std::max<std::int64_t>(g.steps, 1)));
  }
  row.first_token_s = median(first);
  row.step_s = row.steps == 0 ? 0 : median(step);
  row.read_gbps = median(read);
  compare(row, model, ceiling);
  return row;
}

nlohmann::json json_of(const Row& r) {
  return {{"batch", r.batch},
          {"prompt", r.prompt},
          {"new_tokens", r.steps + 1},
          {"first_token_s", r.first_token_s},
          {"prompt_tokens_per_s", r.prompt_rate()},
          {"step_s", r.step_s},
          {"decode_tokens_per_s", r.decode_rate()},
          {"prompt_of_peak", r.prompt_of_peak},
          {"step_of_read", r.step_of_read},
          {"read_gbps", r.read_gbps},
          {"cache_bytes", r.cache_bytes},
          {"graph_replays", r.replays}};
}

std::string name_of(const Options& o) { return o.random.empty() ? o.model : o.random; }

std::string percent(double part) { return part > 0 ? fmt::format("{:.0f} %", 100 * part) : "-"; }

void print_row(const Row& r, double read) {
  fmt::print("{:>6} {:>7} {:>11.1f}ms {:>11.1f} {:>8} {:>12.2f} {:>13.2f} {:>9.2f} {:>8}\n", r.batch, r.prompt,
             r.first_token_s * 1e3, r.prompt_rate(), percent(r.prompt_of_peak), r.step_s * 1e3, r.decode_rate(),
             r.step_s > 0 ? read / r.step_s * 1e-9 : 0, percent(r.step_of_read));
  std::fflush(stdout);
}

void print_head(const Options& o, const Model& model) {
  fmt::print("{} on {}, {:.3g} GB of weights, {:.3g} GB read by a step\n", name_of(o), Device::current().name(),
             static_cast<double>(model.weight_bytes()) * 1e-9, static_cast<double>(model.bytes_per_step()) * 1e-9);
  fmt::print("{:>6} {:>7} {:>13} {:>11} {:>8} {:>12} {:>13} {:>9} {:>8}\n", "batch", "prompt", "first token",
             "prompt t/s", "of peak", "decode ms", "decode t/s", "GB/s", "of read");
}

}  // namespace

int run_bench(const Options& o, const Model& model) {
  if (!model.generates())
    refuse(FG_E_UNSUPPORTED, "bench measures models that generate, " + model.config().model_type + " does not");
  const double read = static_cast<double>(model.bytes_per_step());
  const Ceiling ceiling;
  nlohmann::json rows = nlohmann::json::array();
  for (const std::int64_t batch : o.batches) {
    for (const std::int64_t prompt : o.lengths) {
      const Row r = measure(model, o, ceiling, batch, prompt);
      if (!o.json && rows.empty()) print_head(o, model);
      rows.push_back(json_of(r));
      if (!o.json) print_row(r, read);
    }
  }
  if (o.json) {
    const nlohmann::json all{{"model", name_of(o)},
                             {"device", Device::current().name()},
                             {"weight_bytes", model.weight_bytes()},
                             {"bytes_per_step", model.bytes_per_step()},
                             {"peak_gflops", ceiling.gflops(model.dtype())},
                             {"memory_bytes", peak_bytes()},
                             {"rows", rows}};
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (!o.quiet) {
    fmt::print("memory at most {:.3g} GB\n", static_cast<double>(peak_bytes()) * 1e-9);
  }
  return kOk;
}

}  // namespace fg::models
