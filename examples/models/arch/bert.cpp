// SPDX-License-Identifier: Apache-2.0

#include "examples/models/arch/bert.hpp"

#include <algorithm>
#include <numeric>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

nn::Activation activation_of(const Config& c) {
  if (c.hidden_act == "gelu") return nn::Activation::gelu;
  if (c.hidden_act == "gelu_new" || c.hidden_act == "gelu_pytorch_tanh") return nn::Activation::gelu_tanh;
  refuse(FG_E_UNSUPPORTED, "hidden_act is " + in_quotes(c.hidden_act) + ", expected \"gelu\" or \"gelu_new\" for bert");
}

}  // namespace

Bert::Bert(const Config& c, const Loader& loader, const ModelOptions& options) : Model(c) {
  context_ = std::min(c.max_position_embeddings, options.max_context.value_or(c.max_position_embeddings));
  const std::int64_t channels = c.hidden_size;
  const std::string root = loader.prefix({"", "bert."}, "embeddings.word_embeddings.weight");
  const std::string embeddings = root + "embeddings.";
  words_ = {loader.tensor(embeddings + "word_embeddings.weight", {c.vocab_size, channels})};
  positions_ = {loader.tensor(embeddings + "position_embeddings.weight", {c.max_position_embeddings, channels})};
  types_ = {loader.tensor(embeddings + "token_type_embeddings.weight", {c.type_vocab_size, channels})};
  norm_ = loader.layer_norm(embeddings + "LayerNorm", channels, c.layer_norm_eps);
  nn::AttentionParameters p;
  p.heads = p.key_heads = c.num_attention_heads;
  p.head_dim = c.head_dim;
  for (std::int64_t i = 0; i < c.num_hidden_layers; ++i) {
    const std::string name = root + "encoder.layer." + std::to_string(i) + ".";
    const auto square = [&](const char* which) { return loader.linear(name + which, channels, channels, true); };
    nn::Linear qkv =
        nn::fused({square("attention.self.query"), square("attention.self.key"), square("attention.self.value")});
    layers_.push_back({nn::Attention(p, std::move(qkv), square("attention.output.dense")),
                       loader.layer_norm(name + "attention.output.LayerNorm", channels, c.layer_norm_eps),
                       {loader.linear(name + "intermediate.dense", channels, c.intermediate_size, true),
                        loader.linear(name + "output.dense", c.intermediate_size, channels, true), activation_of(c)},
                       loader.layer_norm(name + "output.LayerNorm", channels, c.layer_norm_eps)});
  }
  if (loader.source.has(root + "pooler.dense.weight"))
    pooler_ = loader.linear(root + "pooler.dense", channels, channels, true);
}

Output Bert::forward(const Input& input, Cache*, bool all_hidden) const {
  const Tensor type = input.token_types ? types_(input.token_types) : types_.weight.select(0, 0);
  Output out;
  Tensor x = norm_(words_(input.ids) + type, positions_(input.step.positions));
  for (const Layer& l : layers_) {
    if (all_hidden) out.hidden.push_back(x);
    x = l.attention_norm(l.attention.forward(x, input.step, nullptr), x);
    x = l.output_norm(l.mlp(x), x);
  }
  if (all_hidden) out.hidden.push_back(x);
  out.last = x;
  if (pooler_) out.pooled = tanh((*pooler_)(x.select(1, 0)));
  return out;
}

nn::Step encoder_step(const std::vector<std::vector<bool>>& mask, const Device& device) {
  const auto batch = static_cast<std::int64_t>(mask.size());
  const auto length = static_cast<std::int64_t>(mask.empty() ? 0 : mask[0].size());
  std::vector<std::int64_t> positions(static_cast<std::size_t>(length));
  std::iota(positions.begin(), positions.end(), 0);
  std::vector<unsigned char> seen;
  for (const std::vector<bool>& row : mask) seen.insert(seen.end(), row.begin(), row.end());
  nn::Step step;
  step.causal = false;
  step.positions = Tensor::from(positions, {1, length}, device).expand({batch, length});
  if (std::ranges::find(seen, 0) != seen.end())
    step.mask = Tensor::from(seen.data(), seen.size(), {batch, 1, 1, length}, kBool, device);
  return step;
}

}  // namespace fg::models
