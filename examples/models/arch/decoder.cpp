// SPDX-License-Identifier: Apache-2.0

#include "examples/models/arch/decoder.hpp"

#include <algorithm>

#include "examples/models/io/error.hpp"

namespace fg::models {

DecoderModel::DecoderModel(const Config& config, const Loader& loader, const ModelOptions& options,
                           const std::string& prefix, const std::string& head)
    : Model(config) {
  // Within its window, sliding attention sees what full attention sees.
  context_ = std::min(config.max_position_embeddings, config.sliding_window.value_or(config.max_position_embeddings));
  context_ = std::min(context_, options.max_context.value_or(context_));
  const std::int64_t channels = config.hidden_size;
  embed_ = {loader.tensor(prefix + "embed_tokens.weight", {config.vocab_size, channels})};
  const auto rope = make_rope(config, context_);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(make_layer(config, loader, prefix + "layers." + std::to_string(i), i, rope));
  norm_ = loader.rms_norm(prefix + "norm", channels, config.rms_norm_eps);
  head_ = config.tie_word_embeddings && !loader.source.has(head + ".weight")
              ? nn::Linear{embed_.weight, {}}
              : loader.linear(head, channels, config.vocab_size, false);
}

std::uint64_t DecoderModel::bytes_per_step() const {
  std::uint64_t idle = 0;
  for (const DecoderLayer& l : layers_) idle += l.feed_forward->idle_bytes();
  const bool tied = head_.weight.data() == embed_.weight.data() && head_.weight.data() != nullptr;
  if (!tied) idle += static_cast<std::uint64_t>(embed_.weight.numel()) * dtype().bytes();
  return weight_bytes() - idle;
}

// Norms and biases are counted with the matrices: a thousandth of them.
double DecoderModel::prompt_flops(std::int64_t tokens) const {
  const double all = static_cast<double>(bytes_per_step()) / static_cast<double>(dtype().bytes());
  const double head = static_cast<double>(head_.weight.numel());
  return 2 * (static_cast<double>(tokens) * (all - head) + head);
}

// Before anything is allocated: a host that hands out more than it has ends the process later.
void DecoderModel::check_memory(std::int64_t batch, std::int64_t capacity) const {
  double bytes =
      static_cast<double>(batch) * static_cast<double>(capacity * static_cast<std::int64_t>(dtype().bytes()));
  std::int64_t channels = 0;
  for (const DecoderLayer& l : layers_) channels += l.attention->cache_channels();
  bytes *= static_cast<double>(channels);
  const Device device = embed_.weight.device();
  const auto total = static_cast<double>(device.info().mem_total);
  if (total == 0 || bytes <= total) return;
  const auto gigabytes = [](double n) { return std::to_string(static_cast<std::int64_t>(n * 1e-9)) + " GB"; };
  refuse(FG_E_OOM_DEVICE, "a cache of " + gigabytes(bytes) + " for " + std::to_string(batch) + " rows of " +
                              std::to_string(capacity) + " tokens does not fit " + device.name() + ", which has " +
                              gigabytes(total));
}

Cache DecoderModel::make_cache(std::vector<std::int64_t> padding, std::int64_t capacity) const {
  Cache cache = Model::make_cache(std::move(padding), capacity);
  check_memory(cache.batch(), capacity);
  for (const DecoderLayer& l : layers_)
    cache.layers.push_back(l.attention->make_cache(cache.batch(), capacity, dtype(), embed_.weight.device()));
  return cache;
}

// Every norm but the first adds a block's result to the residual stream on its way.
Output DecoderModel::run(const Tensor& x, const nn::Step& step, Cache* cache, bool all_hidden) const {
  Output out;
  nn::RMSNorm::Added at{layers_.empty() ? norm_(x) : layers_[0].input_norm(x), x};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (all_hidden) out.hidden.push_back(at.sum);
    const DecoderLayer& l = layers_[i];
    const Tensor attended = l.attention->forward(at.normed, step, cache != nullptr ? &cache->layers[i] : nullptr);
    at = l.post_attention_norm(attended, at.sum);
    at = (i + 1 < layers_.size() ? layers_[i + 1].input_norm : norm_)(l.feed_forward->forward(at.normed), at.sum);
  }
  if (all_hidden) out.hidden.push_back(at.normed);
  if (cache != nullptr) cache->length += x.size(1);
  out.last = at.normed;
  return out;
}

}  // namespace fg::models
