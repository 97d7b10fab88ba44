// SPDX-License-Identifier: Apache-2.0
//
// Collecting the cases of all operators.

#include "conformance/cases/plan.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "conformance/runner/probes.hpp"
#include "core/catalogue/case_line.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

bool is_tensor(const core::ArgInfo& a) {
  return a.type == core::ArgType::tensor || a.type == core::ArgType::tensor_list;
}

// Position of the first tensor argument, args.size() when there is none.
std::size_t first_tensor(const core::OpInfo& op) {
  std::size_t i = 0;
  while (i < op.args.size() && !is_tensor(op.args[i])) ++i;
  return i;
}

core::CaseArg line_arg(const core::ArgInfo& info, const ArgSpec& spec) {
  core::CaseArg a;
  a.given = spec.kind != ArgSpec::Kind::absent;
  a.is_number = spec.kind == ArgSpec::Kind::number;
  a.number = spec.number;
  a.dims = spec.dims;
  for (const TensorSpec& t : spec.tensors) {
    a.shapes.push_back(t.shape);
    a.transposed.push_back(false);
  }
  if (spec.kind == ArgSpec::Kind::dtype) a.number = ArgSpec::of_int(spec.dtype).number;
  if (spec.kind == ArgSpec::Kind::word) {
    const auto at = std::find(info.enum_names.begin(), info.enum_names.end(), spec.word);
    a.number = ArgSpec::of_int(at - info.enum_names.begin()).number;
  }
  return a;
}

// Of the first result, by the catalogue's rules; nothing when they refuse the call.
std::optional<Shape> result_shape(const core::OpInfo& op, const Case& c) {
  core::CaseValues values;
  for (std::size_t i = 0; i < op.args.size(); ++i) values.args.push_back(line_arg(op.args[i], c.args[i]));
  std::vector<core::Shape> shapes(op.outs.size());
  if (!core::infer_case(op, values, shapes)) return std::nullopt;
  return Shape(shapes[0].dims().begin(), shapes[0].dims().end());
}

Shape broadcast_all(const Case& c) {
  Shape space;
  for (const ArgSpec& a : c.args) {
    for (const TensorSpec& t : a.tensors) {
      const std::size_t rank = std::max(space.size(), t.shape.size());
      Shape next(rank, 1);
      for (std::size_t d = 0; d < rank; ++d) {
        const std::int64_t x = d + space.size() < rank ? 1 : space[d + space.size() - rank];
        const std::int64_t y = d + t.shape.size() < rank ? 1 : t.shape[d + t.shape.size() - rank];
        next[d] = x == 1 ? y : x;
      }
      space = next;
    }
  }
  return space;
}

// Whether the result of `op` can be stored in the dtype of its first tensor.
bool stores_in_self(const core::OpInfo& op, const Case& c) {
  const fg_dtype self = c.args[first_tensor(op)].tensors.front().dtype;
  if (op.args[first_tensor(op)].written) return true;
  const core::Promote promote = op.variants.empty() ? core::Promote::none : op.variants.front().promote;
  if (promote == core::Promote::int_to_float && !is_float(self)) return false;
  if (promote == core::Promote::sum && self == FG_BOOL) return false;
  for (const ArgSpec& a : c.args) {
    if (a.kind == ArgSpec::Kind::dtype) return false;
  }
  for (std::size_t i = 0; i < c.args.size(); ++i) {
    if (!op.args[i].promotes) continue;
    for (const TensorSpec& t : c.args[i].tensors) {
      if (t.dtype != self) return false;
    }
    const bool real = c.args[i].kind == ArgSpec::Kind::number && c.args[i].number.kind == FG_SCALAR_FLOAT;
    if ((real && !is_float(self)) || (c.args[i].kind == ArgSpec::Kind::number && self == FG_BOOL)) return false;
  }
  return true;
}

// Powers and remainders are not defined on bool, negative powers of integers neither.
bool is_defined(const core::OpInfo& op, const Case& c) {
  bool any = false;
  bool all_bool = true;
  bool any_float = false;
  bool negative = false;
  for (std::size_t i = 0; i < c.args.size(); ++i) {
    const ArgSpec& a = c.args[i];
    if (!op.args[i].promotes) continue;
    any = true;
    for (const TensorSpec& t : a.tensors) {
      all_bool = all_bool && t.dtype == FG_BOOL;
      any_float = any_float || is_float(t.dtype);
    }
    if (a.kind != ArgSpec::Kind::number) continue;
    all_bool = all_bool && a.number.kind == FG_SCALAR_BOOL;
    any_float = any_float || a.number.kind == FG_SCALAR_FLOAT;
    negative = negative || (a.number.kind == FG_SCALAR_INT && a.number.v.i < 0);
  }
  std::string text;
  for (const core::Variant& v : op.variants) {
    const bool chosen = op.variant_arg < 0 || c.args[static_cast<std::size_t>(op.variant_arg)].word == v.name;
    for (const std::string_view e : v.expr) text += chosen ? std::string(e) : "";
  }
  const bool power = text.find("pow(") != std::string::npos;
  const bool numbers_only = power || text.find("_div(") != std::string::npos;
  return !(any && all_bool && numbers_only) && !(power && negative && !any_float);
}

// A mask among indices has the lengths of self; one in a list, since masks select different numbers.
bool masks_fit(const core::OpInfo& op, const Case& c) {
  if (op.name != "index" && op.name != "index_put") return true;
  const std::vector<TensorSpec>& indices = c.args[1].tensors;
  if (indices.front().dtype != FG_BOOL) return true;
  const std::vector<std::int64_t>& dims = c.args.back().dims;
  const Shape& self = c.args[0].tensors.front().shape;
  const Shape& mask = indices.front().shape;
  const auto first = dims.empty() ? 0 : static_cast<std::size_t>(reference::wrap_dim(dims.front(), self.size()));
  return indices.size() == 1 && first + mask.size() <= self.size() &&
         std::equal(mask.begin(), mask.end(), self.begin() + static_cast<std::ptrdiff_t>(first));
}

// Form, layout of a written tensor, dtypes.
bool fits(const core::OpInfo& op, const Case& c) {
  if (!is_defined(op, c)) return false;
  if (!masks_fit(op, c)) return false;
  if (c.form == Form::fresh) return op.has_functional;
  if (op.kind == core::Kind::view || op.dynamic) return false;
  if (c.form == Form::out) return op.has_out;
  const std::size_t self = first_tensor(op);
  if (self == op.args.size() || c.args[self].tensors.size() != 1) return false;
  if (c.form == Form::inplace && !op.has_inplace) return false;
  if (c.form == Form::alias && (!op.has_out || op.outs.size() != 1 || op.kind != core::Kind::map)) return false;
  if (c.args[self].tensors.front().layout == Layout::repeated || !stores_in_self(op, c)) return false;
  // addmm and its like: a self that was broadcast cannot hold the result.
  if (op.args[self].pattern.broadcast) return result_shape(op, c) == c.args[self].tensors.front().shape;
  if (op.kind != core::Kind::map) return true;
  if (c.form == Form::alias && op.outs.front().rule != core::DtypeRule::promoted) return false;
  if (c.form == Form::alias && op.variants.front().promote == core::Promote::always_bool) return false;
  return broadcast_all(c) == c.args[self].tensors.front().shape;
}

void add_probes(Tier tier, std::vector<Case>& out) {
  for (const Probe& p : probes()) {
    Case c;
    c.area = p.area;
    c.op = p.name;
    if (tier == Tier::standard || p.quick) out.push_back(std::move(c));
  }
  for (const core::OpInfo& op : core::catalogue()) {
    Case c;
    c.area = "claim";
    c.op = op.name;
    out.push_back(std::move(c));
  }
}

}  // namespace

bool is_legal(const core::OpInfo& op, const Case& c) {
  if (!fits(op, c)) return false;
  // The shape of a view follows from its strides, for which the catalogue has no rule.
  return op.kind == core::Kind::view || result_shape(op, c).has_value();
}

std::vector<fg_dtype> members(core::DtypeSet set) {
  std::vector<fg_dtype> m;
  for (std::size_t k = 0; k < kDtypes.size(); ++k) {
    if (((set >> k) & 1u) != 0) m.push_back(kDtypes[k].dtype);
  }
  return m;
}

std::vector<std::vector<fg_dtype>> dtype_rows(const core::OpInfo& op) {
  const std::size_t lead = first_tensor(op);
  if (lead == op.args.size()) return {std::vector<fg_dtype>(op.args.size(), 0)};
  // A tensor that follows another cannot lead; the one it follows does.
  const bool follows = op.args[lead].rule == core::DtypeRule::same_as;
  const std::size_t leader = follows ? static_cast<std::size_t>(op.args[lead].same_as) : lead;
  std::vector<std::vector<fg_dtype>> rows;
  const std::vector<fg_dtype> leading = members(op.args[leader].dtypes);
  for (std::size_t r = 0; r < leading.size(); ++r) {
    std::vector<fg_dtype> row(op.args.size(), 0);
    for (std::size_t i = 0; i < op.args.size(); ++i) {
      const core::ArgInfo& a = op.args[i];
      if (!is_tensor(a)) continue;
      const std::vector<fg_dtype> own = members(a.dtypes);
      const bool alike = i == leader || a.rule == core::DtypeRule::same_as;
      const bool can_follow = std::find(own.begin(), own.end(), leading[r]) != own.end();
      const bool follow = alike || (can_follow && (a.promotes || op.args[leader].promotes));
      row[i] = follow || own.empty() ? leading[r] : own[r % own.size()];
      // "bool | same": every other row takes the extra dtype.
      if (a.rule == core::DtypeRule::same_as && !own.empty() && r % 2 == 1) row[i] = own[r / 2 % own.size()];
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void Collector::push(Case c) {
  if (seen_.insert(name_of(c)).second) out_.push_back(std::move(c));
}

void Collector::add(std::vector<ArgSpec> args, Values values, Form form) {
  Case c;
  c.area = op_.kind == core::Kind::view ? "view" : "op";
  c.op = op_.name;
  c.args = std::move(args);
  c.args.resize(op_.args.size());
  c.values = values;
  c.form = form;
  if (!fits(op_, c)) c.form = op_.has_functional ? Form::fresh : Form::inplace;
  if (!fits(op_, c)) return;
  push(c);
  if (op_.kind != core::Kind::composite) return;
  c.composite = true;
  push(std::move(c));
}

void Collector::add_bad(std::vector<ArgSpec> args, std::string reason, int arg, Form form) {
  Case c;
  c.area = "robust";
  c.op = op_.name;
  c.args = std::move(args);
  c.args.resize(op_.args.size());
  c.form = form;
  c.bad = Expectation{std::move(reason), arg};
  push(std::move(c));
}

void Collector::spread(const std::vector<ArgSpec>& args, std::size_t layouts) {
  static constexpr std::array<Layout, 7> kLayouts{Layout::dense,   Layout::gaps,     Layout::transposed,
                                                  Layout::offset,  Layout::repeated, Layout::permuted,
                                                  Layout::reversed};
  static constexpr std::array<Values, 3> kRegimes{Values::exact, Values::real, Values::special};
  static constexpr std::array<Form, 4> kFormsInTurn{Form::out, Form::inplace, Form::fresh, Form::alias};
  // Strides decide what these two mean, or whether they are possible.
  const bool dense_only = op_.name == "view" || op_.name == "view_as" || op_.name == "as_strided";
  const std::size_t n = standard() && !dense_only ? std::min(layouts, kLayouts.size()) : 1;
  for (std::size_t k = 0; k < n; ++k) {
    const std::uint64_t turn = turn_++;
    std::vector<ArgSpec> with = args;
    std::size_t tensor = 0;
    for (ArgSpec& a : with) {
      for (TensorSpec& t : a.tensors) {
        // The first tensor has the layout in turn, the others move one further each.
        const std::size_t first = standard() && n == kLayouts.size() ? k : static_cast<std::size_t>(turn);
        t.layout = t.shape.empty() || dense_only ? Layout::dense : kLayouts[(first + tensor * 3) % kLayouts.size()];
        ++tensor;
      }
    }
    Values regime = kRegimes[static_cast<std::size_t>(mix(turn) % 3)];
    if (op_.name == "scaled_dot_product_attention" && regime == Values::special) regime = Values::real;
    add(with, regime, kFormsInTurn[turn % kFormsInTurn.size()]);
  }
}

std::vector<Case> plan(Tier tier) {
  std::vector<Case> out;
  std::set<std::string> seen;
  add_probes(tier, out);
  for (const core::OpInfo& op : core::catalogue()) {
    Collector c(op, tier, out, seen);
    add_lines(c);
    if (op.kind == core::Kind::map) add_map(c);
    if (op.kind == core::Kind::reduce || op.kind == core::Kind::scan) add_reduce(c);
    add_mistakes(c);
  }
  return out;
}

}  // namespace fg::conformance
