// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/load_arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/catalogue/nearest.hpp"
#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

std::vector<std::string> class_names() {
  std::vector<std::string> names;
  for (const DtypeClass& c : kDtypeClasses) names.emplace_back(c.name);
  for (const DtypeName& d : kDtypes) names.emplace_back(d.name);
  names.emplace_back("same(ARGUMENT)");
  return names;
}

// "same(x)" -> "x"
std::optional<std::string> inside(const std::string& text, std::string_view function) {
  if (!text.starts_with(fmt::format("{}(", function)) || !text.ends_with(')')) return std::nullopt;
  return text.substr(function.size() + 1, text.size() - function.size() - 2);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) out.push_back(part);
  return out;
}

// "float", "optional bool | same(query)", "list of any"
void read_class(const Source& source, const YAML::Node& node, Arg& arg) {
  std::string text = read_text(source, node, "class of " + arg.name).value_or("any");
  arg.dtype_class = text;
  if (text.starts_with("optional ")) arg.optional = true, text.erase(0, 9);
  if (text.starts_with("list of ")) arg.type = ArgType::tensor_list, text.erase(0, 8);
  std::erase(text, ' ');
  for (const std::string& part : split(text, '|')) {
    if (const auto same = inside(part, "same")) {
      arg.same_as = *same;
      continue;
    }
    const auto it =
        std::find_if(kDtypeClasses.begin(), kDtypeClasses.end(), [&](const DtypeClass& c) { return c.name == part; });
    if (it != kDtypeClasses.end()) {
      arg.dtypes = static_cast<DtypeSet>(arg.dtypes | it->set);
      arg.index = arg.index || it->index;
    } else if (const auto dtype = dtype_from_name(part)) {
      arg.dtypes = static_cast<DtypeSet>(arg.dtypes | dtype_bit(*dtype));
    } else {
      const auto names = class_names();
      source.error(node, fmt::format("dtype class '{}' of {} is not one of {}{}", part, arg.name,
                                     fmt::join(names, ", "), core::did_you_mean(part, names)));
    }
  }
}

// A number that keeps its category: 1, 1.0 and true differ.
fg_scalar read_scalar(const Source& source, const YAML::Node& node, const std::string& what) {
  fg_scalar value{};
  std::int64_t i = 0;
  if (node.IsScalar() && YAML::convert<std::int64_t>::decode(node, i)) {
    value.kind = FG_SCALAR_INT;
    value.v.i = i;
  } else if (node.IsScalar() && (node.Scalar() == "true" || node.Scalar() == "false")) {
    value.kind = FG_SCALAR_BOOL;
    value.v.i = node.Scalar() == "true" ? 1 : 0;
  } else {
    value.kind = FG_SCALAR_FLOAT;
    value.v.f = read_float(source, node, what).value_or(0);
  }
  return value;
}

std::int64_t read_enum(const Source& source, const YAML::Node& node, const std::string& what,
                       const std::vector<std::string>& names) {
  const std::string word = read_text(source, node, what).value_or("");
  const auto it = std::find(names.begin(), names.end(), word);
  if (it != names.end()) return it - names.begin();
  source.error(node, fmt::format("{} '{}' is not one of {}{}", what, word, fmt::join(names, ", "),
                                 core::did_you_mean(word, names)));
  return 0;
}

// The defaults that are no single number.
void read_other_default(const Source& source, const YAML::Node& node, const std::string& what, Arg& arg) {
  if (arg.type == ArgType::dims || arg.type == ArgType::sizes) {
    if (!node.IsSequence()) return source.error(node, what + " must be a list of integers");
    for (const YAML::Node& item : node) arg.default_dims.push_back(read_int(source, item, what).value_or(0));
  } else if (arg.type == ArgType::dtype) {
    const std::string word = read_text(source, node, what).value_or("");
    arg.from_scalars = word == "from_scalars";
    if (!arg.from_scalars) {
      source.error(node, fmt::format("{} is '{}', expected from_scalars; or make it optional", what, word));
    }
  } else {
    source.error(node, fmt::format("{}: an argument of type {} has no default", what,
                                   kArgTypes[static_cast<std::size_t>(arg.type)]));
  }
}

void read_default(const Source& source, const YAML::Node& node, Arg& arg) {
  const std::string what = "default of " + arg.name;
  arg.has_default = true;
  fg_scalar& value = arg.default_value;
  switch (arg.type) {
    case ArgType::bool_:
      value.kind = FG_SCALAR_BOOL;
      value.v.i = read_bool(source, node, what).value_or(false) ? 1 : 0;
      return;
    case ArgType::int_:
    case ArgType::dim:
      value.kind = FG_SCALAR_INT;
      value.v.i = read_int(source, node, what).value_or(0);
      return;
    case ArgType::float_:
      value.kind = FG_SCALAR_FLOAT;
      value.v.f = read_float(source, node, what).value_or(0);
      return;
    case ArgType::scalar: value = read_scalar(source, node, what); return;
    case ArgType::enum_:
      value.kind = FG_SCALAR_INT;
      value.v.i = read_enum(source, node, what, arg.enum_names);
      return;
    default: read_other_default(source, node, what, arg);
  }
}

std::optional<double> read_bound(const Source& source, const Mapping& map, std::string_view key, const Arg& arg) {
  const YAML::Node* node = map.find(key);
  if (node == nullptr) return std::nullopt;
  const bool number = arg.type == ArgType::int_ || arg.type == ArgType::float_ || arg.type == ArgType::scalar ||
                      arg.type == ArgType::sizes;
  if (!number) source.error(*node, fmt::format("'{}' of {} has no meaning, it is not a number", key, arg.name));
  const auto value = read_float(source, *node, fmt::format("'{}' of {}", key, arg.name));
  if (value && std::isnan(*value))
    source.error(*node, fmt::format("'{}' of {} is NaN, expected a number", key, arg.name));
  return value;
}

Arg read_attribute(const Source& source, const Mapping::Entry& e) {
  Arg arg;
  arg.where = source.at(e.key_node);
  arg.name = e.key;
  const Mapping map(source, e.value, "attribute " + e.key, {"type", "enum", "default", "optional", "min", "max"});
  if (const YAML::Node* values = map.find("enum")) {
    arg.type = ArgType::enum_;
    arg.enum_names = read_texts(source, *values, "enum of " + e.key);
    if (map.has("type")) source.error(*map.find("type"), fmt::format("attribute {} has both 'type' and 'enum'", e.key));
  } else if (const YAML::Node* type = map.require("type")) {
    const std::string word = read_text(source, *type, "type of " + e.key).value_or("");
    const auto which = choose(source, *type, word,
                              {"scalar", "float", "int", "bool", "dim", "dims", "sizes", "dtype", "generator"}, "type");
    if (which)
      arg.type =
          static_cast<ArgType>(static_cast<int>(ArgType::scalar) + static_cast<int>(*which) + (*which == 8 ? 1 : 0));
  }
  arg.optional = map.flag("optional", false);
  arg.min = read_bound(source, map, "min", arg);
  arg.max = read_bound(source, map, "max", arg);
  if (const YAML::Node* node = map.find("default")) {
    read_default(source, *node, arg);
    if (arg.optional)
      source.error(*node, fmt::format("attribute {} is optional and has a default, expected one of the two", e.key));
  }
  if (arg.type == ArgType::generator) arg.optional = true;
  return arg;
}

void add_argument(const Source& source, const YAML::Node& node, Op& op, Arg arg) {
  if (op.arg_index(arg.name) >= 0)
    return source.error(node, fmt::format("{} has two arguments named '{}'", op.name, arg.name));
  op.args.push_back(std::move(arg));
}

void read_output(const Source& source, const YAML::Node& node, Op& op, Out& out) {
  const std::string text = read_text(source, node, "dtype of " + out.name).value_or("promoted");
  const auto refer = [&](DtypeRule rule, const std::string& name, bool tensor) {
    out.rule = rule;
    out.arg = name;
    const int i = op.arg_index(name);
    if (i < 0 || op.args[static_cast<std::size_t>(i)].is_tensor() != tensor) {
      std::vector<std::string> names;
      for (const Arg& a : op.args) names.push_back(a.name);
      source.error(node,
                   fmt::format("dtype of {} names '{}', which is no {} of {}{}", out.name, name,
                               tensor ? "tensor argument" : "attribute", op.name, core::did_you_mean(name, names)));
    }
  };
  if (text == "promoted") {
    out.rule = DtypeRule::promoted;
  } else if (text == "given") {
    refer(DtypeRule::given, out.name, true);
    if (const int i = op.arg_index(out.name); i >= 0) op.args[static_cast<std::size_t>(i)].written = true;
  } else if (const auto same = inside(text, "same")) {
    refer(DtypeRule::same_as, *same, true);
  } else if (const auto stat = inside(text, "stat")) {
    refer(DtypeRule::stat, *stat, true);
  } else if (const auto dtype = dtype_from_name(text)) {
    out.rule = DtypeRule::fixed;
    out.dtype = *dtype;
  } else if (const int i = op.arg_index(text); i >= 0 && op.args[static_cast<std::size_t>(i)].type == ArgType::dtype) {
    const bool from_scalars = op.args[static_cast<std::size_t>(i)].from_scalars;
    refer(from_scalars ? DtypeRule::from_scalars : DtypeRule::attr, text, false);
  } else {
    source.error(node,
                 fmt::format("dtype '{}' of {} is neither promoted, given, same(ARGUMENT), stat(ARGUMENT), a dtype "
                             "nor an attribute of type dtype",
                             text, out.name));
  }
}

// Whether a token gives a number to a tensor argument that takes none, or no float.
bool gives_wrong_number(const Op& op, const std::string& token) {
  const std::size_t equals = token.find("=#");
  const int i = equals == std::string::npos ? -1 : op.arg_index(token.substr(0, equals));
  if (i < 0) return false;
  const Arg& a = op.args[static_cast<std::size_t>(i)];
  const bool real = token.find('.', equals) != std::string::npos;
  const bool takes_real = !a.same_as.empty() || (a.dtypes & dtype_bit(FG_F32)) != 0;
  return !a.scalar_ok || (real && !takes_real);
}

// An operand that the operator has expressions without; a line gives it all the same.
bool is_with_or_without(const Op& op, const Arg& a) {
  return op.variant_arg.empty() &&
         std::any_of(op.variants.begin(), op.variants.end(), [&](const Variant& v) { return v.name == a.name; });
}

// Fills `*=`; nothing when a token does not fit its argument or a required one is missing.
std::optional<std::string> expand(const Op& op, const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> tokens, named;
  std::string star;
  bool fits = true;
  for (std::string token; in >> token;) {
    const std::string name = token.substr(0, token.find('='));
    if (name == "*") {
      star = token.substr(1);
      continue;
    }
    fits = fits && op.arg_index(name) >= 0 && !gives_wrong_number(op, token);
    tokens.push_back(token);
    named.push_back(name);
  }
  std::vector<std::string> filled;
  for (const Arg& a : op.args) {
    const bool required = a.is_tensor() && (!a.optional || is_with_or_without(op, a));
    const bool has = std::find(named.begin(), named.end(), a.name) != named.end();
    const bool required_attribute = !a.is_tensor() && !a.optional && !a.has_default;
    if ((required && !has && star.empty()) || (required_attribute && !has)) fits = false;
    if (required && !has && !star.empty()) filled.push_back(a.name + star);
  }
  filled.insert(filled.end(), tokens.begin(), tokens.end());
  if (!fits) return std::nullopt;
  return fmt::format("{}", fmt::join(filled, " "));
}

}  // namespace

DtypeSet read_dtype_set(const Source& source, const YAML::Node& node, const std::string& what) {
  Arg set;
  set.name = what;
  read_class(source, node, set);
  return set.dtypes;
}

void load_inputs(const Source& source, const Mapping& map, Op& op) {
  const YAML::Node* node = map.find("in");
  if (node == nullptr) return;
  const Mapping inputs(source, *node, "in of " + op.name);
  for (const Mapping::Entry& e : inputs.entries()) {
    Arg arg;
    arg.where = source.at(e.key_node);
    arg.name = e.key;
    read_class(source, e.value, arg);
    add_argument(source, e.key_node, op, std::move(arg));
  }
}

void load_attributes(const Source& source, const Mapping& map, Op& op) {
  const YAML::Node* node = map.find("attrs");
  if (node == nullptr) return;
  const Mapping attrs(source, *node, "attrs of " + op.name);
  for (const Mapping::Entry& e : attrs.entries()) add_argument(source, e.key_node, op, read_attribute(source, e));
}

void load_outputs(const Source& source, const Mapping& map, Op& op) {
  if (const YAML::Node* node = map.find("out")) {
    const Mapping outs(source, *node, "out of " + op.name);
    for (const Mapping::Entry& e : outs.entries()) {
      Out out;
      out.where = source.at(e.key_node);
      out.name = e.key;
      read_output(source, e.value, op, out);
      op.outs.push_back(std::move(out));
    }
    return;
  }
  Out out;
  out.where = op.where;
  out.name = "out";
  const auto first = std::find_if(op.args.begin(), op.args.end(), [](const Arg& a) { return a.is_tensor(); });
  if (op.variants.front().promote == Promote::none && first != op.args.end()) {
    out.rule = DtypeRule::same_as;
    out.arg = first->name;
  }
  op.outs.push_back(std::move(out));
}

void take_defaults(Op& op, const std::vector<Case>& family_cases, const std::vector<Case>& own_cases,
                   const std::vector<Text>& family_bench, const std::vector<Text>& own_bench) {
  const auto take = [&](const auto& lines, bool own, auto& to) {
    for (auto line : lines) {
      const auto text = expand(op, line.text);
      if (!text && !own) continue;  // The family's line is for operators with other arguments.
      line.text = text.value_or(line.text);
      to.push_back(line);
    }
  };
  take(family_cases, false, op.cases);
  take(own_cases, true, op.cases);
  if (own_bench.empty()) take(family_bench, false, op.bench);
  take(own_bench, true, op.bench);
}

}  // namespace fg::gen
