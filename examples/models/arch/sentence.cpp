// SPDX-License-Identifier: Apache-2.0

#include "examples/models/arch/sentence.hpp"

#include <algorithm>

#include "examples/models/arch/bert.hpp"
#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

using Rows = std::vector<std::vector<std::int64_t>>;

// The rows beside each other, padded at the right.
struct Batch {
  Tensor ids, weights;  // weights [batch, length, 1]: 1 / length of the row, 0 for padding.
  nn::Step step;
};

std::size_t longest_of(const Model& model, const Rows& rows) {
  if (model.generates()) {
    refuse(FG_E_UNSUPPORTED, "sentence vectors need an encoder (bert), not a " + model.config().model_type +
                                 " model, whose tokens see only those before them");
  }
  if (rows.empty()) refuse(FG_E_INVALID, "there is no sentence");
  std::size_t longest = 0;
  for (const auto& row : rows) {
    if (row.empty()) refuse(FG_E_INVALID, "a sentence has no tokens");
    check_tokens(model, row);
    longest = std::max(longest, row.size());
  }
  if (static_cast<std::int64_t>(longest) > model.context()) {
    refuse(FG_E_INVALID, "a sentence of " + std::to_string(longest) + " tokens is longer than the context of " +
                             std::to_string(model.context()) + " tokens");
  }
  return longest;
}

Batch batch_of(const Model& model, const Rows& rows) {
  const std::size_t longest = longest_of(model, rows);
  std::vector<std::int64_t> ids;
  std::vector<float> weights;
  std::vector<std::vector<bool>> mask;
  for (const auto& row : rows) {
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

Tensor pooled(const Output& out, const Tensor& weights, Pooling pooling) {
  switch (pooling) {
    case Pooling::mean: return sum(out.last.to(kF32) * weights, 1);
    case Pooling::cls: return out.last.select(1, 0).to(kF32);
    case Pooling::pooler: break;
  }
  if (!out.pooled) refuse(FG_E_UNSUPPORTED, "this model has no pooler");
  return out.pooled.to(kF32);
}

}  // namespace

Tensor sentence_vectors(const Model& model, const Rows& rows, Pooling pooling, bool normalize) {
  const Batch batch = batch_of(model, rows);
  const Output out = model.forward({.ids = batch.ids, .step = batch.step, .token_types = {}, .pixels = {}});
  const Tensor x = pooled(out, batch.weights, pooling);
  return normalize ? x / clamp_min(linalg_vector_norm(x, 2, 1, true), 1e-12) : x;
}

}  // namespace fg::models
