// SPDX-License-Identifier: Apache-2.0
//
// From the catalogue's expressions and the dtypes of a call to the program that an engine runs.

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "core/dispatch/plan.hpp"
#include "core/expr/fold.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/parse.hpp"
#include "fg/abi/engine.h"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

struct Names {
  std::vector<std::string_view> text;
  std::vector<expr::Binding> binding;

  void add(std::string_view name, expr::Binding b) {
    text.push_back(name);
    binding.push_back(b);
  }
};

bool is_number_type(ArgType t) {
  return t == ArgType::scalar || t == ArgType::float_ || t == ArgType::int_ || t == ArgType::bool_;
}

// The type in which a number argument is read.
std::uint16_t number_type(const ArgInfo& a, fg_dtype common) {
  if (a.type == ArgType::int_) return FG_CT_I64;
  if (a.type == ArgType::bool_) return FG_CT_BOOL;
  if (a.type == ArgType::float_ && !is_float(common)) return FG_CT_F64;
  return compute_type(common);
}

// PyTorch's rule for `alpha` and its like: an integer result takes no float factor.
Result<void> check_scalar_kind(const Call& c, const Plan& p, std::size_t i) {
  const ArgInfo& a = c.op.args[i];
  const Promote kind = c.op.variants[p.variant].promote;
  if (a.type != ArgType::scalar || a.promotes || kind == Promote::none || c.op.kind != Kind::map) return {};
  const std::uint32_t given = c.arg(i).tag;
  if (given == FG_V_FLOAT && !is_float(p.common)) {
    return invalid(fmt::format("{}: {} is {}, it must be an integer for {} tensors", c.op.name, a.name, c.arg(i).v.f,
                               dtype_name(p.common)),
                   FG_R_PARAMETER, static_cast<std::int32_t>(i));
  }
  if (given == FG_V_BOOL && p.common != FG_BOOL) {
    return invalid(fmt::format("{}: {} is a bool, the result is {}", c.op.name, a.name, dtype_name(p.common)),
                   FG_R_PARAMETER, static_cast<std::int32_t>(i));
  }
  return {};
}

bool equal_numbers(const fg_scalar& a, const fg_scalar& b) {
  const auto as_double = [](const fg_scalar& s) {
    return s.kind == FG_SCALAR_FLOAT ? s.v.f : static_cast<double>(s.v.i);
  };
  return a.kind != FG_SCALAR_NONE && b.kind != FG_SCALAR_NONE && as_double(a) == as_double(b);
}

// Names of tensors and numbers; fills inputs, scalars and the values of numbers at their default.
Result<void> collect(const Call& c, Plan& p, Names& tensors, Names& numbers, std::vector<fg_scalar>& fixed) {
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    const ArgInfo& a = c.op.args[i];
    const fg_value& v = c.arg(i);
    if (a.unread || (a.written && c.form == Form::inplace && static_cast<std::int16_t>(i) == p.written)) continue;
    if (a.type == ArgType::tensor && v.tag == FG_V_TENSOR) {
      const fg_dtype own = v.v.tensor->desc.dtype;
      tensors.add(a.name, a.promotes ? expr::Binding::promoted(own, p.common) : expr::Binding::tensor(own));
      p.inputs.push_back(static_cast<std::int16_t>(i));
      continue;
    }
    const bool operand = a.type == ArgType::tensor && v.tag != FG_V_NONE;
    if (!operand && !is_number_type(a.type)) continue;
    if (!operand && v.tag == FG_V_NONE && !a.has_default) continue;
    FG_TRY(check_scalar_kind(c, p, i));
    const std::uint16_t type = operand ? compute_type(p.common) : number_type(a, p.common);
    numbers.add(a.name, expr::Binding::number(type));
    p.scalars.push_back({static_cast<std::int16_t>(i), type});
    const bool at_default = !operand && a.has_default && equal_numbers(scalar_of(a, v), a.default_value);
    fixed.push_back(at_default ? a.default_value : fg_scalar{});
  }
  return {};
}

expr::Typing typing(std::uint16_t common, const Names& first, const Names& second, std::vector<std::uint16_t> out) {
  expr::Typing t;
  t.common = common;
  t.names = first.binding;
  t.names.insert(t.names.end(), second.binding.begin(), second.binding.end());
  t.out = std::move(out);
  return t;
}

Result<expr::Program> build(const Call& c, std::span<const std::string_view> texts, const Names& first,
                            const Names& second, std::uint16_t common, std::vector<std::uint16_t> out,
                            std::span<const fg_scalar> fixed) {
  std::vector<std::string_view> names = first.text;
  names.insert(names.end(), second.text.begin(), second.text.end());
  auto parsed = expr::parse(texts, names);
  if (!parsed) return tl::unexpected(std::move(parsed).error().while_doing(c.op.name));
  auto program = expr::instantiate(*parsed, typing(common, first, second, std::move(out)));
  if (!program) return tl::unexpected(std::move(program).error().while_doing(c.op.name));
  return expr::specialise(*program, fixed);
}

// The scalar that node `n` is, looking through conversions; -1 none.
int scalar_behind(std::span<const fg_expr_node> nodes, std::uint32_t n) {
  while (nodes[n].op == FG_EX_CAST) n = nodes[n].arg[0];
  return nodes[n].op == FG_EX_SCALAR ? static_cast<int>(nodes[n].arg[0]) : -1;
}

// Which scalars must not be zero (integer divisors) or negative (exponents of integers).
void find_limits(const expr::Program& program, Plan& p) {
  for (const fg_expr_node& n : program.nodes()) {
    if (n.type != FG_CT_I32 && n.type != FG_CT_I64) continue;
    const bool divides =
        n.op == FG_EX_TRUNC_DIV || n.op == FG_EX_FLOOR_DIV || n.op == FG_EX_FMOD || n.op == FG_EX_REMAINDER;
    if (!divides && n.op != FG_EX_POW) continue;
    const int scalar = scalar_behind(program.nodes(), n.arg[1]);
    if (scalar < 0 || scalar >= 32) continue;
    (divides ? p.nonzero : p.nonnegative) |= 1u << scalar;
  }
}

// What output j is stored as: the given tensor's type where there is one.
std::uint16_t stored_type(const Call& c, const Plan& p, std::size_t j) {
  if (p.widens) return expr::stored_as(p.out_dtype[j]);
  if (c.form == Form::out) return expr::stored_as(c.outs[j]->desc.dtype);
  if (c.form == Form::inplace && j == 0)
    return expr::stored_as(c.arg(static_cast<std::size_t>(p.written)).v.tensor->desc.dtype);
  return expr::stored_as(p.out_dtype[j]);
}

std::vector<std::uint16_t> stored_types(const Call& c, const Plan& p) {
  std::vector<std::uint16_t> types;
  for (std::size_t j = 0; j < c.op.outs.size(); ++j) types.push_back(stored_type(c, p, j));
  return types;
}

// The states that an epilogue reads (ops/reduce.yaml).
Names states(std::uint32_t monoid, std::uint16_t type) {
  Names n;
  switch (monoid) {
    case FG_MONOID_ARGMAX:
    case FG_MONOID_ARGMIN:
    case FG_MONOID_LASTMAX:
    case FG_MONOID_LASTMIN:
      n.add("value", expr::Binding::state(type));
      n.add("position", expr::Binding::state(FG_CT_I64));
      break;
    case FG_MONOID_WELFORD:
      n.add("mean", expr::Binding::state(type));
      n.add("m2", expr::Binding::state(type));
      n.add("count", expr::Binding::state(type));
      break;
    case FG_MONOID_LOGSUMEXP:
      n.add("peak", expr::Binding::state(type));
      n.add("total", expr::Binding::state(type));
      break;
    default: n.add("acc", expr::Binding::state(type));
  }
  return n;
}

}  // namespace

Result<void> make_program(const Call& c, Plan& p) {
  Names tensors;
  Names numbers;
  std::vector<fg_scalar> fixed;
  FG_TRY(collect(c, p, tensors, numbers, fixed));
  const Variant& variant = c.op.variants[p.variant];
  const std::uint16_t common = compute_type(p.common);
  if (c.op.kind == Kind::map) {
    FG_TRY_ASSIGN(expr::Program program, build(c, variant.expr, tensors, numbers, common, stored_types(c, p), fixed));
    find_limits(program, p);
    p.program = intern(Kind::map, 0, std::move(program), std::nullopt);
    return {};
  }
  const std::string_view prologue[] = {variant.prologue};
  FG_TRY_ASSIGN(expr::Program main, build(c, prologue, tensors, numbers, common, {expr::kNatural}, fixed));
  const std::uint16_t state = main.out_type(0);
  Names from = states(c.op.monoid, state);
  if (c.op.kind == Kind::reduce) from.add("n", expr::Binding::state(FG_CT_I64));
  FG_TRY_ASSIGN(expr::Program epilogue, build(c, variant.expr, from, numbers, state, stored_types(c, p), fixed));
  p.program = intern(c.op.kind, c.op.monoid, std::move(main), std::move(epilogue));
  return {};
}

}  // namespace fg::core
