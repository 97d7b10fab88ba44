// SPDX-License-Identifier: Apache-2.0
//
// fg-models generate: tokens after prompts, as they come.

#include "examples/models/generate/generate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "examples/models/io/error.hpp"
#include "examples/models/io/image.hpp"
#include "examples/models/tool/session.hpp"

namespace fg::models {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

double rate(std::int64_t tokens, double seconds) { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }

// The prompts as tokens, and the way back to text.
struct Prompts {
  std::vector<std::vector<std::int64_t>> rows;
  std::optional<Tokenizer> tokenizer;  // With --prompt.

  std::string text(std::size_t row, const Generated& g) const {
    return tokenizer->decode(std::span(g.tokens[row]).subspan(rows[row].size()));
  }
};

Prompts prompts_of(const Options& o) {
  Prompts p;
  for (const std::string& text : o.ids) p.rows.push_back(parse_ids(text));
  if (o.texts.empty()) return p;
  p.tokenizer = open_tokenizer(o);
  for (const std::string& text : o.texts) p.rows.push_back(p.tokenizer->encode(text));
  return p;
}

nlohmann::json json_of(const Generated& g, const Prompts& p) {
  nlohmann::json j{{"tokens", g.tokens},           {"prompt_tokens", g.prompt_tokens},
                   {"new_tokens", g.new_tokens},   {"first_token_s", g.first_token_s},
                   {"decode_s", g.decode_s},       {"cache_bytes", g.cache_bytes},
                   {"memory_bytes", peak_bytes()}, {"graph_replays", g.replays}};
  for (std::size_t row = 0; p.tokenizer && row < p.rows.size(); ++row) j["text"].push_back(p.text(row, g));
  return j;
}

// [images, 3, side, side]
Tensor load_pixels(const Options& o, const Model::ImageTokens& image) {
  const ImageConfig config = load_image_config(o.model, image.side);
  std::vector<Tensor> all;
  for (const std::string& path : o.images) {
    const PixelValues p = preprocess(load_image(path), config);
    all.push_back(Tensor::from(p.values, {1, 3, p.height, p.width}));
  }
  return cat(all, 0);
}

// A prompt has one token for an image; the model wants one for each of its patches.
void make_room(const Model::ImageTokens& image, std::vector<std::vector<std::int64_t>>& rows, std::size_t images) {
  std::size_t there = 0;
  for (const auto& row : rows) there += static_cast<std::size_t>(std::ranges::count(row, image.id));
  if (there != images) return;  // They are there already, or the model says what is wrong.
  for (auto& row : rows) {
    std::vector<std::int64_t> wide;
    for (const std::int64_t id : row)
      wide.insert(wide.end(), id == image.id ? static_cast<std::size_t>(image.per_image) : 1, id);
    row = std::move(wide);
  }
}

Tensor images_of(const Options& o, const Model& model, Prompts& prompts) {
  if (o.images.empty()) return {};
  const auto image = model.image_tokens();
  if (!image) refuse(FG_E_UNSUPPORTED, "a " + model.config().model_type + " model takes no images");
  make_room(*image, prompts.rows, o.images.size());
  return load_pixels(o, *image);
}

// One row is shown as it comes, several when they are whole.
class Shown {
 public:
  Shown(const Options& o, const Prompts& p) : on_(!o.json && p.rows.size() == 1) {
    if (p.tokenizer) decoder_.emplace(*p.tokenizer);
  }
  void token(std::int64_t id) {
    if (!on_) return;
    fmt::print("{}", decoder_ ? decoder_->push(id) : fmt::format("{} ", id));
    std::fflush(stdout);
  }
  void end() {
    if (on_) fmt::print("{}\n", decoder_ ? decoder_->finish() : "");
  }

 private:
  bool on_;
  std::optional<StreamDecoder> decoder_;
};

void print_rows(const Prompts& p, const Generated& g) {
  for (std::size_t row = 0; row < p.rows.size(); ++row) {
    const auto fresh = std::span(g.tokens[row]).subspan(p.rows[row].size());
    fmt::print("{}: {}\n", row, p.tokenizer ? p.text(row, g) : fmt::format("{}", fmt::join(fresh, " ")));
  }
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
  Prompts prompts = prompts_of(o);
  const Tensor pixels = images_of(o, model, prompts);
  GenerateOptions options;
  options.max_new_tokens = o.new_tokens;
  options.sampling = o.sampling;
  options.graph = o.graph && !o.check;  // A replay calls no operators.
  options.stop_tokens = o.stop;
  if (!o.ignore_eos) {
    const auto& own = model.config().eos_token_id;
    options.stop_tokens.insert(options.stop_tokens.end(), own.begin(), own.end());
  }
  Shown shown(o, prompts);
  options.on_token = [&](std::size_t, std::int64_t token) {
    shown.token(token);
    return g_interrupted == 0;
  };
  std::signal(SIGINT, [](int) { g_interrupted = 1; });
  const Generated g = generate(model, prompts.rows, pixels, options);
  shown.end();
  if (o.json) {
    fmt::print("{}\n", json_of(g, prompts).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    if (prompts.rows.size() > 1) print_rows(prompts, g);
    if (!o.quiet) print_figures(g);
  }
  return g_interrupted != 0 ? kInterrupted : kOk;
}

}  // namespace fg::models
