// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/doc_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/catalogue/rule_text.hpp"
#include "tools/gen/signature.hpp"
#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

std::string number_word(const fg_scalar& v) {
  if (v.kind == FG_SCALAR_BOOL) return v.v.i != 0 ? "true" : "false";
  return v.kind == FG_SCALAR_FLOAT ? core::number_text(v.v.f) : std::to_string(v.v.i);
}

std::string set_text(DtypeSet set) {
  std::vector<std::string_view> names;
  for (const DtypeName& d : kDtypes) {
    if ((set & dtype_bit(d.dtype)) != 0) names.push_back(d.name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

std::string rule_shape_text(const Op& op, const Out& out) {
  const bool first = out.name == op.outs.front().name;
  if (op.shape_rule == "arange") return "[ceil((end - start) / step)]";
  if (op.shape_rule == "layer_norm" || op.shape_rule == "rms_norm")
    return first ? "as `input`" : "as `input`, the normalised dimensions 1";
  if (op.shape_rule == "scaled_dot_product_attention") return "as `query`, the last dimension that of `value`";
  if (op.shape_rule == "apply_rotary_pos_emb") return first ? "as `q`" : "as `k`";
  if (op.shape_rule == "gather") return "as `index`";
  if (op.shape_rule == "cat") return "as the tensors, the sum of their lengths in `dim`";
  if (op.shape_rule == "nonzero") return "[number of elements that are not zero, dimensions of `self`]";
  if (op.shape_rule == "dot" || op.shape_rule == "allclose" || op.shape_rule == "equal") return "[]";
  if (op.shape_rule == "kron")
    return "the products of the lengths of `self` and `other`, aligned at the last dimension";
  static constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"diag", "[n + |diagonal|, n + |diagonal|] for a vector of n, else [length of the diagonal]"},
      {"diag_embed", "as `self`, the last dimension n replaced by n + |offset| at `dim1` and `dim2`"},
      {"eye", "[n, m]"},
      {"fill", "as `self`"},
      {"glu", "as the input, half as long in the dimension that is halved"},
      {"glu_backward", "as the input that was halved"},
      {"hstack", "as the tensors, the sum of their lengths in dimension 1 (0 for vectors)"},
      {"pad", "as `self`, lengthened by `pad`"},
      {"repeat", "the lengths of `self` times `repeats`"},
      {"repeat_interleave", "as `self`, `dim` repeated; one dimension when it is left out"},
      {"roll", "as `self`"},
      {"stack", "as the tensors, with their number at `dim`"},
      {"steps", "[steps]"},
      {"tile", "the lengths of `self` times `dims`"},
      {"tril_indices", "[2, positions in the triangle]"},
      {"triu_indices", "[2, positions in the triangle]"},
      {"vstack", "as the tensors, the sum of their lengths in dimension 0"},
  };
  for (const auto& [rule, text] : kTexts) {
    if (rule == op.shape_rule) return std::string(text);
  }
  return op.shape_rule;
}

// What stands in a C++ call for an argument that the case leaves out before one that it gives.
std::string omitted_argument(const Arg& a) {
  if (a.is_tensor() || a.type == ArgType::generator) return "{}";
  if (a.type == ArgType::enum_) return quoted(default_word(a));
  if (a.has_default && !a.from_scalars)
    return a.type == ArgType::dims || a.type == ArgType::sizes ? fmt::format("{{{}}}", fmt::join(a.default_dims, ", "))
                                                               : default_word(a);
  const bool number =
      a.type == ArgType::int_ || a.type == ArgType::float_ || a.type == ArgType::dim || a.type == ArgType::bool_;
  return number ? "std::nullopt" : "fg::none";
}

std::string given_argument(const Op& op, const Arg& a, const core::CaseArg& v) {
  switch (a.type) {
    case ArgType::tensor:
      if (v.is_number) return number_word(v.number);
      return arg_name(op, a);
    case ArgType::tensor_list: return arg_name(op, a);
    case ArgType::dims:
    case ArgType::sizes: return fmt::format("{{{}}}", fmt::join(v.dims, ", "));
    case ArgType::enum_: return quoted(a.enum_names[static_cast<std::size_t>(v.number.v.i)]);
    case ArgType::dtype: {
      std::string name = upper(dtype_name(static_cast<fg_dtype>(v.number.v.i)));
      std::erase(name, '_');
      return name == "BOOL" ? "fg::kBool" : "fg::k" + name;
    }
    case ArgType::generator: return "&generator";
    default: return number_word(v.number);
  }
}

}  // namespace

std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::view: return "the core answers it, no data moves.";
    case Kind::map: return "an expression for every element; runs on each plugin's map engine.";
    case Kind::reduce: return "runs on each plugin's reduce engine.";
    case Kind::scan: return "runs on each plugin's scan engine.";
    case Kind::kernel: return "a kernel of the plugin.";
    case Kind::composite: return "made of other operators, unless the plugin has a fused kernel.";
  }
  return "";
}

std::string default_word(const Arg& a) {
  if (a.from_scalars) return "none";
  if (a.optional || !a.has_default) return "none";
  if (a.type == ArgType::enum_) return a.enum_names[static_cast<std::size_t>(a.default_value.v.i)];
  if (a.type == ArgType::dims || a.type == ArgType::sizes) return fmt::format("[{}]", fmt::join(a.default_dims, ", "));
  return number_word(a.default_value);
}

std::string type_text(const Arg& a) {
  switch (a.type) {
    case ArgType::tensor: {
      std::string text = a.scalar_ok ? "tensor or number" : "tensor";
      if (a.written) text += ", written";
      if (a.index) text += " of positions";
      if (a.unread) text += ", not read";
      return text;
    }
    case ArgType::tensor_list: return "list of tensors";
    case ArgType::scalar: return "number";
    case ArgType::float_: return "floating number";
    case ArgType::int_: return "integer";
    case ArgType::bool_: return "bool";
    case ArgType::dim: return "dimension";
    case ArgType::dims: return "dimensions";
    case ArgType::sizes: return "list of lengths";
    case ArgType::dtype: return "dtype";
    case ArgType::enum_: return "one of";
    case ArgType::generator: return "random state";
  }
  return "";
}

std::string values_text(const Arg& a) {
  if (a.is_tensor()) {
    std::string text = set_text(a.dtypes);
    if (!a.same_as.empty()) text += fmt::format("{}that of `{}`", text.empty() ? "" : " or ", a.same_as);
    if (!a.shape.empty()) text += fmt::format(", shape [{}]", a.shape);
    return text;
  }
  if (a.type == ArgType::enum_) return fmt::format("{}", fmt::join(a.enum_names, ", "));
  std::string text;
  if (a.min) text += fmt::format("at least {}", core::number_text(*a.min));
  if (a.max) text += fmt::format("{}at most {}", text.empty() ? "" : ", ", core::number_text(*a.max));
  return text;
}

std::string out_dtype_text(const Out& o) {
  switch (o.rule) {
    case DtypeRule::fixed: return std::string(dtype_name(o.dtype));
    case DtypeRule::same_as: return fmt::format("that of `{}`", o.arg);
    case DtypeRule::given: return "its own";
    case DtypeRule::attr: return fmt::format("`{}`; left out: that of the operands, f32 without any", o.arg);
    case DtypeRule::from_scalars:
      return fmt::format("`{}`; left out: i64 for integers, bool for bools, else f32", o.arg);
    case DtypeRule::stat: return fmt::format("f32 for 16-bit `{0}`, else that of `{0}`", o.arg);
    default: return "promoted";
  }
}

std::string shape_text(const Op& op, const Out& o) {
  if (!o.shape.empty())
    return o.shape == "..." ? fmt::format("as `{}`", op.args.front().name) : fmt::format("[{}]", o.shape);
  if (!op.shape_rule.empty()) return rule_shape_text(op, o);
  if (o.rule == DtypeRule::given) return "its own; others are broadcast to it";
  switch (op.kind) {
    case Kind::map: return "the broadcast shape of the tensors";
    case Kind::reduce: return "`self` without the reduced dimensions, or with length 1 there (`keepdim`)";
    case Kind::view: return "a view of `self`";
    default: return "as `self`";
  }
}

std::string promotion_text(const Op& op) {
  const auto sentence = [](Promote p) -> std::string_view {
    switch (p) {
      case Promote::default_: return "operands are promoted to their common dtype, in which the result is";
      case Promote::int_to_float: return "operands are promoted to their common dtype, integers and bool to f32";
      case Promote::always_bool: return "operands are promoted to their common dtype, the result is bool";
      case Promote::bool_to_long: return "operands are promoted to their common dtype, bool to i64";
      case Promote::complex_to_float: return "operands are promoted to their common dtype, the result is real";
      case Promote::no_opmath: return "operands are promoted to their common dtype, in which the computation is done";
      case Promote::same: return "the dtype of the input is kept";
      case Promote::sum: return "integers and bool become i64, floats are kept; the attribute `dtype` overrides";
      default: return "";
    }
  };
  constexpr DtypeSet kAny = kFloatSet | kIntSet | kBoolSet;
  std::string out;
  for (const Variant& v : op.variants) {
    if (v.promote == Promote::none) continue;
    out += fmt::format("Promotion{}: {}{}.\n\n",
                       v.name.empty() ? "" : fmt::format(" (`{}` {})", op.variant_arg, v.name), sentence(v.promote),
                       (kAny & ~v.common) == 0 ? "" : fmt::format("; it must be one of {}", set_text(v.common)));
    const bool same = std::all_of(op.variants.begin(), op.variants.end(),
                                  [&](const Variant& o) { return o.promote == v.promote && o.common == v.common; });
    if (same && !v.name.empty()) return fmt::format("Promotion: {}.\n\n", sentence(v.promote));
  }
  return out;
}

std::vector<std::string> usual_errors(const Op& op) {
  std::vector<std::string> out{"a dtype that is not listed above; tensors on different devices"};
  const auto has = [&](ArgType t) {
    return std::any_of(op.args.begin(), op.args.end(), [&](const Arg& a) { return a.type == t; });
  };
  const auto tensors = std::count_if(op.args.begin(), op.args.end(), [](const Arg& a) { return a.is_tensor(); });
  if (tensors == 0) out.clear();
  if (op.kind == Kind::map && tensors > 1) out.emplace_back("shapes that do not broadcast");
  if (has(ArgType::dim) || has(ArgType::dims))
    out.emplace_back("a dimension outside [-n, n) of a tensor of n dimensions");
  if (has(ArgType::dims)) out.emplace_back("a dimension named twice");
  if (op.empty_error) out.emplace_back("a reduction over no elements");
  if (!op.args.empty() && !op.args.front().shape.empty()) out.emplace_back("shapes that do not fit the patterns above");
  if (op.inplace && !op.args.front().written)
    out.emplace_back("in place: a result of another shape, or of a dtype that does not go into that of `" +
                     op.args.front().name + "`");
  return out;
}

std::string example_text(const Op& op, const core::CaseValues& values, const std::string& result) {
  const Form form = op.functional ? Form::functional : Form::inplace;
  std::vector<std::string> arguments, tensors, outs;
  std::size_t n = 0;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (values.args[i].given) n = i + 1;
  }
  for (std::size_t i = 0; i < n; ++i) {
    arguments.push_back(values.args[i].given ? given_argument(op, op.args[i], values.args[i])
                                             : omitted_argument(op.args[i]));
    if (values.args[i].shapes.empty()) continue;
    std::vector<std::string> shapes;
    for (const auto& s : values.args[i].shapes) shapes.push_back(core::shape_text(s));
    tensors.push_back(fmt::format("{} {}", op.args[i].name, fmt::join(shapes, " ")));
  }
  for (const Out& o : op.outs) outs.push_back(o.name);
  std::string before;
  if (op.functional)
    before = outs.size() == 1 ? "fg::Tensor out = " : fmt::format("auto [{}] = ", fmt::join(outs, ", "));
  std::string note = fmt::format("{}", fmt::join(tensors, ", "));
  if (!result.empty()) note += fmt::format("{}-> {}", note.empty() ? "" : " ", result);
  return fmt::format("## Example\n\n```cpp\n{}fg::{}({});{}\n```\n\n", before, identifier(form_name(op, form)),
                     fmt::join(arguments, ", "), note.empty() ? "" : "  // " + note);
}

}  // namespace fg::gen
