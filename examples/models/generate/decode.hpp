// SPDX-License-Identifier: Apache-2.0
//
// One more token for every row: run as it is written, or captured once and replayed.

#ifndef FG_EXAMPLES_MODELS_GENERATE_DECODE_HPP_
#define FG_EXAMPLES_MODELS_GENERATE_DECODE_HPP_

#include <optional>
#include <span>
#include <vector>

#include "examples/models/arch/model.hpp"

namespace fg::models {

class Decode {
 public:
  struct Result {
    Tensor logits;  // [batch, vocabulary]
    Tensor best;    // [batch], i64: the greatest of them.
  };

  Decode(const Model& model, Cache& cache, bool graph);

  // One step: `ids` are the rows' last tokens.  The result is overwritten by the next one.
  const Result& step(std::span<const std::int64_t> ids);

  bool replays() const { return graph_.has_value(); }
  std::uint64_t replayed() const { return replayed_; }

 private:
  Result run(const nn::Step& step);
  nn::Step fixed(std::int64_t keys) const;
  void capture();
  void write_state(std::span<const std::int64_t> ids);

  const Model& model_;
  Cache& cache_;
  bool wants_graph_;
  Tensor state_;           // [1 + 2 * batch], i64: the slot, the ids, their positions; what changes between replays.
  Tensor first_, places_;  // [batch, 1], the first slot that is no padding; [1, capacity], 0, 1, 2 ...
  std::optional<Graph> graph_;
  std::int64_t graph_keys_ = 0;  // Slots that the graph looks at.
  std::uint64_t replayed_ = 0;
  Result result_;
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_GENERATE_DECODE_HPP_
