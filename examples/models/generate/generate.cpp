// SPDX-License-Identifier: Apache-2.0

#include "examples/models/generate/generate.hpp"

#include <algorithm>
#include <chrono>

#include "examples/models/generate/decode.hpp"
#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

using Rows = std::vector<std::vector<std::int64_t>>;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check(const Model& model, const Rows& prompts, const GenerateOptions& o, std::size_t longest) {
  if (prompts.empty()) refuse(FG_E_INVALID, "there is no prompt");
  for (const auto& row : prompts) {
    if (row.empty()) refuse(FG_E_INVALID, "a prompt has no tokens");
    check_tokens(model, row);
  }
  if (static_cast<std::int64_t>(longest) + o.max_new_tokens > model.context()) {
    refuse(FG_E_INVALID, "a prompt of " + std::to_string(longest) + " tokens and " + std::to_string(o.max_new_tokens) +
                             " new ones are longer than the context of " + std::to_string(model.context()) + " tokens");
  }
}

// Chooses each row's next token, and says which rows go on.
class Rounds {
 public:
  Rounds(Generated& g, const GenerateOptions& o) : g_(g), o_(o), open_(g.tokens.size(), true) {
    for (std::size_t row = 0; row < open_.size(); ++row) samplers_.emplace_back(o.sampling, row);
  }
  // False when no row goes on.
  bool take(const Decode::Result& r) {
    const std::vector<std::int64_t> next = chosen(r);
    for (std::size_t row = 0; row < open_.size(); ++row) {
      if (!open_[row]) continue;
      g_.tokens[row].push_back(next[row]);
      ++g_.new_tokens;
      open_[row] = std::ranges::find(o_.stop_tokens, next[row]) == o_.stop_tokens.end();
      if (o_.on_token && !o_.on_token(row, next[row])) return false;
    }
    last_ = next;
    return std::ranges::find(open_, true) != open_.end();
  }
  const std::vector<std::int64_t>& last() const { return last_; }

 private:
  std::vector<std::int64_t> chosen(const Decode::Result& r) {
    if (o_.sampling.plain_greedy()) return r.best.to_vector<std::int64_t>();
    std::vector<float> logits = r.logits.to_vector<float>();
    const std::size_t n = logits.size() / open_.size();
    std::vector<std::int64_t> next(open_.size());
    for (std::size_t row = 0; row < open_.size(); ++row)
      next[row] = samplers_[row].next(std::span(logits).subspan(row * n, n), g_.tokens[row]);
    return next;
  }

  Generated& g_;
  const GenerateOptions& o_;
  std::vector<bool> open_;
  std::vector<Sampler> samplers_;
  std::vector<std::int64_t> last_;
};

// The prompts beside each other, padded at the left with token 0, which nothing sees.
Tensor padded(const Rows& prompts, std::size_t longest, const Cache& cache) {
  std::vector<std::int64_t> ids;
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    ids.insert(ids.end(), static_cast<std::size_t>(cache.padding[row]), 0);
    ids.insert(ids.end(), prompts[row].begin(), prompts[row].end());
  }
  return Tensor::from(ids, {cache.batch(), static_cast<std::int64_t>(longest)});
}

}  // namespace

Generated generate(const Model& model, const Rows& prompts, const Tensor& pixels, const GenerateOptions& options) {
  std::size_t longest = 0;
  for (const auto& row : prompts) longest = std::max(longest, row.size());
  check(model, prompts, options, longest);
  Generated g;
  g.tokens = prompts;
  if (options.max_new_tokens == 0) return g;
  std::vector<std::int64_t> padding;
  for (const auto& row : prompts) {
    padding.push_back(static_cast<std::int64_t>(longest - row.size()));
    g.prompt_tokens += static_cast<std::int64_t>(row.size());
  }
  const auto start = Clock::now();
  const auto length = static_cast<std::int64_t>(longest);
  Cache cache = model.make_cache(padding, length + options.max_new_tokens);
  g.cache_bytes = cache.bytes();
  const Input input{
      .ids = padded(prompts, longest, cache), .step = cache.next(length), .token_types = {}, .pixels = pixels};
  const Tensor last = model.forward(input, &cache).last.slice(1, length - 1, length);
  const Tensor logits = model.logits(last).select(1, 0);
  Rounds rounds(g, options);
  bool on = rounds.take({logits, argmax(logits, 1)});
  g.first_token_s = seconds_since(start);
  const auto decoding = Clock::now();
  Decode decode(model, cache, options.graph);
  for (std::int64_t i = 1; on && i < options.max_new_tokens; ++i) {
    on = rounds.take(decode.step(rounds.last()));
    ++g.steps;
  }
  g.replays = decode.replayed();
  g.decode_s = seconds_since(decoding);
  return g;
}

}  // namespace fg::models
