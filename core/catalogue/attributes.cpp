// SPDX-License-Identifier: Apache-2.0
//
// Checks of attribute values against the catalogue.
#include <algorithm>
#include <cmath>
#include <string>

#include "core/catalogue/nearest.hpp"
#include "core/catalogue/rule_text.hpp"
#include "core/catalogue/shape_rules.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

std::string_view tag_text(const fg_value& v) {
  switch (v.tag) {
    case FG_V_NONE: return "left out";
    case FG_V_TENSOR: return "a tensor";
    case FG_V_TENSORS: return "a list of tensors";
    case FG_V_BOOL: return "a bool";
    case FG_V_INT: return "an integer";
    case FG_V_FLOAT: return "a floating number";
    case FG_V_DIMS: return "a list of integers";
    case FG_V_STRING: return "a text";
    case FG_V_DTYPE: return "a dtype";
    case FG_V_GENERATOR: return "a generator";
    default: return "of an unknown kind";
  }
}

std::string_view wanted(ArgType type) {
  switch (type) {
    case ArgType::tensor: return "a tensor";
    case ArgType::tensor_list: return "a list of tensors";
    case ArgType::scalar:
    case ArgType::float_: return "a number";
    case ArgType::int_:
    case ArgType::dim: return "an integer";
    case ArgType::bool_: return "a bool";
    case ArgType::dims:
    case ArgType::sizes: return "a list of integers";
    case ArgType::dtype: return "a dtype";
    case ArgType::enum_: return "one of its values";
    case ArgType::generator: return "a generator";
  }
  return "";
}

class Check {
 public:
  Check(const OpInfo& op, std::size_t index)
      : op_(op), arg_(op.args[index]), index_(static_cast<std::int32_t>(index)) {}

  Result<void> value(const fg_value& v) const;

 private:
  Result<void> bad(std::string what, fg_reason reason = FG_R_PARAMETER) const {
    return invalid(std::string(op_.name) + ": " + std::string(arg_.name) + " " + std::move(what), reason, index_);
  }
  Result<void> wrong_type(const fg_value& v) const {
    return bad("is " + std::string(tag_text(v)) + ", expected " + std::string(wanted(arg_.type)) +
               (arg_.scalar_ok ? " or a number" : ""));
  }
  Result<void> absent() const;
  Result<void> tensor(const fg_value& v) const;
  Result<void> range(double x) const;
  Result<void> integer_range(std::int64_t x) const;
  Result<void> number(const fg_value& v) const;
  Result<void> list(const fg_value& v) const;

  const OpInfo& op_;
  const ArgInfo& arg_;
  std::int32_t index_;
};

Result<void> Check::absent() const {
  if (arg_.optional || arg_.has_default) return {};
  return invalid(
      std::string(op_.name) + ": " + std::string(arg_.name) + " is missing, expected " + std::string(wanted(arg_.type)),
      FG_R_PARAMETER, index_);
}

Result<void> Check::tensor(const fg_value& v) const {
  if (arg_.type == ArgType::tensor_list) {
    if (v.tag != FG_V_TENSORS) return wrong_type(v);
    if (v.n > 0 && v.v.tensors == nullptr) return bad("is NULL", FG_R_NULL_POINTER);
    for (std::uint32_t i = 0; i < v.n; ++i) {
      if (v.v.tensors[i] == nullptr) return bad("has NULL at position " + std::to_string(i), FG_R_NULL_POINTER);
    }
    return {};
  }
  if (v.tag == FG_V_TENSOR) return v.v.tensor != nullptr ? Result<void>{} : bad("is NULL", FG_R_NULL_POINTER);
  const bool number = v.tag == FG_V_BOOL || v.tag == FG_V_INT || v.tag == FG_V_FLOAT;
  return number && arg_.scalar_ok ? Result<void>{} : wrong_type(v);
}

Result<void> Check::range(double x) const {
  if (!arg_.has_min && !arg_.has_max) return {};
  if (std::isnan(x)) return bad("is NaN, expected a number");
  if (arg_.has_min && x < arg_.min) return bad("is " + number_text(x) + ", expected at least " + number_text(arg_.min));
  if (arg_.has_max && x > arg_.max) return bad("is " + number_text(x) + ", expected at most " + number_text(arg_.max));
  return {};
}

Result<void> Check::integer_range(std::int64_t x) const { return range(static_cast<double>(x)); }

Result<void> Check::number(const fg_value& v) const {
  if (v.tag == FG_V_INT || (v.tag == FG_V_BOOL && arg_.type == ArgType::scalar)) return integer_range(v.v.i);
  if (v.tag == FG_V_FLOAT) return range(v.v.f);
  return wrong_type(v);
}

Result<void> Check::list(const fg_value& v) const {
  if (v.tag != FG_V_DIMS) return wrong_type(v);
  if (v.n > 0 && v.v.dims == nullptr) return bad("is NULL", FG_R_NULL_POINTER);
  if (v.n > FG_MAX_NDIM) {
    return bad("has " + std::to_string(v.n) + " entries, at most " + std::to_string(FG_MAX_NDIM) + " are possible",
               FG_R_RANK);
  }
  if (arg_.type == ArgType::dims) return {};  // Checked against the tensor's rank by the shape rules.
  const auto least = static_cast<std::int64_t>(arg_.has_min ? arg_.min : 0.0);
  for (std::uint32_t i = 0; i < v.n; ++i) {
    if (v.v.dims[i] < least) {
      return bad("has " + std::to_string(v.v.dims[i]) + " at position " + std::to_string(i) + ", expected at least " +
                     std::to_string(least),
                 FG_R_SHAPE);
    }
  }
  return {};
}

Result<void> Check::value(const fg_value& v) const {
  if (v.tag == FG_V_NONE) return absent();
  switch (arg_.type) {
    case ArgType::tensor:
    case ArgType::tensor_list: return tensor(v);
    case ArgType::scalar:
    case ArgType::float_: return number(v);
    case ArgType::int_:
    case ArgType::dim: return v.tag == FG_V_INT ? integer_range(v.v.i) : wrong_type(v);
    case ArgType::bool_:
      return v.tag == FG_V_BOOL || (v.tag == FG_V_INT && (v.v.i == 0 || v.v.i == 1)) ? Result<void>{} : wrong_type(v);
    case ArgType::dims:
    case ArgType::sizes: return list(v);
    case ArgType::dtype:
      if (v.tag != FG_V_DTYPE) return wrong_type(v);
      if (v.v.i < 0 || v.v.i > 0xFFFFFFFF || dtype_name(static_cast<fg_dtype>(v.v.i)) == "unknown") {
        return bad("is " + std::to_string(v.v.i) + ", which is no dtype", FG_R_DTYPE);
      }
      return {};
    case ArgType::enum_: {
      const auto e = enum_value(op_, arg_, v);
      return e ? Result<void>{} : Result<void>(tl::unexpected(e.error()));
    }
    case ArgType::generator:
      if (v.tag != FG_V_GENERATOR) return wrong_type(v);
      return v.v.generator != nullptr ? Result<void>{} : bad("is NULL", FG_R_NULL_POINTER);
  }
  return {};
}

// Rules that the catalogue's limits of single attributes cannot say.
constexpr std::string_view kUniform = "uniform_";
constexpr std::string_view kExponential = "exponential_";

double number_at(const OpInfo& op, std::span<const fg_value> args, std::size_t i) {
  if (i < args.size() && args[i].tag == FG_V_FLOAT) return args[i].v.f;
  if (i < args.size() && args[i].tag == FG_V_INT) return static_cast<double>(args[i].v.i);
  const fg_scalar& d = op.args[i].default_value;
  return d.kind == FG_SCALAR_FLOAT ? d.v.f : static_cast<double>(d.v.i);
}

// docs/random.md: both finite and in order, and their distance is finite.
Result<void> check_interval(const OpInfo& op, std::span<const fg_value> args) {
  constexpr std::size_t kFrom = 1;
  constexpr std::size_t kTo = 2;
  const double from = number_at(op, args, kFrom);
  const double to = number_at(op, args, kTo);
  if (from <= to && std::isfinite(to - from)) return {};
  return invalid(std::string(op.name) + ": from is " + number_text(from) + " and to is " + number_text(to) +
                     ", expected finite numbers with from <= to and a finite distance",
                 FG_R_PARAMETER, static_cast<std::int32_t>(kFrom));
}

// A limit that is not part of the range.
Result<void> check_rate(const OpInfo& op, std::span<const fg_value> args) {
  constexpr std::size_t kRate = 1;
  const double rate = number_at(op, args, kRate);
  if (rate > 0 && std::isfinite(rate)) return {};
  return invalid(std::string(op.name) + ": lambd is " + number_text(rate) + ", expected a finite number greater than 0",
                 FG_R_PARAMETER, static_cast<std::int32_t>(kRate));
}

}  // namespace

bool limits_values(const OpInfo& op) {
  if (op.name == kUniform || op.name == kExponential) return true;
  return std::ranges::any_of(op.args, [](const ArgInfo& a) { return a.has_min || a.has_max; });
}

Result<void> check_attributes(const OpInfo& op, std::span<const fg_value> args) {
  if (args.size() > op.args.size()) {
    return invalid(std::string(op.name) + " takes at most " + std::to_string(op.args.size()) + " arguments, " +
                       std::to_string(args.size()) + " were given",
                   FG_R_PARAMETER, static_cast<std::int32_t>(op.args.size()));
  }
  constexpr fg_value kNone{FG_V_NONE, 0, {nullptr}};
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    const fg_value& v = i < args.size() ? args[i] : kNone;
    // The two common cases, without a call.
    if (v.tag == FG_V_TENSOR && op.args[i].type == ArgType::tensor && v.v.tensor != nullptr) continue;
    if (v.tag == FG_V_NONE && op.args[i].has_default) continue;
    FG_TRY(Check(op, i).value(v));
  }
  if (op.name == kExponential) return check_rate(op, args);
  return op.name == kUniform ? check_interval(op, args) : Result<void>{};
}

Result<std::int32_t> enum_value(const OpInfo& op, const ArgInfo& arg, const fg_value& value) {
  const auto index = static_cast<std::int32_t>(&arg - op.args.data());
  if (value.tag == FG_V_NONE && arg.has_default) return static_cast<std::int32_t>(arg.default_value.v.i);
  std::string given;
  if (value.tag == FG_V_STRING && value.v.text != nullptr) {
    const std::string_view text(value.v.text);
    for (std::size_t i = 0; i < arg.enum_names.size(); ++i) {
      if (arg.enum_names[i] == text) return static_cast<std::int32_t>(i);
    }
    given = "'" + std::string(text.substr(0, 40)) + "'";
  } else if (value.tag == FG_V_INT) {
    if (value.v.i >= 0 && value.v.i < static_cast<std::int64_t>(arg.enum_names.size()))
      return static_cast<std::int32_t>(value.v.i);
    given = std::to_string(value.v.i);
  } else {
    given = tag_text(value);
  }
  std::string names;
  for (const std::string_view n : arg.enum_names) names.append(names.empty() ? "" : ", ").append(n);
  const std::string guess = value.tag == FG_V_STRING && value.v.text != nullptr
                                ? did_you_mean(std::string_view(value.v.text).substr(0, 40), arg.enum_names)
                                : "";
  return invalid(
      std::string(op.name) + ": " + std::string(arg.name) + " is " + given + ", expected one of " + names + guess,
      FG_R_PARAMETER, index);
}

Result<std::int32_t> wrap_dim(const OpInfo& op, const ArgInfo& arg, std::int64_t dim, std::int32_t ndim) {
  const std::int64_t n = ndim > 0 ? ndim : 1;
  if (dim >= -n && dim < n) return static_cast<std::int32_t>(dim < 0 ? dim + n : dim);
  return invalid(std::string(op.name) + ": " + std::string(arg.name) + " is " + std::to_string(dim) + ", expected " +
                     std::to_string(-n) + " to " + std::to_string(n - 1) + " for a tensor of " + std::to_string(ndim) +
                     " dimensions",
                 FG_R_PARAMETER, static_cast<std::int32_t>(&arg - op.args.data()));
}

Result<std::int32_t> wrap_dims(const OpInfo& op, const ArgInfo& arg, std::span<const std::int64_t> dims,
                               std::int32_t ndim, std::int32_t* out) {
  if (dims.size() > FG_MAX_NDIM) {
    return invalid(
        std::string(op.name) + ": " + std::string(arg.name) + " has " + std::to_string(dims.size()) + " entries",
        FG_R_RANK, static_cast<std::int32_t>(&arg - op.args.data()));
  }
  std::uint32_t seen = 0;
  std::int32_t n = 0;
  for (const std::int64_t given : dims) {
    FG_TRY_ASSIGN(const std::int32_t dim, wrap_dim(op, arg, given, ndim));
    if ((seen & (1u << dim)) != 0) {
      return invalid(
          std::string(op.name) + ": dimension " + std::to_string(dim) + " appears twice in " + std::string(arg.name),
          FG_R_PARAMETER, static_cast<std::int32_t>(&arg - op.args.data()));
    }
    seen |= 1u << dim;
    out[n++] = dim;
  }
  return n;
}

}  // namespace fg::core
