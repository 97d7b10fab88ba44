// SPDX-License-Identifier: Apache-2.0
//
// Random syntax for property tests.

#ifndef FG_TESTS_UNIT_EXPR_GROWER_HPP_
#define FG_TESTS_UNIT_EXPR_GROWER_HPP_

#include <rapidcheck.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "core/expr/op_table.hpp"
#include "core/expr/parse.hpp"

namespace fg::expr {

// Numbers x, y (tensors) and s (a scalar), and b, a bool tensor.
inline constexpr std::array<std::string_view, 4> kNames = {"x", "y", "b", "s"};
inline constexpr std::uint32_t kBoolName = 2;

enum class Growth : std::uint8_t {
  any,    // all operations, whether their types fit or not
  typed,  // what has types for operands of one type
  exact   // of these, what the contract defines to the bit
};

// Grows random syntax, operands before operators as the parser does.
class Grower {
 public:
  explicit Grower(Growth growth, std::uint16_t type = FG_CT_F32)
      : typed_(growth != Growth::any), exact_(growth == Growth::exact), type_(type) {
    parsed_.names.assign(kNames.begin(), kNames.end());
  }

  Parsed grow(int depth) {
    const std::uint32_t root = value(depth);
    parsed_.roots.push_back(root);
    return std::move(parsed_);
  }

 private:
  // Evenly, whatever the size of the case.
  static int below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }

  std::uint32_t push(Term t) {
    parsed_.terms.push_back(t);
    return static_cast<std::uint32_t>(parsed_.terms.size() - 1);
  }

  std::uint32_t leaf() {
    Term t;
    const int kind = below(typed_ ? 5 : 7);
    if (kind <= 2) {
      t.kind = Term::Kind::name;
      const std::uint32_t number_names[] = {0, 1, 3};
      t.arg[0] = number_names[kind];
    } else if (kind <= 4) {
      t.kind = Term::Kind::integer;
      const std::int64_t numbers[] = {0, 1, 2, 3, 7, 32, 100};
      t.integer = numbers[below(7)];
    } else if (kind == 5) {
      t.kind = Term::Kind::real;
      const double numbers[] = {0.0, 0.5, 1.0, 1e-300, 1e22, 0.1, std::numeric_limits<double>::infinity()};
      t.real = numbers[below(7)];
    } else {
      t.kind = below(2) == 0 ? Term::Kind::index : Term::Kind::boolean;
      const int bit = below(2);
      if (t.kind == Term::Kind::index) {
        t.arg[0] = static_cast<std::uint32_t>(bit);
      } else {
        t.integer = bit;
      }
    }
    return push(t);
  }

  std::uint32_t bool_leaf() {
    Term t;
    t.kind = Term::Kind::name;
    t.arg[0] = kBoolName;
    return push(t);
  }

  bool fits(const OpRow& row) const {
    if (row.rule == TypeRule::leaf) return false;
    if (!typed_) return true;
    if (exact_ && !is_exact(row)) return false;
    switch (row.rule) {
      case TypeRule::any:
      case TypeRule::number: return true;
      case TypeRule::floating:
      case TypeRule::rounding: return is_float_type(type_);
      case TypeRule::logic:
      case TypeRule::shift: return is_integer_type(type_);
      case TypeRule::where: return true;
      default: return false;
    }
  }

  // Integers are.  Of floats neither functions, nor fma (one rounding or two), nor the sign of a zero
  // that min and max choose.
  bool is_exact(const OpRow& row) const {
    if (!is_float_type(type_)) return true;
    const bool steps = row.op == FG_EX_POW || row.op == FG_EX_FMA || row.op == FG_EX_MIN || row.op == FG_EX_MAX;
    return row.op == FG_EX_SQRT || row.op == FG_EX_DIV || (row.rule != TypeRule::floating && !steps);
  }

  const OpRow& pick(bool truth) {
    std::vector<const OpRow*> rows;
    for (const OpRow& row : op_table()) {
      const bool is_truth = row.rule == TypeRule::compare;
      if (truth ? is_truth : fits(row)) rows.push_back(&row);
    }
    return *rows[static_cast<std::size_t>(below(static_cast<int>(rows.size())))];
  }

  std::uint32_t value(int depth) {
    if (depth == 0 || below(6) == 0) return leaf();
    return operation(pick(false), depth);
  }

  std::uint32_t truth(int depth) {
    if (!typed_) return value(depth);
    if (depth == 0 || below(4) == 0) return bool_leaf();
    if (below(3) == 0) return logical(depth);
    return operation(pick(true), depth);
  }

  std::uint32_t logical(int depth) {
    Term t;
    t.logical = true;
    const std::uint16_t ops[] = {FG_EX_AND, FG_EX_OR, FG_EX_NOT};
    t.op = ops[below(3)];
    t.arg[0] = truth(depth - 1);
    if (t.op != FG_EX_NOT) t.arg[1] = truth(depth - 1);
    return push(t);
  }

  std::uint32_t operation(const OpRow& row, int depth) {
    if (!typed_ && row.rule == TypeRule::logic && row.op != FG_EX_XOR && below(2) == 0) return logical(depth);
    Term t;
    t.op = row.op;
    if (row.op == FG_EX_CAST) t.type = static_cast<std::uint16_t>(below(5));
    for (int k = 0; k < row.arity; ++k) {
      t.arg[k] = row.rule == TypeRule::where && k == 0 ? truth(depth - 1) : value(depth - 1);
    }
    return push(t);
  }

  bool typed_;
  bool exact_;
  std::uint16_t type_;
  Parsed parsed_;
};

}  // namespace fg::expr

#endif  // FG_TESTS_UNIT_EXPR_GROWER_HPP_
