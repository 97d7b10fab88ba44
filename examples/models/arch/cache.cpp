// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "examples/models/arch/model.hpp"

namespace fg::models {
namespace {

// True where token `t` of the new ones sees slot `s`: neither after it nor padding.  A token of the
// padding sees nothing.
Tensor seen_slots(const Cache& c, std::int64_t tokens, const Device& device) {
  const std::int64_t keys = c.length + tokens;
  std::vector<unsigned char> seen;
  seen.reserve(static_cast<std::size_t>(c.batch() * tokens * keys));
  for (const std::int64_t padding : c.padding) {
    for (std::int64_t t = 0; t < tokens; ++t) {
      for (std::int64_t s = 0; s < keys; ++s) seen.push_back(s >= padding && s <= c.length + t ? 1 : 0);
    }
  }
  return Tensor::from(seen.data(), seen.size(), {c.batch(), 1, tokens, keys}, kBool, device);
}

}  // namespace

bool Cache::padded() const {
  return std::ranges::any_of(padding, [](std::int64_t n) { return n != 0; });
}

nn::Step Cache::next(std::int64_t tokens, const Device& device) const {
  std::vector<std::int64_t> slots, positions;
  for (std::int64_t t = 0; t < tokens; ++t) slots.push_back(length + t);
  for (const std::int64_t n : padding) {
    for (const std::int64_t slot : slots) positions.push_back(std::max<std::int64_t>(0, slot - n));
  }
  nn::Step step;
  step.positions = Tensor::from(positions, {batch(), tokens}, device);
  step.slots = Tensor::from(slots, Dims(tokens), device);
  step.keys = length == 0 ? 0 : length + tokens;
  if (padded() || (length > 0 && tokens > 1)) step.mask = seen_slots(*this, tokens, device);
  return step;
}

std::uint64_t Cache::bytes() const {
  std::uint64_t n = 0;
  for (const nn::LayerCache& l : layers) {
    for (const Tensor* t : {&l.keys, &l.values}) {
      if (*t) n += static_cast<std::uint64_t>(t->numel()) * t->dtype().bytes();
    }
  }
  return n;
}

}  // namespace fg::models
