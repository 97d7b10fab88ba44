// SPDX-License-Identifier: Apache-2.0
//
// The states of the monoids of fg/abi/engine.h: folding blocks into them, combining them, handing
// them to an epilogue.
//
// Float sums carry the rounding error of their block sums along (Neumaier, ZAMM 54, 1974), so a sum
// of 2^24 values is as good as one of a block.  Means and variances combine by Chan's formula
// (Chan, Golub, LeVeque, The American Statistician 37(3), 1983).

#ifndef FG_PLUGINS_CPU_ENGINE_STATE_HPP_
#define FG_PLUGINS_CPU_ENGINE_STATE_HPP_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fg/abi/engine.h"
#include "fg/sdk/result.hpp"
#include "plugins/cpu/engine/convert.hpp"
#include "plugins/cpu/engine/micro.hpp"

namespace fg::cpu {

struct State {
  double a = 0;             // Float value; mean; peak.
  double b = 0;             // Error of a sum; m2; total of a log-sum-exp.
  std::int64_t i = 0;       // Integer or bool value; count.
  std::int64_t index = -1;  // ARG and LAST: position; -1 nothing seen yet.
};

class Monoid {
 public:
  // FG_R_EXPRESSION or FG_R_PARAMETER when the monoid does not take `type` values.
  static Result<Monoid> make(std::uint32_t monoid, std::uint16_t type);

  std::uint16_t type() const { return type_; }
  std::uint32_t kind() const { return kind_; }
  State identity() const;
  // Folds n > 0 values; the first has position `first`.
  void fold(State& s, const void* x, std::size_t n, std::int64_t first) const;
  // Folds x[k] into s[k] for k < n: one element of n neighbouring reductions, all at `position`.
  void step_row(State* s, const void* x, std::size_t n, std::int64_t position) const;
  // Folds the one value at x.
  void step(State& s, const void* x, std::int64_t position) const;
  // s (+) later, where `later` comes after it.
  void combine(State& s, const State& later) const;
  // Writes what the epilogue reads: state k of `s` to element `at` of block[k], in its type.
  std::size_t n_states() const;
  std::uint16_t state_type(std::size_t k) const;
  void put(const State& s, void* const* block, std::size_t at) const;
  // The same for n states, to the elements from 0 on.
  void put_block(const State* s, std::size_t n, void* const* block) const;

  bool arg() const { return kind_ == FG_MONOID_ARGMAX || kind_ == FG_MONOID_ARGMIN || last(); }
  bool last() const { return kind_ == FG_MONOID_LASTMAX || kind_ == FG_MONOID_LASTMIN; }
  bool is_float() const { return type_ == FG_CT_F32 || type_ == FG_CT_F64; }
  // SUM, PROD, MAX, MIN, AND, OR: one value, foldable row by row.
  bool simple() const { return kind_ <= FG_MONOID_OR; }
  BlockAccumulate accumulate() const { return accumulate_; }
  // Bytes of one element of what accumulate() keeps, its identity, and reading it back.
  std::size_t lane_bytes() const { return compute_bytes(lane_type()); }
  std::uint16_t lane_type() const;
  // lanes[k] = lanes[k] (+) more[k].
  void merge_lanes(void* lanes, const void* more, std::size_t n) const { merge_(lanes, more, n); }
  // The lanes as the epilogue's first input.
  void put_lanes(const void* lanes, void* block, std::size_t n) const;
  void fill_identity(void* lanes, std::size_t n) const;
  State from_lane(const void* lanes, std::size_t at) const;

 private:
  template <class T>
  void step_row_of(State* s, const T* x, std::size_t n, std::int64_t position) const;
  template <class T>
  void fold_arg(State& s, const T* x, std::size_t n, std::int64_t first) const;
  template <class T>
  bool better(T candidate, T best) const;
  template <class T>
  void take(State& s, T value, std::int64_t position) const;
  void fold_welford(State& s, const void* x, std::size_t n) const;
  void fold_log_sum_exp(State& s, const void* x, std::size_t n) const;

  std::uint32_t kind_ = 0;
  std::uint16_t type_ = 0;
  Fold how_ = Fold::sum;
  BlockFold fold_ = nullptr, deviations_ = nullptr;
  BlockAccumulate accumulate_ = nullptr, merge_ = nullptr;
  Micro narrow_ = nullptr, sub_ = nullptr, exp_ = nullptr;
  BlockFold sum_ = nullptr;
};

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_STATE_HPP_
