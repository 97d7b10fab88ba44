// SPDX-License-Identifier: Apache-2.0

#include "examples/models/generate/decode.hpp"

#include <algorithm>

namespace fg::models {
namespace {

// Shapes are fixed in a graph: it looks at this many slots, or a multiple, and is captured anew when
// they are used up.  Longer blocks read more slots that are empty, shorter ones capture more often.
constexpr std::int64_t kBlock = 128;

}  // namespace

Decode::Decode(const Model& model, Cache& cache, bool graph)
    : model_(model), cache_(cache), wants_graph_(graph && model.capturable()) {
  const std::int64_t batch = cache.batch();
  state_ = Tensor::empty({1 + 2 * batch}, kI64);
  first_ = Tensor::from(cache.padding, {batch, 1});
  places_ = arange(0, cache.capacity, 1, kI64).view({1, cache.capacity});
}

void Decode::write_state(std::span<const std::int64_t> ids) {
  std::vector<std::int64_t> values{cache_.length};
  values.insert(values.end(), ids.begin(), ids.end());
  for (const std::int64_t padding : cache_.padding) values.push_back(cache_.length - padding);
  detail::ErrorSlot err;
  err.check(fg_tensor_write(state_.handle(), values.data(), values.size() * sizeof(values[0]), err));
}

// The step over the first `keys` slots, of which those in use are seen.
nn::Step Decode::fixed(std::int64_t keys) const {
  const std::int64_t batch = cache_.batch();
  nn::Step step;
  step.slots = state_.slice(0, 0, 1);
  step.positions = state_.slice(0, 1 + batch, std::nullopt).view({batch, 1});
  step.keys = keys;
  if (keys > cache_.length + 1 || cache_.padded() || wants_graph_) {
    step.mask = map("place <= slot && place >= first",
                    {{"place", places_.slice(1, 0, keys)}, {"slot", step.slots}, {"first", first_}}, kBool)
                    .view({batch, 1, 1, keys});
  }
  return step;
}

Decode::Result Decode::run(const nn::Step& step) {
  const std::int64_t batch = cache_.batch();
  const Input input{
      .ids = state_.slice(0, 1, 1 + batch).view({batch, 1}), .step = step, .token_types = {}, .pixels = {}};
  const Tensor logits = model_.logits(model_.forward(input, &cache_).last).select(1, 0);
  return {logits, argmax(logits, 1)};
}

void Decode::capture() {
  const std::int64_t length = cache_.length;
  graph_keys_ = std::min((length / kBlock + 1) * kBlock, cache_.capacity);
  graph_.reset();
  try {
    Capture open;
    result_ = run(fixed(graph_keys_));
    graph_.emplace(open.end());
  } catch (const Exception& e) {
    if (e.status() != FG_E_CAPTURE) throw;
    wants_graph_ = false;
    cache_.length = length;  // What the attempt wrote is written again.
  }
}

const Decode::Result& Decode::step(std::span<const std::int64_t> ids) {
  write_state(ids);
  if (wants_graph_ && (!graph_ || cache_.length >= graph_keys_)) {
    capture();
    if (graph_) return result_;
  }
  if (graph_) {
    graph_->replay();
    ++replayed_;
    ++cache_.length;
  } else {
    result_ = run(fixed(cache_.length + 1));
  }
  return result_;
}

}  // namespace fg::models
