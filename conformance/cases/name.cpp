// SPDX-License-Identifier: Apache-2.0
//
// Names of cases, both ways.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "conformance/cases/case.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

constexpr std::array<std::string_view, 4> kValues{"exact", "real", "special", "every"};
constexpr std::array<std::string_view, 4> kForms{"new", "out", "inplace", "alias"};

std::string tensor_text(const TensorSpec& t) {
  std::string s(dtype_name(t.dtype));
  s.append(":").append(conformance::text_of(t.shape));
  if (t.layout != Layout::dense) s.append(":").push_back(static_cast<char>(t.layout));
  return s;
}

std::string joined(const std::vector<std::int64_t>& dims) {
  if (dims.empty()) return "_";
  std::string s;
  for (const std::int64_t d : dims) s.append(s.empty() ? "" : "_").append(std::to_string(d));
  return s;
}

std::string arg_text(const ArgSpec& a) {
  std::string s;
  switch (a.kind) {
    case ArgSpec::Kind::absent: break;
    case ArgSpec::Kind::tensor:
    case ArgSpec::Kind::tensors:
      for (const TensorSpec& t : a.tensors) s.append(s.empty() ? "" : "+").append(tensor_text(t));
      break;
    case ArgSpec::Kind::number: return conformance::text_of(a.number);
    case ArgSpec::Kind::dims: return joined(a.dims);
    case ArgSpec::Kind::dtype: return std::string(dtype_name(a.dtype));
    case ArgSpec::Kind::word: return a.word;
    case ArgSpec::Kind::generator: return std::to_string(a.seed) + "+" + std::to_string(a.offset);
  }
  return s;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0;;) {
    const std::size_t to = text.find(at, from);
    parts.push_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return parts;
    from = to + 1;
  }
}

template <class T>
std::optional<T> integer(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

tl::unexpected<Error> bad_part(std::string_view part, std::string_view expected) {
  return invalid("case name: '" + std::string(part) + "', expected " + std::string(expected));
}

Result<TensorSpec> parse_tensor(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return bad_part(text, "dtype:shape[:layout]");
  const std::optional<fg_dtype> dtype = dtype_from_name(parts[0]);
  if (!dtype) return bad_part(parts[0], "a dtype such as f32");
  TensorSpec t{*dtype, {}, Layout::dense};
  if (parts[1] != "0d") {
    for (const std::string_view length : split(parts[1], 'x')) {
      const auto n = integer<std::int64_t>(length);
      if (!n || *n < 0) return bad_part(parts[1], "a shape such as 3x5 or 0d");
      t.shape.push_back(*n);
    }
  }
  if (parts.size() == 3) {
    if (parts[2].size() != 1 || std::string_view("ntpgbro").find(parts[2][0]) == std::string_view::npos) {
      return bad_part(parts[2], "a layout of n t p g b r o");
    }
    t.layout = static_cast<Layout>(parts[2][0]);
  }
  return t;
}

Result<ArgSpec> parse_number(std::string_view text) {
  if (text == "true" || text == "false") return ArgSpec::of_bool(text == "true");
  if (const auto i = integer<std::int64_t>(text)) return ArgSpec::of_int(*i);
  char* end = nullptr;
  const std::string copy(text);
  const double x = std::strtod(copy.c_str(), &end);
  if (copy.empty() || *end != '\0') return bad_part(text, "a number");
  return ArgSpec::of_float(x);
}

Result<ArgSpec> parse_dims(std::string_view text) {
  std::vector<std::int64_t> dims;
  if (text == "_") return ArgSpec::of_dims(dims);
  for (const std::string_view part : split(text, '_')) {
    const auto d = integer<std::int64_t>(part);
    if (!d) return bad_part(text, "dimensions such as 2_3");
    dims.push_back(*d);
  }
  return ArgSpec::of_dims(dims);
}

Result<ArgSpec> parse_tensors(std::string_view text, bool list) {
  if (!list && text.find(':') == std::string_view::npos) return parse_number(text);
  std::vector<TensorSpec> tensors;
  for (const std::string_view part : split(text, '+')) {
    FG_TRY_ASSIGN(TensorSpec t, parse_tensor(part));
    tensors.push_back(std::move(t));
  }
  return list ? ArgSpec::of_list(std::move(tensors)) : ArgSpec::of(std::move(tensors.front()));
}

Result<ArgSpec> parse_argument(const core::ArgInfo& info, std::string_view text) {
  using core::ArgType;
  switch (info.type) {
    case ArgType::tensor: return parse_tensors(text, false);
    case ArgType::tensor_list: return parse_tensors(text, true);
    case ArgType::dims:
    case ArgType::sizes: return parse_dims(text);
    case ArgType::enum_: return ArgSpec::of_word(std::string(text));
    case ArgType::dtype: {
      const std::optional<fg_dtype> dtype = dtype_from_name(text);
      if (!dtype) return bad_part(text, "a dtype");
      return ArgSpec::of_dtype(*dtype);
    }
    case ArgType::generator: {
      const auto parts = split(text, '+');
      const auto seed = integer<std::uint64_t>(parts[0]);
      const auto offset = parts.size() == 2 ? integer<std::uint64_t>(parts[1]) : std::nullopt;
      if (!seed || !offset) return bad_part(text, "seed+offset");
      return ArgSpec::of_generator(*seed, *offset);
    }
    default: return parse_number(text);
  }
}

Result<void> parse_arguments(const core::OpInfo& op, std::string_view text, Case& c) {
  c.args.resize(op.args.size());
  if (text.empty()) return {};
  for (const std::string_view part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    std::size_t k = 0;
    while (k < op.args.size() && op.args[k].name != part.substr(0, equals)) ++k;
    if (k == op.args.size() || equals == std::string_view::npos) {
      return bad_part(part, "an argument of " + std::string(op.name));
    }
    FG_TRY_ASSIGN(c.args[k], parse_argument(op.args[k], part.substr(equals + 1)));
  }
  return {};
}

template <class E, std::size_t N>
bool parse_word(const std::array<std::string_view, N>& words, std::string_view text, E& out) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] != text) continue;
    out = static_cast<E>(i);
    return true;
  }
  return false;
}

Result<Expectation> parse_expectation(std::string_view text) {
  const auto parts = split(text.substr(std::min<std::size_t>(4, text.size())), ':');
  const auto arg = parts.size() == 2 ? integer<int>(parts[1]) : std::nullopt;
  if (text.substr(0, 4) != "bad=" || !arg) return bad_part(text, "bad=REASON:ARGUMENT");
  return Expectation{std::string(parts[0]), *arg};
}

}  // namespace

std::string text_of(const Shape& shape) {
  if (shape.empty()) return "0d";
  std::string s;
  for (const std::int64_t n : shape) s.append(s.empty() ? "" : "x").append(std::to_string(n));
  return s;
}

std::string text_of(const fg_scalar& number) {
  if (number.kind == FG_SCALAR_BOOL) return number.v.i != 0 ? "true" : "false";
  if (number.kind == FG_SCALAR_INT) return std::to_string(number.v.i);
  std::array<char, 40> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number.v.f);
  std::string s(buffer.data(), error == std::errc{} ? end : buffer.data());
  if (std::isfinite(number.v.f) && s.find_first_of(".e") == std::string::npos) s += ".0";
  return s;
}

bool is_operator_area(std::string_view area) { return area == "op" || area == "view" || area == "robust"; }

std::string name_of(const Case& c) {
  std::string s = c.area + "." + c.op;
  if (!is_operator_area(c.area)) return s;
  const core::OpInfo* op = core::find_op(c.op);
  std::string args;
  for (std::size_t i = 0; i < c.args.size() && op != nullptr; ++i) {
    if (c.args[i].kind == ArgSpec::Kind::absent) continue;
    args.append(args.empty() ? "" : ",").append(op->args[i].name).append("=").append(arg_text(c.args[i]));
  }
  s.append("/").append(args);
  s.append("/").append(kValues[static_cast<std::size_t>(c.values)]);
  s.append("/").append(kForms[static_cast<std::size_t>(c.form)]);
  if (c.composite) s.append("/composite");
  if (c.bad) s.append("/bad=").append(c.bad->reason).append(":").append(std::to_string(c.bad->arg));
  return s + "#" + std::to_string(c.number);
}

Result<Case> parse_case(std::string_view name) {
  Case c;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return bad_part(name, "area.operator/...");
  c.area = name.substr(0, dot);
  const std::string_view rest = name.substr(dot + 1);
  if (!is_operator_area(c.area)) {
    c.op = rest;
    return c;
  }
  const std::size_t hash = rest.rfind('#');
  const auto number = hash == std::string_view::npos ? std::nullopt : integer<int>(rest.substr(hash + 1));
  if (!number) return bad_part(name, "#number at the end");
  c.number = *number;
  const auto parts = split(rest.substr(0, hash), '/');
  if (parts.size() < 4 || parts.size() > 6) return bad_part(name, "area.operator/arguments/values/form#number");
  c.op = parts[0];
  const core::OpInfo* op = core::find_op(c.op);
  if (op == nullptr) return fail(FG_E_NOT_FOUND, "case name: no operator '" + c.op + "' in the catalogue");
  FG_TRY(parse_arguments(*op, parts[1], c));
  if (!parse_word(kValues, parts[2], c.values)) return bad_part(parts[2], "exact, real, special or every");
  if (!parse_word(kForms, parts[3], c.form)) return bad_part(parts[3], "new, out, inplace or alias");
  std::size_t next = 4;
  if (next < parts.size() && parts[next] == "composite") {
    if (op->kind != core::Kind::composite)
      return bad_part(parts[next], "an operator that the core can compose, not " + c.op);
    c.composite = true;
    ++next;
  }
  if (next < parts.size()) {
    FG_TRY_ASSIGN(c.bad, parse_expectation(parts[next++]));
  }
  if (next != parts.size()) return bad_part(parts[next], "#number");
  return c;
}

}  // namespace fg::conformance
