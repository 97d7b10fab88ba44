// SPDX-License-Identifier: Apache-2.0
//
// A tile of attention on matrix units is tried before it is used.

#include <string>

#include "plugins/gpu/attention_matrix.hpp"
#include "plugins/gpu/trial.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kBatch = 2, kKeyHeads = 2, kGroup = 2, kHeads = kKeyHeads * kGroup;
constexpr std::int64_t kChannels = 64, kValues = 32, kPitch = kValues + 8;  // Lines of out have a gap.
constexpr double kScale = 8;

// Channels say the bits of a position, eight in turn; a query says those of one key, and is so much nearer to it than
// to all others that their weights are 0: the result is that key's values, exactly.
struct Problem {
  std::int64_t queries, keys;
  bool causal;

  std::int64_t chosen(std::int64_t head, std::int64_t query) const {
    const std::int64_t seen = causal ? std::min(query + 1, keys) : keys;
    return (7 * query + 5 * head + 3) % seen;
  }
  static int value(std::int64_t line, std::int64_t key, std::int64_t c) {
    return static_cast<int>((line * 31 + key * 7 + c) % 201) - 100;
  }
};

template <class F>
std::vector<std::uint16_t> fill(fg_dtype dtype, std::int64_t lines, std::int64_t rows, std::int64_t cols, F&& number) {
  std::vector<std::uint16_t> bits;
  for (std::int64_t line = 0; line < lines; ++line) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t c = 0; c < cols; ++c) bits.push_back(bits_of(dtype, number(line, row, c)));
    }
  }
  return bits;
}

int bit_of(std::int64_t position, std::int64_t channel) { return (position >> channel % 8 & 1) != 0 ? 1 : -1; }

Attention::Side side(BufferRef at, std::int64_t heads, std::int64_t rows, std::int64_t pitch, std::int64_t each) {
  return {at, heads * rows * pitch, each * rows * pitch, rows * pitch, pitch, 1};
}

Result<void> compute(Device& device, const AttentionTile& tile, const Problem& p) {
  const fg_dtype d = tile.dtype;
  constexpr std::int64_t kLines = kBatch * kHeads, kKeyLines = kBatch * kKeyHeads;
  TrialMemory memory;
  const auto q =
      memory.add(fill(d, kLines, p.queries, kChannels, [&](std::int64_t line, std::int64_t i, std::int64_t c) {
        return bit_of(p.chosen(line % kHeads, i), c);
      }));
  const auto k = memory.add(
      fill(d, kKeyLines, p.keys, kChannels, [](std::int64_t, std::int64_t j, std::int64_t c) { return bit_of(j, c); }));
  const auto v = memory.add(fill(d, kKeyLines, p.keys, kValues, Problem::value));
  const auto out =
      memory.add(std::vector<std::uint16_t>(static_cast<std::size_t>(kLines * p.queries * kPitch), kPoison));
  FG_TRY_ASSIGN(const std::vector<std::uint16_t> got,
                try_out(device, memory, [&](const sdk::Launch& launch, fg_buffer* buffer) {
                  Attention a;
                  a.dtype = d;
                  a.q = side(memory.at(buffer, q), kHeads, p.queries, kChannels, kGroup);
                  a.k = side(memory.at(buffer, k), kKeyHeads, p.keys, kChannels, 1);
                  a.v = side(memory.at(buffer, v), kKeyHeads, p.keys, kValues, 1);
                  a.out = side(memory.at(buffer, out), kHeads, p.queries, kPitch, kGroup);
                  a.batch = kBatch, a.key_heads = kKeyHeads, a.group = kGroup;
                  a.queries = p.queries, a.keys = p.keys, a.channels = kChannels, a.values = kValues;
                  a.causal = p.causal, a.scale = kScale;
                  Variants variants;
                  return run_attention_matrix(tile, a, variants, launch);
                }));
  for (std::int64_t at = 0; at < kLines * p.queries * kPitch; ++at) {
    const std::int64_t c = at % kPitch, i = at / kPitch % p.queries, line = at / kPitch / p.queries;
    const std::int64_t head = line % kHeads, key_line = line / kHeads * kKeyHeads + head / kGroup;
    const std::uint16_t expected = c < kValues ? bits_of(d, Problem::value(key_line, p.chosen(head, i), c)) : kPoison;
    const std::uint16_t is = got[out + static_cast<std::size_t>(at)];
    if (is == expected) continue;
    return fail(FG_E_INTERNAL, "head " + std::to_string(line) + " query " + std::to_string(i) + " value " +
                                   std::to_string(c) + " is " + std::to_string(is) + " as bits, expected " +
                                   std::to_string(expected));
  }
  return {};
}

}  // namespace

Result<void> try_attention(Device& device, const AttentionTile& tile) {
  const std::int64_t queries = tile.queries + 9, keys = tile.queries + 25;
  FG_TRY(compute(device, tile, {queries, queries, true}));
  return compute(device, tile, {queries, keys, false});
}

}  // namespace fg::gpu
