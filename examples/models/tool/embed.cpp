// SPDX-License-Identifier: Apache-2.0
//
// fg-models embed: sentences as vectors.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "examples/models/arch/bert.hpp"
#include "examples/models/io/error.hpp"
#include "examples/models/tool/session.hpp"

namespace fg::models {
namespace {

using Rows = std::vector<std::vector<std::int64_t>>;

// The rows beside each other, padded at the right.
struct Batch {
  Tensor ids, weights;  // weights [batch, length, 1]: 1 / length of the row, 0 for padding.
  nn::Step step;
};

Batch batch_of(const Rows& rows, const Model& model) {
  std::size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  if (static_cast<std::int64_t>(longest) > model.context()) {
    refuse(FG_E_INVALID,
           fmt::format("a sentence of {} tokens is longer than the context of {} tokens", longest, model.context()));
  }
  std::vector<std::int64_t> ids;
  std::vector<float> weights;
  std::vector<std::vector<bool>> mask;
  for (const auto& row : rows) {
    if (row.empty()) refuse(FG_E_INVALID, "a sentence has no tokens");
    for (std::size_t i = 0; i < longest; ++i) {
      ids.push_back(i < row.size() ? row[i] : model.config().pad_token_id.value_or(0));
      weights.push_back(i < row.size() ? 1 / static_cast<float>(row.size()) : 0);
    }
    mask.emplace_back(longest, false);
    std::fill_n(mask.back().begin(), row.size(), true);
  }
  const auto b = static_cast<std::int64_t>(rows.size()), n = static_cast<std::int64_t>(longest);
  return {Tensor::from(ids, {b, n}), Tensor::from(weights, {b, n, 1}), encoder_step(mask)};
}

Tensor pooled(const Output& out, const Batch& batch, const Options& o) {
  Tensor x;
  if (o.pool == "pooler") {
    if (!out.pooled) refuse(FG_E_UNSUPPORTED, "--pool pooler: this model has no pooler");
    x = out.pooled.to(kF32);
  } else if (o.pool == "cls") {
    x = out.last.select(1, 0).to(kF32);
  } else {
    x = sum(out.last.to(kF32) * batch.weights, 1);
  }
  if (!o.normalize) return x;
  return x / clamp_min(linalg_vector_norm(x, 2, 1, true), 1e-12);
}

std::vector<std::vector<float>> rows_of(const Tensor& t) {
  const std::vector<float> all = t.to_vector<float>();
  const auto n = static_cast<std::ptrdiff_t>(t.size(1));
  std::vector<std::vector<float>> rows;
  for (auto at = all.begin(); at != all.end(); at += n) rows.emplace_back(at, at + n);
  return rows;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

void write_vectors(const std::string& path, const Tensor& vectors) {
  if (path.ends_with(".npy")) return save_npy(path, vectors);
  if (!path.ends_with(".json"))
    refuse(FG_E_INVALID, "--output is " + in_quotes(path) + ", expected a name that ends in .npy or .json");
  std::ofstream out(path, std::ios::binary);
  if (!(out << nlohmann::json(rows_of(vectors)).dump() << "\n").flush())
    refuse(FG_E_INVALID, path + ": cannot be written");
}

}  // namespace

int run_embed(const Options& o, const Model& model) {
  if (model.generates()) {
    refuse(FG_E_UNSUPPORTED, "embed needs an encoder (bert), not a " + model.config().model_type +
                                 " model: its tokens see only those before them");
  }
  Rows rows;
  for (const std::string& text : o.ids) rows.push_back(parse_ids(text));
  if (!o.texts.empty()) {
    const Tokenizer tokenizer = open_tokenizer(o);
    for (const std::string& text : o.texts) rows.push_back(tokenizer.encode(text));
  }
  if (rows.empty()) refuse(FG_E_INVALID, "there is no sentence");
  const Batch batch = batch_of(rows, model);
  const Output out = model.forward({.ids = batch.ids, .step = batch.step, .token_types = {}, .pixels = {}});
  const Tensor vectors = pooled(out, batch, o);
  if (!o.output.empty()) write_vectors(o.output, vectors);
  const auto values = rows_of(vectors);
  if (o.cosine) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t j = i + 1; j < values.size(); ++j)
        fmt::print("{} {} {:.6f}\n", i, j, cosine(values[i], values[j]));
    }
  } else if (o.output.empty()) {
    fmt::print("{}\n", nlohmann::json(values).dump());
  }
  return kOk;
}

}  // namespace fg::models
