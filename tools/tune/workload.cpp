// SPDX-License-Identifier: Apache-2.0

#include "tools/tune/workload.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fg::tune {
namespace {

struct Model {
  const char* name;
  std::int64_t hidden, feed, heads, head, tokens;
  std::vector<std::int64_t> decode, prompt;  // Sequences of a decode step, tokens of a prompt.
  std::int64_t cached;                       // Keys of a decode step.
};
const std::vector<Model>& known_models() {
  static const std::vector<Model> models = {
      {"llama-7b", 4096, 11008, 32, 128, 32000, {1, 2, 4, 8, 16, 32}, {128, 512, 2048}, 2048},
      {"tiny", 72, 100, 3, 24, 130, {1, 3, 8}, {40}, 70},  // For trying and testing.
  };
  return models;
}

// Numbers in [-1, 1], the same at every start; made by the engines alone, which every plugin has.
Tensor numbers(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return sin(arange(0, n, 1, kF32)).to(kF16).view(shape);
}

Step product(std::int64_t rows, std::int64_t inner, std::int64_t columns) {
  return {fmt::format("mm/f16/{}x{}x{}", rows, inner, columns),
          [=] {
            const Tensor a = numbers({rows, inner}), b = numbers({inner, columns});
            return [=] { return mm(a, b); };
          },
          2 * inner * columns};
}

// The same with the weight as layers keep it.
Step layer(std::int64_t rows, std::int64_t inner, std::int64_t columns) {
  return {fmt::format("linear/f16/{}x{}x{}", rows, inner, columns),
          [=] {
            const Tensor x = numbers({rows, inner}), w = numbers({columns, inner});
            return [=] { return linear(x, w); };
          },
          2 * inner * columns};
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

Step likeliest(std::int64_t rows, std::int64_t tokens) {
  return {fmt::format("argmax/f16/{}x{}", rows, tokens), [=] {
            const Tensor x = numbers({rows, tokens});
            return [=] { return argmax(x, -1).to(kF32); };
          }};
}

Step softmax_of(std::int64_t rows, std::int64_t tokens) {
  return {fmt::format("softmax/f16/{}x{}", rows, tokens), [=] {
            const Tensor x = numbers({rows, tokens});
            return [=] { return softmax(x, -1); };
          }};
}

Step attention(const Model& m, std::int64_t batch, std::int64_t queries, std::int64_t keys, bool causal) {
  const std::int64_t heads = m.heads, head = m.head;
  return {fmt::format("scaled_dot_product_attention/f16/{}x{}x{}x{}/{}", batch, heads, queries, head, keys),
          [=] {
            const Tensor q = numbers({batch, heads, queries, head});
            const Tensor k = numbers({batch, heads, keys, head}), v = numbers({batch, heads, keys, head});
            return [=] { return scaled_dot_product_attention(q, k, v, none, causal); };
          },
          4 * batch * heads * keys * head};
}

void add_rows(std::vector<Step>& steps, const Model& m, std::int64_t rows) {
  for (const auto& product_of : {product, layer}) {
    steps.push_back(product_of(rows, m.hidden, m.hidden));
    steps.push_back(product_of(rows, m.hidden, m.feed));
    steps.push_back(product_of(rows, m.feed, m.hidden));
  }
  steps.push_back(layer(rows, m.hidden, 3 * m.hidden));  // Queries, keys and values,
  steps.push_back(layer(rows, m.hidden, 2 * m.feed));    // gate and up in one.
  steps.push_back(norm(rows, m.hidden));
  steps.push_back(gate(rows, m.feed));
  steps.push_back(sum(rows, m.hidden));
}

}  // namespace

std::vector<std::string> models() {
  std::vector<std::string> names;
  for (const Model& m : known_models()) names.emplace_back(m.name);
  return names;
}

std::vector<Step> steps_of(const std::string& model) {
  std::vector<Step> steps;
  for (const Model& m : known_models()) {
    if (model != m.name) continue;
    for (const std::int64_t batch : m.decode) {
      add_rows(steps, m, batch);
      steps.push_back(layer(batch, m.hidden, m.tokens));
      steps.push_back(softmax_of(batch, m.tokens));
      steps.push_back(likeliest(batch, m.tokens));
      steps.push_back(attention(m, batch, 1, m.cached, false));
    }
    for (const std::int64_t tokens : m.prompt) {
      add_rows(steps, m, tokens);
      steps.push_back(attention(m, 1, tokens, tokens, true));
    }
  }
  return steps;
}

}  // namespace fg::tune
