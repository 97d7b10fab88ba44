// SPDX-License-Identifier: Apache-2.0
//
// The shape rules that patterns cannot say, and what all rules read arguments with.

#ifndef FG_CORE_CATALOGUE_NAMED_RULES_HPP_
#define FG_CORE_CATALOGUE_NAMED_RULES_HPP_

#include <string>

#include "core/catalogue/rule_text.hpp"
#include "core/catalogue/shape_rule_names.hpp"
#include "core/catalogue/shape_rules.hpp"

namespace fg::core {

// One call, as a rule reads and completes it.
struct RuleCall {
  const OpInfo& op;
  std::span<const ShapeArg> args;
  std::span<Shape> outs;
  Symbols* symbols;  // May be null.

  int find(std::string_view name) const;  // Position in op.args; the catalogue has it.
  std::span<const std::int64_t> shape(int i) const {
    const ShapeArg& a = args[static_cast<std::size_t>(i)];
    return {a.shape, static_cast<std::size_t>(a.ndim > 0 ? a.ndim : 0)};
  }
  bool present(int i) const { return args[static_cast<std::size_t>(i)].ndim != ShapeArg::kAbsent; }
  // Attributes, defaults filled in.
  bool given(int i) const;
  std::int64_t integer(int i) const;  // int, dim, bool
  fg_scalar number(int i) const;      // scalar, float; kind NONE when left out
  std::span<const std::int64_t> list(int i) const;

  tl::unexpected<Error> error(int arg, fg_reason reason, std::string what) const {
    return invalid(std::string(op.name) + ": " + std::move(what), reason, arg);
  }
  std::string name(int i) const { return std::string(op.args[static_cast<std::size_t>(i)].name); }
  void bind(std::size_t symbol, std::int64_t length) const {
    if (symbols != nullptr) symbols->length[symbol] = length;
  }
};

void assign(Shape& to, std::span<const std::int64_t> from);

Result<void> named_rule(ShapeRule rule, const RuleCall& call);
// The part of it in layout_rules.cpp.
Result<void> layout_rule(ShapeRule rule, const RuleCall& call);

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_NAMED_RULES_HPP_
