// SPDX-License-Identifier: Apache-2.0
#include "core/catalogue/case_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/catalogue/nearest.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t x = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), x);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty() ? std::optional(x)
                                                                                        : std::nullopt;
}

std::optional<fg_scalar> number(std::string_view text) {
  fg_scalar s{};
  if (text == "true" || text == "false") {
    s.kind = FG_SCALAR_BOOL;
    s.v.i = text == "true" ? 1 : 0;
    return s;
  }
  if (const auto i = integer(text)) {
    s.kind = FG_SCALAR_INT;
    s.v.i = *i;
    return s;
  }
  s.kind = FG_SCALAR_FLOAT;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), s.v.f);  // Reads inf and nan too.
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? std::optional(s) : std::nullopt;
}

// "4x8", "5", "[]"
std::optional<std::vector<std::int64_t>> shape(std::string_view text) {
  std::vector<std::int64_t> out;
  if (text == "[]") return out;
  while (true) {
    const std::size_t x = text.find('x');
    const auto n = integer(text.substr(0, x));
    if (!n || *n < 0 || out.size() >= FG_MAX_NDIM) return std::nullopt;
    out.push_back(*n);
    if (x == std::string_view::npos) return out;
    text.remove_prefix(x + 1);
  }
}

// "[0,-1]"
std::optional<std::vector<std::int64_t>> list(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<std::int64_t> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const auto n = integer(text.substr(0, comma));
    if (!n) return std::nullopt;
    out.push_back(*n);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

bool read_tensors(CaseArg& arg, std::string_view text) {
  while (true) {
    const std::size_t semicolon = text.find(';');
    std::string_view word = text.substr(0, semicolon);
    const bool transposed = word.ends_with('t');
    if (transposed) word.remove_suffix(1);
    auto one = shape(word);
    if (!one || (transposed && one->size() < 2)) return false;
    arg.shapes.push_back(std::move(*one));
    arg.transposed.push_back(transposed);
    if (semicolon == std::string_view::npos) return true;
    text.remove_prefix(semicolon + 1);
  }
}

bool read_enum(const ArgInfo& info, CaseArg& arg, std::string_view text) {
  for (std::size_t i = 0; i < info.enum_names.size(); ++i) {
    if (info.enum_names[i] != text) continue;
    arg.number.kind = FG_SCALAR_INT;
    arg.number.v.i = static_cast<std::int64_t>(i);
    return true;
  }
  return false;
}

// What a token of this type looks like.
std::string_view wanted(const ArgInfo& info) {
  switch (info.type) {
    case ArgType::tensor:
      return info.scalar_ok ? "a shape such as 4x8 or [], or a number such as #2.5" : "a shape such as 4x8 or []";
    case ArgType::tensor_list: return "shapes such as 2x3;4x3";
    case ArgType::bool_: return "true or false";
    case ArgType::int_:
    case ArgType::dim: return "an integer";
    case ArgType::dims:
    case ArgType::sizes: return "a list such as [0,-1]";
    case ArgType::dtype: return "a dtype such as f32";
    case ArgType::enum_: return "one of the attribute's values";
    case ArgType::generator: return "a seed";
    default: return "a number";
  }
}

bool read_number(const ArgInfo& info, CaseArg& arg, std::string_view text) {
  const auto n = number(text);
  if (!n) return false;
  arg.number = *n;
  const bool whole = n->kind == FG_SCALAR_INT;
  if (info.type == ArgType::bool_) return n->kind == FG_SCALAR_BOOL;
  if (info.type == ArgType::int_ || info.type == ArgType::dim || info.type == ArgType::generator) return whole;
  if (info.type == ArgType::float_ && whole) {
    arg.number.kind = FG_SCALAR_FLOAT;
    arg.number.v.f = static_cast<double>(n->v.i);
  }
  return info.type != ArgType::float_ || arg.number.kind == FG_SCALAR_FLOAT;
}

bool read_value(const ArgInfo& info, CaseArg& arg, std::string_view text) {
  switch (info.type) {
    case ArgType::tensor:
      if (info.scalar_ok && text.starts_with('#')) {
        arg.is_number = true;
        return read_number(info, arg, text.substr(1));
      }
      return text.find(';') == std::string_view::npos && read_tensors(arg, text);
    case ArgType::tensor_list: return read_tensors(arg, text);
    case ArgType::dims:
    case ArgType::sizes: {
      auto values = list(text);
      if (values) arg.dims = std::move(*values);
      return values.has_value();
    }
    case ArgType::dtype: {
      const auto dtype = dtype_from_name(text);
      arg.number.kind = FG_SCALAR_INT;
      arg.number.v.i = dtype.value_or(0);
      return dtype.has_value();
    }
    case ArgType::enum_: return read_enum(info, arg, text);
    default: return read_number(info, arg, text);
  }
}

}  // namespace

Result<CaseValues> parse_case(const OpInfo& op, std::string_view line) {
  CaseValues values;
  values.args.resize(op.args.size());
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) return values;
    const std::string_view token = line.substr(0, line.find(' '));
    line.remove_prefix(token.size());
    const std::size_t equals = token.find('=');
    const std::string_view name = token.substr(0, equals);
    std::vector<std::string_view> names;
    std::size_t i = 0;
    for (; i < op.args.size() && op.args[i].name != name; ++i) names.push_back(op.args[i].name);
    if (equals == std::string_view::npos)
      return invalid("'" + std::string(token) + "' has no '=', expected name=value");
    if (i == op.args.size()) {
      return invalid("'" + std::string(name) + "' is no argument of " + std::string(op.name) +
                     did_you_mean(name, names));
    }
    CaseArg& arg = values.args[i];
    if (arg.given) return invalid("'" + std::string(name) + "' is given twice");
    arg.given = true;
    if (!read_value(op.args[i], arg, token.substr(equals + 1))) {
      return invalid("'" + std::string(token) + "' has the wrong value, expected " + std::string(wanted(op.args[i])));
    }
  }
}

fg_value case_value(const ArgInfo& info, const CaseArg& arg) {
  if (!arg.given) return fg_value_none();
  switch (info.type) {
    case ArgType::tensor_list:
    case ArgType::generator: return fg_value_none();
    case ArgType::tensor:
      if (!arg.is_number) return fg_value_none();
      break;
    case ArgType::dims:
    case ArgType::sizes: return fg_value_dims(arg.dims.data(), static_cast<std::uint32_t>(arg.dims.size()));
    case ArgType::dtype: return fg_value_dtype(static_cast<fg_dtype>(arg.number.v.i));
    default: break;
  }
  if (arg.number.kind == FG_SCALAR_FLOAT) return fg_value_float(arg.number.v.f);
  return arg.number.kind == FG_SCALAR_BOOL ? fg_value_bool(arg.number.v.i != 0) : fg_value_int(arg.number.v.i);
}

Result<void> infer_case(const OpInfo& op, const CaseValues& values, std::span<Shape> outs, Symbols* symbols) {
  std::vector<fg_value> attributes(op.args.size());
  std::vector<std::vector<std::span<const std::int64_t>>> lists(op.args.size());
  std::vector<ShapeArg> args(op.args.size());
  fg_tensor_object* const stand_in = reinterpret_cast<fg_tensor_object*>(&attributes);  // Never looked into.
  const std::vector<fg_tensor_handle> stand_ins(64, stand_in);
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    const CaseArg& arg = values.args[i];
    attributes[i] = case_value(op.args[i], arg);
    const bool tensor = arg.given && !arg.is_number;
    if (op.args[i].type == ArgType::tensor && tensor) {
      attributes[i] = fg_value_tensor(stand_in);
      args[i].shape = arg.shapes[0].data();
      args[i].ndim = static_cast<std::int32_t>(arg.shapes[0].size());
    } else if (op.args[i].type == ArgType::tensor_list && tensor) {
      attributes[i] =
          fg_value_tensors(stand_ins.data(), static_cast<std::uint32_t>(std::min(arg.shapes.size(), stand_ins.size())));
      lists[i].assign(arg.shapes.begin(), arg.shapes.end());
      args[i].list = lists[i];
    }
    args[i].value = &attributes[i];
  }
  FG_TRY(check_attributes(op, attributes));
  return infer_shapes(op, args, outs, symbols);
}

}  // namespace fg::core
