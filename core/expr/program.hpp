// SPDX-License-Identifier: Apache-2.0
//
// An owned, verified fg_expr (fg/abi/expr.h): immutable, with its hash.

#ifndef FG_CORE_EXPR_PROGRAM_HPP_
#define FG_CORE_EXPR_PROGRAM_HPP_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "fg/abi/expr.h"
#include "fg/sdk/result.hpp"

namespace fg::expr {

inline constexpr std::uint32_t kMaxNodes = 8192;
inline constexpr std::uint32_t kMaxOperands = 64;  // inputs, scalars and outputs, each

class Program {
 public:
  // Verifies (every rule of fg/abi/expr.h: order, types, arity, numbers of leaves) and hashes.
  static Result<Program> make(std::vector<fg_expr_node> nodes, std::vector<std::uint32_t> outs, std::uint16_t n_in,
                              std::uint16_t n_scalar);

  // Borrowed: valid as long as this Program, which may be moved but not assigned meanwhile.
  fg_expr view() const;

  std::span<const fg_expr_node> nodes() const { return nodes_; }
  std::span<const std::uint32_t> outs() const { return outs_; }
  std::uint16_t n_in() const { return n_in_; }
  std::uint16_t n_scalar() const { return n_scalar_; }
  std::uint16_t flags() const { return flags_; }
  const std::array<std::uint64_t, 2>& hash() const { return hash_; }
  // FG_CT_* of output j.
  std::uint16_t out_type(std::size_t j) const { return nodes_[outs_[j]].type; }

 private:
  Program() = default;
  std::vector<fg_expr_node> nodes_;
  std::vector<std::uint32_t> outs_;
  std::uint16_t n_in_ = 0, n_scalar_ = 0, flags_ = 0;
  std::array<std::uint64_t, 2> hash_{};
};

// Whether `program` obeys fg/abi/expr.h.  Also for programs that came from elsewhere.
Result<void> verify(const fg_expr& program);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_PROGRAM_HPP_
