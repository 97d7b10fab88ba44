// SPDX-License-Identifier: Apache-2.0

#include "tools/tune/workload.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fg::tune {
namespace {

struct Model {
  const char* name;
  std::int64_t hidden, feed, heads, head;
};
constexpr Model kModels[] = {{"llama-7b", 4096, 11008, 32, 128}};
constexpr std::int64_t kDecode[] = {1, 2, 4, 8};
constexpr std::int64_t kPrompt[] = {128, 512, 2048};
constexpr std::int64_t kCached = 2048;  // Keys of a decode step.

// Numbers in [-1, 1], the same at every start; made by the engines alone, which every plugin has.
Tensor numbers(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return sin(arange(0, n, 1, kF32)).to(kF16).view(shape);
}

Step product(std::int64_t rows, std::int64_t inner, std::int64_t columns) {
  return {fmt::format("mm/f16/{}x{}x{}", rows, inner, columns), [=] {
            const Tensor a = numbers({rows, inner}), b = numbers({inner, columns});
            return [=] { return mm(a, b); };
          }};
}

Step norm(std::int64_t rows, std::int64_t hidden) {
  return {fmt::format("rms_norm/f16/{}x{}", rows, hidden), [=] {
            const Tensor x = numbers({rows, hidden}), w = numbers({hidden});
            return [=] { return rms_norm(x, {hidden}, w); };
          }};
}

Step gate(std::int64_t rows, std::int64_t feed) {
  return {fmt::format("silu_and_mul/f16/{}x{}", rows, feed), [=] {
            const Tensor x = numbers({rows, feed}), y = numbers({rows, feed});
            return [=] { return silu_and_mul(x, y); };
          }};
}

Step sum(std::int64_t rows, std::int64_t hidden) {
  return {fmt::format("add/f16/{}x{}", rows, hidden), [=] {
            const Tensor x = numbers({rows, hidden}), y = numbers({rows, hidden});
            return [=] { return add(x, y); };
          }};
}

Step attention(const Model& m, std::int64_t batch, std::int64_t queries, std::int64_t keys, bool causal) {
  const std::int64_t heads = m.heads, head = m.head;
  return {fmt::format("scaled_dot_product_attention/f16/{}x{}x{}x{}/{}", batch, heads, queries, head, keys), [=] {
            const Tensor q = numbers({batch, heads, queries, head});
            const Tensor k = numbers({batch, heads, keys, head}), v = numbers({batch, heads, keys, head});
            return [=] { return scaled_dot_product_attention(q, k, v, none, causal); };
          }};
}

void add_rows(std::vector<Step>& steps, const Model& m, std::int64_t rows) {
  steps.push_back(product(rows, m.hidden, m.hidden));
  steps.push_back(product(rows, m.hidden, m.feed));
  steps.push_back(product(rows, m.feed, m.hidden));
  steps.push_back(norm(rows, m.hidden));
  steps.push_back(gate(rows, m.feed));
  steps.push_back(sum(rows, m.hidden));
}

}  // namespace

std::vector<std::string> models() {
  std::vector<std::string> names;
  for (const Model& m : kModels) names.emplace_back(m.name);
  return names;
}

std::vector<Step> steps_of(const std::string& model) {
  std::vector<Step> steps;
  for (const Model& m : kModels) {
    if (model != m.name) continue;
    for (const std::int64_t batch : kDecode) {
      add_rows(steps, m, batch);
      steps.push_back(attention(m, batch, 1, kCached, false));
    }
    for (const std::int64_t tokens : kPrompt) {
      add_rows(steps, m, tokens);
      steps.push_back(attention(m, 1, tokens, tokens, true));
    }
  }
  return steps;
}

}  // namespace fg::tune
