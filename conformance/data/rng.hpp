// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that are a function of a name and a position, so that a case's data do not depend on
// order, threads or what ran before.

#ifndef FG_CONFORMANCE_DATA_RNG_HPP_
#define FG_CONFORMANCE_DATA_RNG_HPP_

#include <cstdint>
#include <string_view>

namespace fg::conformance {

// The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that mixes all bits.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

constexpr std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325u;  // FNV-1a
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return mix(h);
}

class Rng {
 public:
  explicit constexpr Rng(std::uint64_t key) : key_(key) {}
  constexpr Rng fork(std::uint64_t stream) const { return Rng(mix(key_ ^ mix(stream + 1))); }
  constexpr std::uint64_t bits(std::uint64_t position) const { return mix(key_ + mix(position)); }
  // In [0, 1), 53 bits.
  constexpr double unit(std::uint64_t position) const { return static_cast<double>(bits(position) >> 11) * 0x1p-53; }
  constexpr std::int64_t between(std::uint64_t position, std::int64_t low, std::int64_t high) const {  // inclusive
    return low + static_cast<std::int64_t>(bits(position) % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t key_;
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_DATA_RNG_HPP_
