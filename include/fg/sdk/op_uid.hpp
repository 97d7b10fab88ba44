// SPDX-License-Identifier: Apache-2.0
//
// op_uid(): XXH64 (seed 0) of an operator's canonical name, at compile time, without a library.
// Algorithm: xxHash specification 0.1.1, section "XXH64 Algorithm Description".

#ifndef FG_SDK_OP_UID_HPP_
#define FG_SDK_OP_UID_HPP_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fg::sdk {
namespace detail {

inline constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87ull, kPrime2 = 0xC2B2AE3D27D4EB4Full,
                               kPrime3 = 0x165667B19E3779F9ull, kPrime4 = 0x85EBCA77C2B2AE63ull,
                               kPrime5 = 0x27D4EB2F165667C5ull;

constexpr std::uint64_t read_le(std::string_view s, std::size_t at, std::size_t bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < bytes; ++i) v |= std::uint64_t{static_cast<unsigned char>(s[at + i])} << (8 * i);
  return v;
}
constexpr std::uint64_t xxh_round(std::uint64_t acc, std::uint64_t lane) {
  return std::rotl(acc + lane * kPrime2, 31) * kPrime1;
}

}  // namespace detail

constexpr std::uint64_t op_uid(std::string_view name) {
  using namespace detail;
  std::size_t at = 0;
  std::uint64_t acc = kPrime5;
  if (name.size() >= 32) {
    std::array<std::uint64_t, 4> v{kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
    for (; at + 32 <= name.size(); at += 32) {
      for (std::size_t lane = 0; lane < 4; ++lane) v[lane] = xxh_round(v[lane], read_le(name, at + 8 * lane, 8));
    }
    acc = std::rotl(v[0], 1) + std::rotl(v[1], 7) + std::rotl(v[2], 12) + std::rotl(v[3], 18);
    for (std::uint64_t lane : v) acc = (acc ^ xxh_round(0, lane)) * kPrime1 + kPrime4;
  }
  acc += name.size();
  for (; at + 8 <= name.size(); at += 8) {
    acc = std::rotl(acc ^ xxh_round(0, read_le(name, at, 8)), 27) * kPrime1 + kPrime4;
  }
  if (at + 4 <= name.size()) {
    acc = std::rotl(acc ^ (read_le(name, at, 4) * kPrime1), 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < name.size(); ++at) acc = std::rotl(acc ^ (read_le(name, at, 1) * kPrime5), 11) * kPrime1;
  acc = (acc ^ (acc >> 33)) * kPrime2;
  acc = (acc ^ (acc >> 29)) * kPrime3;
  return acc ^ (acc >> 32);
}

static_assert(op_uid("") == 0xEF46DB3751D8E999ull, "XXH64 of nothing");

}  // namespace fg::sdk

#endif  // FG_SDK_OP_UID_HPP_
