// SPDX-License-Identifier: Apache-2.0
//
// Recorded models: hidden states and logits within the bound of two f32 runs, the same greedy tokens.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "examples/models/arch/bert.hpp"
#include "examples/models/arch/model.hpp"
#include "examples/models/generate/generate.hpp"
#include "tests/models/bound.hpp"

namespace fg::models::test {
namespace {

namespace fs = std::filesystem;

// The recorded models at hand: all of FG_GOLDEN_DIR, else the selection of this repository.
fs::path golden_dir() {
  for (const char* name : {"FG_GOLDEN_DIR", "FG_TEST_FALLBACK_GOLDEN"}) {
    const char* dir = std::getenv(name);
    if (dir != nullptr && fs::is_directory(fs::path(dir) / "models")) return fs::path(dir) / "models";
  }
  return FG_GOLDEN_MODELS;
}

std::vector<std::string> models_to_judge() {
  if (golden_dir() != FG_GOLDEN_MODELS) {
    return {"tiny-bert", "tiny-llama", "tiny-qwen2", "tiny-qwen3", "tiny-mixtral", "tiny-deepseek-v3", "tiny-llava"};
  }
  std::puts("no FG_GOLDEN_DIR: the two models of tests/golden/models judge alone");
  return {"tiny-bert", "tiny-llama"};
}

struct Recorded {
  std::map<std::string, Tensor> tensors;

  explicit Recorded(const fs::path& folder) {
    for (auto& [name, t] : load_safetensors((folder / "golden.safetensors").string())) tensors[name] = t;
  }
  bool has(const std::string& name) const { return tensors.count(name) != 0; }
  const Tensor& operator[](const std::string& name) const { return tensors.at(name); }
  std::vector<std::vector<bool>> mask() const {
    const Tensor& t = tensors.at("input.attention_mask");
    const auto values = t.to_vector<std::int64_t>();
    std::vector<std::vector<bool>> rows(static_cast<std::size_t>(t.size(0)));
    for (std::size_t i = 0; i < values.size(); ++i)
      rows[i / static_cast<std::size_t>(t.size(1))].push_back(values[i] != 0);
    return rows;
  }
};

std::vector<std::vector<std::int64_t>> rows_of(const Tensor& ids) {
  std::vector<std::vector<std::int64_t>> rows;
  for (std::int64_t b = 0; b < ids.size(0); ++b)
    rows.push_back(ids.select(0, b).contiguous().to_vector<std::int64_t>());
  return rows;
}

// The greatest ratio of a difference to its bound over the tokens of `seen`.
double worst(const Tensor& got, const Tensor& wanted, double roundings, const std::vector<bool>& seen) {
  EXPECT_EQ(got.shape(), wanted.shape());
  const auto a = got.to_vector<float>(), b = wanted.to_vector<float>();
  const auto n = static_cast<std::size_t>(wanted.size(-1));
  double ratio = 0;
  for (std::size_t row = 0; row * n < b.size(); ++row) {
    if (!seen.empty() && !seen[row]) continue;
    double largest = 0, apart = 0;
    for (std::size_t i = row * n; i < (row + 1) * n; ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(b[i])));
      const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      apart = std::isnan(d) ? HUGE_VAL : std::max(apart, d);
    }
    const double allowed = bound(roundings, largest);
    ratio = std::max(ratio, apart == 0 ? 0 : apart / allowed);
  }
  return ratio;
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    folder_ = golden_dir() / GetParam();
    model_ = load_model(folder_.string(), {});
    recorded_ = std::make_unique<Recorded>(folder_);
  }
  Input input() const {
    Input in;
    const Recorded& r = *recorded_;
    in.ids = r["input.input_ids"];
    if (model_->generates())
      in.step =
          Cache{.padding = std::vector<std::int64_t>(static_cast<std::size_t>(in.ids.size(0)), 0)}.next(in.ids.size(1));
    else
      in.step = encoder_step(r.mask());
    if (r.has("input.token_type_ids")) in.token_types = r["input.token_type_ids"];
    if (r.has("input.pixel_values")) in.pixels = r["input.pixel_values"];
    return in;
  }
  double roundings(int i) const {
    const Config& c = model_->config();
    const double keys = static_cast<double>((*recorded_)["input.input_ids"].size(1));
    const Config whole = load_config(folder_.string());
    const double image = whole.vision_config ? vision_roundings(*whole.vision_config, keys) +
                                                   static_cast<double>(whole.vision_config->hidden_size + c.hidden_size)
                                             : 0;
    return image + hidden_roundings(c, keys, i);
  }
  // Tokens that carry meaning, row after row.
  std::vector<bool> seen() const {
    std::vector<bool> all;
    for (const auto& row : recorded_->mask()) all.insert(all.end(), row.begin(), row.end());
    return all;
  }

  fs::path folder_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Recorded> recorded_;
};

TEST_P(Golden, HiddenStatesAndLogitsAreWithinTheBound) {
  const Recorded& r = *recorded_;
  const Output out = model_->forward(input(), nullptr, true);
  const int layers = static_cast<int>(model_->config().num_hidden_layers);
  ASSERT_EQ(out.hidden.size(), static_cast<std::size_t>(layers) + 1);
  for (int i = 0; i <= layers; ++i) {
    const double ratio = worst(out.hidden[static_cast<std::size_t>(i)], r["hidden." + std::to_string(i)],
                               std::max(roundings(i), 1.0), seen());
    EXPECT_LE(ratio, 1) << "hidden state " << i;
    RecordProperty("hidden." + std::to_string(i), std::to_string(ratio));
  }
  const double head = static_cast<double>(model_->config().hidden_size);
  if (model_->generates()) {
    EXPECT_LE(worst(model_->logits(out.last), r["logits"], roundings(layers) + head, seen()), 1);
    return;
  }
  EXPECT_LE(worst(out.last, r["last_hidden_state"], roundings(layers), seen()), 1);
  EXPECT_LE(worst(out.pooled, r["pooler_output"], roundings(layers) + head + 8, {}), 1);
}

// The bound tells inputs apart: rows in the place of each other, an image turned around and padding that
// is seen are outside of it.
TEST_P(Golden, AnotherInputIsOutside) {
  Input in = input();
  Input other = in;
  if (model_->generates()) {
    other.ids = flip(in.ids, {0});
    if (in.ids.size(0) == 1) other.pixels = flip(in.pixels, {3});
  } else {
    other.step.mask = {};
  }
  const int layers = static_cast<int>(model_->config().num_hidden_layers);
  const Output out = model_->forward(other, nullptr, false);
  EXPECT_GT(worst(out.last, (*recorded_)["hidden." + std::to_string(layers)], roundings(layers), seen()), 1);
}

TEST_P(Golden, GreedyTokensAreTheSame) {
  if (!model_->generates()) return;
  const auto wanted = rows_of((*recorded_)["greedy"]), prompts = rows_of((*recorded_)["input.input_ids"]);
  GenerateOptions options;
  options.max_new_tokens = static_cast<std::int64_t>(wanted[0].size() - prompts[0].size());
  options.stop_tokens = {};
  for (const bool graph : {false, true}) {
    options.graph = graph;
    EXPECT_EQ(generate(*model_, prompts, input().pixels, options).tokens, wanted)
        << (graph ? "with a graph" : "step by step");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, testing::ValuesIn(models_to_judge()), [](const auto& each) {
  std::string name = each.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace fg::models::test
