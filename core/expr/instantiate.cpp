// SPDX-License-Identifier: Apache-2.0
//
// Three passes, none recursive: types from the leaves up (typing.cpp), the types that weak terms
// are wanted in from the roots down, nodes from the leaves up.

#include "core/expr/instantiate.hpp"

#include <array>
#include <string>
#include <utility>

#include "core/expr/builder.hpp"
#include "core/expr/fold.hpp"
#include "core/expr/lexer.hpp"
#include "core/expr/op_table.hpp"
#include "core/expr/typing.hpp"

namespace fg::expr {
namespace {

constexpr int kTypes = 5;

class Lowering {
 public:
  Lowering(const Parsed& parsed, const Typing& typing) : parsed_(parsed), typing_(typing) {}

  Result<Program> run() {
    FG_TRY(check());
    FG_TRY_ASSIGN(types_, find_types(parsed_, typing_));
    number_names();
    find_wanted();
    emitted_.resize(parsed_.terms.size());
    for (std::uint32_t k = 0; k < parsed_.terms.size(); ++k) FG_TRY(emit(k));
    std::vector<Builder::Id> outs;
    for (std::size_t j = 0; j < parsed_.roots.size(); ++j) {
      const std::uint16_t type = out_type(j);
      outs.push_back(read(parsed_.roots[j], type));
    }
    return builder_.finish(outs, n_in_, n_scalar_);
  }

 private:
  Result<void> check() const {
    if (parsed_.names.size() != typing_.names.size() || parsed_.roots.size() != typing_.out.size()) {
      return invalid("the expression has " + std::to_string(parsed_.names.size()) + " names and " +
                         std::to_string(parsed_.roots.size()) + " outputs, the types are of " +
                         std::to_string(typing_.names.size()) + " and " + std::to_string(typing_.out.size()),
                     FG_R_EXPRESSION);
    }
    if (parsed_.names.size() > kMaxOperands) return invalid("more than 64 names in an expression", FG_R_LIMIT);
    return {};
  }

  void number_names() {
    for (const Binding& b : typing_.names) slot_.push_back(b.is_scalar ? n_scalar_++ : n_in_++);
  }

  std::uint16_t out_type(std::size_t j) const {
    if (typing_.out[j] != kNatural && typing_.out[j] != kNarrowInteger) return typing_.out[j];
    const TermType& t = types_[parsed_.roots[j]];
    const std::uint16_t own = t.weak ? neutral_type(t, typing_.common) : t.type;
    return typing_.out[j] == kNatural || is_float_type(own) ? own : std::uint16_t{FG_CT_I32};
  }

  // The type in which `term`, itself in `type`, reads operand k.
  std::uint16_t operand_type(const Term& term, int k, std::uint16_t type) const {
    if (term.op == FG_EX_WHERE && k == 0) return FG_CT_BOOL;
    const TermType& t = types_[static_cast<std::size_t>(&term - parsed_.terms.data())];
    return t.weak ? type : t.operand;
  }

  // A bool read from a weak term goes by its neutral type, as "!= 0".
  std::uint16_t wanted_of(const TermType& t, std::uint16_t type) const {
    return type == FG_CT_BOOL && !t.known ? neutral_type(t, typing_.common) : type;
  }

  void want(std::uint32_t k, std::uint16_t type) {
    if (types_[k].weak) wanted_[k] |= 1u << wanted_of(types_[k], type);
  }

  void find_wanted() {
    wanted_.assign(parsed_.terms.size(), 0);
    for (std::size_t j = 0; j < parsed_.roots.size(); ++j) want(parsed_.roots[j], out_type(j));
    for (std::size_t k = parsed_.terms.size(); k-- > 0;) {
      const Term& term = parsed_.terms[k];
      if (term.kind != Term::Kind::op || types_[k].known) continue;
      const int arity = find_op(term.op)->arity;
      for (std::uint16_t type = 0; type < kTypes; ++type) {
        if (types_[k].weak && (wanted_[k] >> type & 1u) == 0) continue;
        for (int a = 0; a < arity; ++a) want(term.arg[a], operand_type(term, a, type));
      }
    }
  }

  Result<void> emit(std::uint32_t k) {
    const TermType& t = types_[k];
    if (!t.weak) {
      FG_TRY_ASSIGN(emitted_[k][0], emit_strong(k));
      return {};
    }
    for (std::uint16_t type = 0; type < kTypes; ++type) {
      if ((wanted_[k] >> type & 1u) == 0) continue;
      FG_TRY_ASSIGN(emitted_[k][type], emit_weak(k, type));
    }
    return {};
  }

  Result<Builder::Id> emit_weak(std::uint32_t k, std::uint16_t type) {
    const Term& term = parsed_.terms[k];
    const TermType& t = types_[k];
    if (t.known) {
      FG_TRY_ASSIGN(const Value v, literal_in(t, type, term.column));
      return builder_.constant(v);
    }
    if (t.real && !is_float_type(type)) {
      return error_at(term.column, "a float, expected " + std::string(type_name(type)));
    }
    return emit_op(term, type);
  }

  Result<Builder::Id> emit_strong(std::uint32_t k) {
    const Term& term = parsed_.terms[k];
    const TermType& t = types_[k];
    if (t.known) return builder_.constant(t.value);
    switch (term.kind) {
      case Term::Kind::name: return name(term.arg[0]);
      case Term::Kind::index: return builder_.add(FG_EX_INDEX, FG_CT_I64, term.arg[0]);
      case Term::Kind::boolean: return builder_.constant(Value::of_bool(term.integer != 0));
      default: break;
    }
    if (term.op == FG_EX_CAST && types_[term.arg[0]].known) {
      return builder_.constant(convert(types_[term.arg[0]].value, term.type));
    }
    return emit_op(term, t.type);
  }

  Builder::Id name(std::uint32_t n) {
    const Binding& b = typing_.names[n];
    const auto op = static_cast<std::uint16_t>(b.is_scalar ? FG_EX_SCALAR : FG_EX_INPUT);
    return builder_.cast(builder_.add(op, b.type, slot_[n]), b.used);
  }

  Result<Builder::Id> emit_op(const Term& term, std::uint16_t type) {
    const OpRow& row = *find_op(term.op);
    Builder::Id arg[3] = {0, 0, 0};
    for (int a = 0; a < row.arity; ++a) arg[a] = read(term.arg[a], operand_type(term, a, type));
    if (term.op == FG_EX_CAST) return builder_.cast(arg[0], type);
    const std::uint16_t in = builder_[arg[0]].type;
    if (row.rule == TypeRule::rounding && !is_float_type(type)) return arg[0];
    if (row.rule == TypeRule::isnan && !is_float_type(in)) return builder_.constant(Value::of_bool(false));
    if (type == FG_CT_BOOL && (term.op == FG_EX_ABS || term.op == FG_EX_SIGN)) return arg[0];
    return builder_.add(op_in(term, type), type, arg[0], arg[1], arg[2]);
  }

  // The node of term k in `type`.
  Builder::Id read(std::uint32_t k, std::uint16_t type) {
    if (!types_[k].weak) return builder_.cast(emitted_[k][0], type);
    return builder_.cast(emitted_[k][wanted_of(types_[k], type)], type);
  }

  const Parsed& parsed_;
  const Typing& typing_;
  std::vector<TermType> types_;
  std::vector<std::uint32_t> slot_;
  std::uint16_t n_in_ = 0, n_scalar_ = 0;
  std::vector<std::uint32_t> wanted_;                     // Weak terms: set of FG_CT_*, bit by bit.
  std::vector<std::array<Builder::Id, kTypes>> emitted_;  // Strong terms use the first only.
  Builder builder_;
};

}  // namespace

Result<Program> lower(const Parsed& parsed, const Typing& typing) { return Lowering(parsed, typing).run(); }

Result<Program> instantiate(const Parsed& parsed, const Typing& typing) {
  FG_TRY_ASSIGN(const Program program, lower(parsed, typing));
  return fold(program);
}

}  // namespace fg::expr
