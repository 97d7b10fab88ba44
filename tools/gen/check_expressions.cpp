// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/check_expressions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/catalogue/nearest.hpp"
#include "core/catalogue/promotion.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/parse.hpp"
#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

struct Names {
  std::vector<std::string_view> text;
  std::vector<expr::Binding> binding;
  void add(std::string_view name, expr::Binding b) {
    text.push_back(name);
    binding.push_back(b);
  }
};

bool is_number(const Arg& a) {
  return a.type == ArgType::scalar || a.type == ArgType::float_ || a.type == ArgType::int_ || a.type == ArgType::bool_;
}

std::vector<const Arg*> inputs_of(const Op& op) {
  std::vector<const Arg*> out;
  for (const Arg& a : op.args) {
    if (a.is_tensor() && !a.written) out.push_back(&a);
  }
  return out;
}

// Every dtype combination of the inputs.
class Combinations {
 public:
  explicit Combinations(const std::vector<const Arg*>& inputs) : inputs_(inputs), row_(inputs.size()) {
    // Those with a class of their own first: `same(x)` may come before x.
    for (const bool same : {false, true}) {
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i]->same_as.empty() != same) order_.push_back(i);
      }
    }
    choose(0);
  }
  std::vector<std::vector<fg_dtype>> rows;

 private:
  void choose(std::size_t k) {
    if (k == order_.size()) return rows.push_back(row_);
    const Arg& a = *inputs_[order_[k]];
    for (const DtypeName& d : kDtypes) {
      const bool same = !a.same_as.empty() && d.dtype == dtype_of(a.same_as);
      if (!same && (a.dtypes & dtype_bit(d.dtype)) == 0) continue;
      row_[order_[k]] = d.dtype;
      choose(k + 1);
    }
  }
  fg_dtype dtype_of(const std::string& name) const {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i]->name == name) return row_[i];
    }
    return 0;
  }

  const std::vector<const Arg*>& inputs_;
  std::vector<fg_dtype> row_;
  std::vector<std::size_t> order_;
};

class ExpressionCheck {
 public:
  ExpressionCheck(const Op& op, Diagnostics& diagnostics)
      : op_(op), diagnostics_(diagnostics), inputs_(inputs_of(op)) {}

  void variant(const Variant& v);

 private:
  // The types of one call.
  struct Call {
    fg_dtype common = 0, out = 0;
  };
  Names names(const std::vector<fg_dtype>& row, fg_dtype common, bool tensors) const;
  Names states(std::uint16_t type) const;
  std::optional<expr::Parsed> parse(const std::vector<Text>& texts, const Names& names);
  std::optional<Call> call(const Variant& v, const std::vector<fg_dtype>& row) const;
  std::vector<std::uint16_t> stored(const Call& c, const std::vector<fg_dtype>& row) const;
  bool typed(const expr::Parsed& parsed, const Names& names, std::uint16_t common, std::vector<std::uint16_t> out,
             const Text& at, const std::vector<fg_dtype>& row, std::uint16_t* type);
  void all_used(const expr::Parsed& parsed, const Text& at);
  bool map_row(const Variant& v, const expr::Parsed& parsed, const std::vector<fg_dtype>& row);
  bool fold_row(const Variant& v, const expr::Parsed& prologue, const expr::Parsed& epilogue,
                const std::vector<fg_dtype>& row);

  const Op& op_;
  Diagnostics& diagnostics_;
  std::vector<const Arg*> inputs_;
};

Names ExpressionCheck::names(const std::vector<fg_dtype>& row, fg_dtype common, bool tensors) const {
  Names n;
  if (tensors) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const fg_dtype own = row.empty() ? FG_F32 : row[i];
      n.add(inputs_[i]->name, inputs_[i]->promotes ? expr::Binding::promoted(own, common) : expr::Binding::tensor(own));
    }
  }
  for (const Arg& a : op_.args) {
    if (!is_number(a)) continue;
    const std::uint16_t type = a.type == ArgType::int_                          ? static_cast<std::uint16_t>(FG_CT_I64)
                               : a.type == ArgType::bool_                       ? static_cast<std::uint16_t>(FG_CT_BOOL)
                               : a.type == ArgType::float_ && !is_float(common) ? static_cast<std::uint16_t>(FG_CT_F64)
                                                                                : compute_type(common);
    n.add(a.name, expr::Binding::number(type));
  }
  return n;
}

// What an epilogue reads: ops/README.md.
Names ExpressionCheck::states(std::uint16_t type) const {
  Names n;
  if (op_.monoid == "argmax" || op_.monoid == "argmin" || op_.monoid == "lastmax" || op_.monoid == "lastmin") {
    n.add("value", expr::Binding::state(type));
    n.add("position", expr::Binding::state(FG_CT_I64));
  } else if (op_.monoid == "welford") {
    for (const std::string_view s : {"mean", "m2", "count"}) n.add(s, expr::Binding::state(type));
  } else if (op_.monoid == "logsumexp") {
    for (const std::string_view s : {"peak", "total"}) n.add(s, expr::Binding::state(type));
  } else {
    n.add("acc", expr::Binding::state(type));
  }
  if (op_.kind == Kind::reduce) n.add("n", expr::Binding::state(FG_CT_I64));
  return n;
}

std::optional<expr::Parsed> ExpressionCheck::parse(const std::vector<Text>& texts, const Names& names) {
  std::vector<std::string_view> views;
  bool good = true;
  for (const Text& t : texts) {
    // One by one, for the line of each.
    const auto one = expr::parse(std::string_view(t.text), names.text);
    if (!one) {
      diagnostics_.error(t.where, fmt::format("{}: {}", op_.name, one.error().message));
      good = false;
    }
    views.push_back(t.text);
  }
  if (!good) return std::nullopt;
  auto all = expr::parse(views, names.text);
  return all ? std::optional(std::move(*all)) : std::nullopt;
}

std::optional<ExpressionCheck::Call> ExpressionCheck::call(const Variant& v, const std::vector<fg_dtype>& row) const {
  if (v.promote == Promote::none) {
    const fg_dtype own = row.empty() ? FG_F32 : row.front();
    return Call{own, own};
  }
  std::vector<core::Operand> operands;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i]->promotes) operands.push_back(core::Operand::tensor(row[i], 1));
  }
  const auto promoted = core::promote(v.promote, operands);
  if (!promoted || (v.common & dtype_bit(promoted->common)) == 0) return std::nullopt;
  return Call{promoted->common, promoted->out};
}

std::vector<std::uint16_t> ExpressionCheck::stored(const Call& c, const std::vector<fg_dtype>& row) const {
  std::vector<std::uint16_t> out;
  for (const Out& o : op_.outs) {
    fg_dtype dtype = o.rule == DtypeRule::fixed ? o.dtype : c.out;
    for (std::size_t i = 0; i < inputs_.size() && !row.empty(); ++i) {
      if (o.rule == DtypeRule::same_as && inputs_[i]->name == o.arg) dtype = row[i];
    }
    out.push_back(expr::stored_as(dtype));
  }
  return out;
}

bool ExpressionCheck::typed(const expr::Parsed& parsed, const Names& names, std::uint16_t common,
                            std::vector<std::uint16_t> out, const Text& at, const std::vector<fg_dtype>& row,
                            std::uint16_t* type) {
  expr::Typing typing;
  typing.common = common;
  typing.names = names.binding;
  typing.out = std::move(out);
  const auto program = expr::instantiate(parsed, typing);
  if (program) {
    if (type != nullptr) *type = program->out_type(0);
    return true;
  }
  std::string dtypes;
  for (std::size_t i = 0; i < row.size(); ++i)
    dtypes += fmt::format("{}{} {}", i == 0 ? "" : ", ", inputs_[i]->name, dtype_name(row[i]));
  diagnostics_.error(
      at.where, fmt::format("{}: {} (for {})", op_.name, program.error().message, dtypes.empty() ? "f32" : dtypes));
  return false;
}

void ExpressionCheck::all_used(const expr::Parsed& parsed, const Text& at) {
  std::set<std::uint32_t> used;
  for (const expr::Term& t : parsed.terms) {
    if (t.kind == expr::Term::Kind::name) used.insert(t.arg[0]);
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const bool reads = used.count(static_cast<std::uint32_t>(i)) != 0;
    if (reads == !inputs_[i]->unread) continue;
    diagnostics_.error(at.where, fmt::format("{}: {} the input '{}'", op_.name,
                                             reads ? "'unread' names, and an expression uses," : "no expression uses",
                                             inputs_[i]->name));
  }
}

bool ExpressionCheck::map_row(const Variant& v, const expr::Parsed& parsed, const std::vector<fg_dtype>& row) {
  const auto c = call(v, row);
  if (!c) return true;  // The core refuses such operands.
  return typed(parsed, names(row, c->common, true), compute_type(c->common), stored(*c, row), v.expr.front(), row,
               nullptr);
}

bool ExpressionCheck::fold_row(const Variant& v, const expr::Parsed& prologue, const expr::Parsed& epilogue,
                               const std::vector<fg_dtype>& row) {
  const auto c = call(v, row);
  if (!c) return true;
  std::uint16_t state = FG_CT_F32;
  if (!typed(prologue, names(row, c->common, true), compute_type(c->common), {expr::kNatural}, v.prologue, row, &state))
    return false;
  Names from = states(state);
  const Names numbers = names(row, c->common, false);
  for (std::size_t i = 0; i < numbers.text.size(); ++i) from.add(numbers.text[i], numbers.binding[i]);
  return typed(epilogue, from, state, stored(*c, row), v.expr.front(), row, nullptr);
}

void ExpressionCheck::variant(const Variant& v) {
  if (op_.outs.empty()) return;  // Reported already.
  inputs_ = inputs_of(op_);
  if (op_.variant_arg.empty()) std::erase_if(inputs_, [&](const Arg* a) { return a->name == v.name; });
  if (v.expr.size() != op_.outs.size()) {
    const Where where = v.expr.empty() ? op_.where : v.expr.front().where;
    diagnostics_.error(where, fmt::format("{} has {} expressions, expected one per output ({})", op_.name,
                                          v.expr.size(), op_.outs.size()));
    return;
  }
  const std::vector<std::vector<fg_dtype>> rows = Combinations(inputs_).rows;
  if (op_.kind == Kind::map) {
    const auto parsed = parse(v.expr, names({}, FG_F32, true));
    if (!parsed) return;
    all_used(*parsed, v.expr.front());
    // The first combination that fails says it; others would repeat it.
    (void)std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return map_row(v, *parsed, row); });
    return;
  }
  Names from = states(FG_CT_F32);
  const Names numbers = names({}, FG_F32, false);
  for (std::size_t i = 0; i < numbers.text.size(); ++i) from.add(numbers.text[i], numbers.binding[i]);
  const auto prologue = parse({v.prologue}, names({}, FG_F32, true));
  const auto epilogue = parse(v.expr, from);
  if (!prologue || !epilogue) return;
  all_used(*prologue, v.prologue);
  (void)std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return fold_row(v, *prologue, *epilogue, row); });
}

}  // namespace

void check_expressions(const Op& op, Diagnostics& diagnostics) {
  if (op.kind != Kind::map && op.kind != Kind::reduce && op.kind != Kind::scan) return;
  ExpressionCheck check(op, diagnostics);
  for (const Variant& v : op.variants) check.variant(v);
}

}  // namespace fg::gen
