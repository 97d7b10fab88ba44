// SPDX-License-Identifier: Apache-2.0
//
// The oracle's own reading of the catalogue's expression text: recursive descent to a list of steps,
// evaluated on intervals.  Nothing is folded or reordered.

#ifndef FG_CONFORMANCE_REFERENCE_EXPRESSION_HPP_
#define FG_CONFORMANCE_REFERENCE_EXPRESSION_HPP_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/reference/value.hpp"

namespace fg::reference {

class Expression {
 public:
  // `names` are the operands in the order in which evaluate() gets them.  Throws Mistake when the
  // text is outside the language.
  Expression(std::string_view text, std::span<const std::string> names);

  // `common` is the type that an integer takes where it meets '/' or a function of floats.
  Value evaluate(std::span<const Value> operands, std::span<const std::int64_t> index, Ct common) const;

 private:
  friend class Parser;
  struct Step {
    enum class Kind : std::uint8_t { operand, index, number, unary, binary, select, fma, clamp } kind;
    std::uint32_t a = 0, b = 0, c = 0;
    Value number{};
    Unary unary = nullptr;
    Binary binary = nullptr;
    bool needs_float = false;
  };
  std::vector<Step> steps_;
};

struct Mistake {
  std::string what;
};

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_EXPRESSION_HPP_
