// SPDX-License-Identifier: Apache-2.0
//
// Elements as unsigned keys whose order is the wanted one, joined with their positions: equal elements
// then keep their order under any way of sorting.

#ifndef FG_PLUGINS_CPU_KERNELS_SORT_KEYS_HPP_
#define FG_PLUGINS_CPU_KERNELS_SORT_KEYS_HPP_

#include <cstdint>
#include <limits>

#include "fg/abi/kernel.h"

namespace fg::cpu {

// Keys of at most 32 bits share a word with a 32-bit position.
struct Packed {
  using Count = std::uint32_t;
  std::uint64_t word;
  static Packed make(std::uint64_t key, std::int64_t position) {
    return {key << 32 | static_cast<std::uint64_t>(position)};
  }
  std::uint64_t key() const { return word >> 32; }
  std::int64_t position() const { return static_cast<std::int64_t>(word & 0xFFFFFFFFu); }
  bool operator<(const Packed& o) const { return word < o.word; }
};
struct Wide {
  using Count = std::uint64_t;
  std::uint64_t key_;
  std::int64_t position_;
  static Wide make(std::uint64_t key, std::int64_t position) { return {key, position}; }
  std::uint64_t key() const { return key_; }
  std::int64_t position() const { return position_; }
  bool operator<(const Wide& o) const { return key_ != o.key_ ? key_ < o.key_ : position_ < o.position_; }
};

// Order-preserving key of the storage bits: -0 and 0 are equal, all NaN are equal and greatest.
template <class U>
constexpr U float_key(U bits, U infinity) {
  constexpr U kSign = static_cast<U>(U{1} << (8 * sizeof(U) - 1));
  const U magnitude = static_cast<U>(bits & static_cast<U>(~kSign));
  if (magnitude > infinity) return std::numeric_limits<U>::max();
  if (magnitude == 0) return kSign;
  return static_cast<U>((bits & kSign) != 0 ? ~bits : (bits | kSign));
}

template <class U>
constexpr U key_of(U bits, fg_dtype dtype) {
  constexpr U kSign = static_cast<U>(U{1} << (8 * sizeof(U) - 1));
  switch (dtype) {
    case FG_F64: return float_key<U>(bits, static_cast<U>(0x7FF0000000000000u));
    case FG_F32: return float_key<U>(bits, static_cast<U>(0x7F800000u));
    case FG_F16: return float_key<U>(bits, static_cast<U>(0x7C00u));
    case FG_BF16: return float_key<U>(bits, static_cast<U>(0x7F80u));
    case FG_U8:
    case FG_BOOL: return bits;
    default: return static_cast<U>(bits ^ kSign);
  }
}

// The storage bits that a key came from, unless they were those of -0 or NaN.
template <class U>
constexpr U bits_of(U key, fg_dtype dtype) {
  constexpr U kSign = static_cast<U>(U{1} << (8 * sizeof(U) - 1));
  switch (dtype) {
    case FG_F64:
    case FG_F32:
    case FG_F16:
    case FG_BF16: return static_cast<U>((key & kSign) != 0 ? key ^ kSign : ~key);
    case FG_U8:
    case FG_BOOL: return key;
    default: return static_cast<U>(key ^ kSign);
  }
}

// A dtype known when compiling, and the unsigned type of its size.
template <class T, fg_dtype kOf>
struct KeyType {
  using U = T;
  static constexpr fg_dtype kDtype = kOf;
};
template <class F>
void with_key(fg_dtype dtype, F&& f) {
  switch (dtype) {
    case FG_F64: return f(KeyType<std::uint64_t, FG_F64>{});
    case FG_I64: return f(KeyType<std::uint64_t, FG_I64>{});
    case FG_F32: return f(KeyType<std::uint32_t, FG_F32>{});
    case FG_I32: return f(KeyType<std::uint32_t, FG_I32>{});
    case FG_F16: return f(KeyType<std::uint16_t, FG_F16>{});
    case FG_BF16: return f(KeyType<std::uint16_t, FG_BF16>{});
    case FG_I16: return f(KeyType<std::uint16_t, FG_I16>{});
    case FG_I8: return f(KeyType<std::uint8_t, FG_I8>{});
    default: return f(KeyType<std::uint8_t, FG_U8>{});
  }
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_SORT_KEYS_HPP_
