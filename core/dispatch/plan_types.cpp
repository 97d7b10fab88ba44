// SPDX-License-Identifier: Apache-2.0
//
// The checks of a call that need no shape, and its dtypes and device.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "core/catalogue/promotion.hpp"
#include "core/catalogue/shape_rules.hpp"
#include "core/dispatch/plan.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

bool is_number(const fg_value& v) { return v.tag == FG_V_BOOL || v.tag == FG_V_INT || v.tag == FG_V_FLOAT; }

// The dtype that stands for a number's category in promotion and dtype sets.
fg_dtype category(std::uint32_t kind) {
  return kind == FG_SCALAR_BOOL ? FG_BOOL : kind == FG_SCALAR_INT ? FG_I64 : FG_F64;
}
fg_dtype category(const fg_value& v) { return v.tag == FG_V_BOOL ? FG_BOOL : v.tag == FG_V_INT ? FG_I64 : FG_F64; }

DtypeSet bit(fg_dtype dtype) {
  for (std::size_t k = 0; k < kDtypes.size(); ++k) {
    if (kDtypes[k].dtype == dtype) return static_cast<DtypeSet>(1u << k);
  }
  return 0;
}

// Whether a number of category `c` may stand where tensors of `set` may: some member holds it.
bool category_fits(fg_dtype c, DtypeSet set) {
  for (const DtypeName& d : kDtypes) {
    if ((set & bit(d.dtype)) == 0) continue;
    if (c == d.dtype || (c == FG_I64 && (is_integer(d.dtype) || is_float(d.dtype))) ||
        (c == FG_F64 && is_float(d.dtype))) {
      return true;
    }
  }
  return false;
}

std::string set_text(DtypeSet set) {
  std::vector<std::string_view> names;
  for (const DtypeName& d : kDtypes) {
    if ((set & bit(d.dtype)) != 0) names.push_back(d.name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

std::string_view form_name(Form form) {
  return form == Form::inplace ? "in-place" : form == Form::out ? "out" : "functional";
}

Result<void> check_form(const Call& c) {
  const OpInfo& op = c.op;
  const bool has = c.form == Form::functional ? op.has_functional
                   : c.form == Form::inplace  ? op.has_inplace
                                              : op.has_out;
  if (!has) return invalid(fmt::format("{} has no {} form", op.name, form_name(c.form)), FG_R_PARAMETER);
  const std::size_t wanted = c.form == Form::inplace ? 0 : op.outs.size();
  if (c.outs.size() != wanted) {
    return invalid(
        fmt::format("{}: {} outputs given, the {} form takes {}", op.name, c.outs.size(), form_name(c.form), wanted),
        FG_R_PARAMETER);
  }
  if (c.form == Form::out) {
    for (std::size_t i = 0; i < c.outs.size(); ++i) {
      if (c.outs[i] == nullptr)
        return invalid(fmt::format("{}: output {} is NULL", op.name, op.outs[i].name), FG_R_NULL_POINTER);
    }
  }
  if (c.args.size() > op.args.size()) {
    return invalid(fmt::format("{}: {} arguments given, it takes {}", op.name, c.args.size(), op.args.size()),
                   FG_R_PARAMETER, static_cast<std::int32_t>(op.args.size()));
  }
  return {};
}

Result<void> check_dtype(const Call& c, std::size_t i, fg_dtype dtype, bool number) {
  const ArgInfo& a = c.op.args[i];
  if (a.rule == DtypeRule::same_as && a.same_as >= 0 && number) return {};  // It is converted.
  if (a.rule == DtypeRule::same_as && a.same_as >= 0) {
    if ((a.dtypes & bit(dtype)) != 0) return {};
    const fg_value& other = c.arg(static_cast<std::size_t>(a.same_as));
    if (other.tag != FG_V_TENSOR || other.v.tensor == nullptr || other.v.tensor->desc.dtype == dtype) return {};
    return invalid(
        fmt::format("{}: {} is {}, {} is {}; they must be the same", c.op.name, a.name, dtype_name(dtype),
                    c.op.args[static_cast<std::size_t>(a.same_as)].name, dtype_name(other.v.tensor->desc.dtype)),
        FG_R_DTYPE, static_cast<std::int32_t>(i));
  }
  if (number ? category_fits(dtype, a.dtypes) : (a.dtypes & bit(dtype)) != 0) return {};
  return invalid(fmt::format("{}: {} is {}, expected one of {}", c.op.name, a.name,
                             number ? (dtype == FG_BOOL  ? "a bool"
                                       : dtype == FG_I64 ? "an integer"
                                                         : "a float")
                                    : dtype_name(dtype),
                             set_text(a.dtypes)),
                 FG_R_DTYPE, static_cast<std::int32_t>(i));
}

Result<void> check_tensor(const Call& c, std::size_t i) {
  const ArgInfo& a = c.op.args[i];
  const fg_value& v = c.arg(i);
  const auto index = static_cast<std::int32_t>(i);
  if (v.tag == FG_V_NONE) {
    if (a.optional) return {};
    return invalid(fmt::format("{}: {} is missing", c.op.name, a.name), FG_R_PARAMETER, index);
  }
  if (v.tag == FG_V_TENSOR) {
    if (v.v.tensor == nullptr)
      return invalid(fmt::format("{}: {} is NULL", c.op.name, a.name), FG_R_NULL_POINTER, index);
    return check_dtype(c, i, v.v.tensor->desc.dtype, false);
  }
  if (is_number(v) && a.scalar_ok) return check_dtype(c, i, category(v), true);
  return invalid(fmt::format("{}: {} must be a tensor{}", c.op.name, a.name, a.scalar_ok ? " or a number" : ""),
                 FG_R_PARAMETER, index);
}

Result<void> check_list(const Call& c, std::size_t i) {
  const ArgInfo& a = c.op.args[i];
  const fg_value& v = c.arg(i);
  const auto index = static_cast<std::int32_t>(i);
  if (v.tag != FG_V_TENSORS || v.n == 0 || v.v.tensors == nullptr) {
    return invalid(fmt::format("{}: {} must be a list of at least one tensor", c.op.name, a.name), FG_R_PARAMETER,
                   index);
  }
  for (std::uint32_t k = 0; k < v.n; ++k) {
    if (v.v.tensors[k] == nullptr)
      return invalid(fmt::format("{}: {}[{}] is NULL", c.op.name, a.name, k), FG_R_NULL_POINTER, index);
    FG_TRY(check_dtype(c, i, v.v.tensors[k]->desc.dtype, false));
  }
  return {};
}

// The tensor that an in-place call writes: the one the schema says, else the first.
std::int16_t written_argument(const OpInfo& op) {
  std::int16_t first = -1;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].written) return static_cast<std::int16_t>(i);
    if (first < 0 && op.args[i].type == ArgType::tensor) first = static_cast<std::int16_t>(i);
  }
  return first;
}

// Where the call runs: with the tensors that have dimensions; 0-d ones may lie elsewhere.
Result<void> choose_device(const Call& c, Plan& p) {
  Device* first = nullptr;
  const auto look = [&](fg_tensor_handle t, bool counts) {
    if (first == nullptr && counts) first = t->device;
  };
  for (fg_tensor_handle t : c.outs) {
    if (c.form == Form::out) look(t, true);
  }
  if (p.written >= 0) look(c.arg(static_cast<std::size_t>(p.written)).v.tensor, true);
  each_tensor(c, [&](fg_tensor_handle t, std::size_t) { look(t, t->desc.ndim > 0); });
  each_tensor(c, [&](fg_tensor_handle t, std::size_t) { look(t, true); });
  if (first == nullptr) {
    p.device = c.device;
    if (p.device == nullptr) {
      FG_TRY_ASSIGN(p.device, current_device());
    }
    return {};
  }
  p.device = first;
  for (std::size_t i = 0; c.form == Form::out && i < c.outs.size(); ++i) {
    if (c.outs[i]->device != first) {
      return invalid(fmt::format("{}: {} is on {}, {} is on {}", c.op.name, c.op.outs[0].name, first->name,
                                 c.op.outs[i].name, c.outs[i]->device->name),
                     FG_R_DEVICE);
    }
  }
  Result<void> verdict;
  each_tensor(c, [&](fg_tensor_handle t, std::size_t i) {
    if (t->device == first) return;
    if (t->desc.ndim == 0 || c.op.name == "copy_") {
      p.moves = true;
    } else if (verdict) {
      verdict = invalid(fmt::format("{}: {} is on {}, other tensors are on {}", c.op.name, c.op.args[i].name,
                                    t->device->name, first->name),
                        FG_R_DEVICE, static_cast<std::int32_t>(i));
    }
  });
  return verdict;
}

fg_dtype dtype_attribute(const Call& c, std::int16_t arg) {
  if (arg < 0) return kNoDtype;
  const fg_value& v = c.arg(static_cast<std::size_t>(arg));
  return v.tag == FG_V_DTYPE ? static_cast<fg_dtype>(v.v.i) : kNoDtype;
}

// The dtype attribute of an operator that promotes with one (sum, cumsum, softmax).
fg_dtype any_dtype_attribute(const Call& c) {
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    if (c.op.args[i].type == ArgType::dtype) return dtype_attribute(c, static_cast<std::int16_t>(i));
  }
  return kNoDtype;
}

fg_dtype from_scalars(const Call& c) {
  fg_dtype found = FG_BOOL;
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    if (c.op.args[i].type != ArgType::scalar) continue;
    const fg_scalar s = scalar_of(c.op.args[i], c.arg(i));
    if (s.kind == FG_SCALAR_FLOAT) return kDefaultFloat;
    if (s.kind == FG_SCALAR_INT) found = FG_I64;
  }
  return found;
}

std::vector<Operand> operands_of(const Call& c) {
  std::vector<Operand> found;
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    const ArgInfo& a = c.op.args[i];
    const fg_value& v = c.arg(i);
    if (!a.promotes || a.written) continue;
    if (v.tag == FG_V_TENSOR) {
      found.push_back(Operand::tensor(v.v.tensor->desc.dtype, v.v.tensor->desc.ndim));
    } else if (v.tag == FG_V_TENSORS) {
      for (std::uint32_t k = 0; k < v.n; ++k)
        found.push_back(Operand::tensor(v.v.tensors[k]->desc.dtype, v.v.tensors[k]->desc.ndim));
    } else if (is_number(v)) {
      found.push_back(Operand{category(v), Operand::Rank::number});
    } else if (a.type == ArgType::scalar && a.has_default) {
      found.push_back(Operand{category(a.default_value.kind), Operand::Rank::number});
    }
  }
  return found;
}

fg_dtype first_dtype(const Call& c) {
  fg_dtype found = kNoDtype;
  each_tensor(c, [&](fg_tensor_handle t, std::size_t i) {
    if (found == kNoDtype && !c.op.args[i].written) found = t->desc.dtype;
  });
  return found;
}

fg_dtype out_dtype(const Call& c, const Plan& p, const OutInfo& o, const Promoted& promoted) {
  const auto of = [&](std::int16_t arg) -> fg_dtype {
    if (arg < 0) return promoted.out;
    const fg_value& v = c.arg(static_cast<std::size_t>(arg));
    if (v.tag == FG_V_TENSOR) return v.v.tensor->desc.dtype;
    if (v.tag == FG_V_TENSORS) return v.v.tensors[0]->desc.dtype;
    return promoted.out;
  };
  switch (o.rule) {
    case DtypeRule::fixed: return o.dtype;
    case DtypeRule::same_as: return of(o.arg);
    case DtypeRule::attr: {
      const fg_dtype d = dtype_attribute(c, o.arg);
      if (d != kNoDtype) return d;
      return promoted.out != kNoDtype ? promoted.out : kDefaultFloat;  // No operand, e.g. zeros.
    }
    case DtypeRule::from_scalars: {
      const fg_dtype d = dtype_attribute(c, o.arg);
      return d != kNoDtype ? d : from_scalars(c);
    }
    case DtypeRule::stat: {
      const fg_dtype d = of(o.arg);
      return d == FG_F16 || d == FG_BF16 ? FG_F32 : d;
    }
    case DtypeRule::given: return p.written >= 0 ? of(p.written) : promoted.out;
    default: return promoted.out;
  }
}

// The dtype of the tensor that output `i` goes to, kNoDtype when it is new.
fg_dtype target_dtype(const Call& c, const Plan& p, std::size_t i) {
  if (c.form == Form::out) return c.outs[i]->desc.dtype;
  if (c.form == Form::inplace && i == 0 && p.written >= 0)
    return c.arg(static_cast<std::size_t>(p.written)).v.tensor->desc.dtype;
  return kNoDtype;
}

Result<void> check_targets(const Call& c, Plan& p) {
  for (std::size_t i = 0; i < c.op.outs.size(); ++i) {
    const fg_dtype target = target_dtype(c, p, i);
    if (target == kNoDtype || target == p.out_dtype[i]) continue;
    if (!can_cast(p.out_dtype[i], target)) {
      return invalid(fmt::format("{}: the result is {}, it cannot be written into {} of dtype {}", c.op.name,
                                 dtype_name(p.out_dtype[i]), c.form == Form::inplace ? "self" : c.op.outs[i].name,
                                 dtype_name(target)),
                     FG_R_DTYPE, c.form == Form::inplace ? p.written : -1);
    }
    // Computing in a wider type hides the rounding or wrapping of the result's own dtype.
    static constexpr std::int64_t kBytes[] = {1, 4, 8, 4, 8};
    p.widens = p.widens || kBytes[compute_type(p.out_dtype[i])] > dtype_bytes(p.out_dtype[i]);
  }
  return {};
}

// The expressions of a call that leaves an optional operand out.
Result<void> choose_by_absence(const Call& c, Plan& p) {
  for (std::size_t v = 1; v < c.op.variants.size(); ++v) {
    for (std::size_t i = 0; i < c.op.args.size(); ++i) {
      if (c.op.args[i].name != c.op.variants[v].name || c.arg(i).tag != FG_V_NONE) continue;
      if (p.variant != 0) {
        return invalid(fmt::format("{}: {} and {} are left out, expected one of them at least", c.op.name,
                                   c.op.variants[p.variant].name, c.op.variants[v].name),
                       FG_R_PARAMETER, static_cast<std::int32_t>(i));
      }
      p.variant = v;
    }
  }
  return {};
}

}  // namespace

fg_scalar scalar_of(const ArgInfo& arg, const fg_value& v) {
  fg_scalar s{};
  switch (v.tag) {
    case FG_V_BOOL:
      s.kind = FG_SCALAR_BOOL;
      s.v.i = v.v.i != 0;
      break;
    case FG_V_INT:
      s.kind = FG_SCALAR_INT;
      s.v.i = v.v.i;
      break;
    case FG_V_FLOAT:
      s.kind = FG_SCALAR_FLOAT;
      s.v.f = v.v.f;
      break;
    default:
      if (arg.has_default) s = arg.default_value;
  }
  return s;
}

Result<void> check_arguments(const Call& c) {
  FG_TRY(check_form(c));
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    if (c.op.args[i].type == ArgType::tensor) {
      FG_TRY(check_tensor(c, i));
    } else if (c.op.args[i].type == ArgType::tensor_list) {
      FG_TRY(check_list(c, i));
    }
  }
  return check_attributes(c.op, c.args);
}

Result<void> choose_types(const Call& c, Plan& p) {
  const OpInfo& op = c.op;
  if (c.form == Form::inplace) {
    p.written = written_argument(op);
    if (p.written < 0 || c.arg(static_cast<std::size_t>(p.written)).tag != FG_V_TENSOR) {
      return invalid(fmt::format("{}: the in-place form writes its first tensor, which is a number here", op.name),
                     FG_R_PARAMETER, p.written);
    }
  }
  FG_TRY(choose_device(c, p));
  if (op.variant_arg >= 0) {
    const auto arg = static_cast<std::size_t>(op.variant_arg);
    FG_TRY_ASSIGN(const std::int32_t number, enum_value(op, op.args[arg], c.arg(arg)));
    const std::string_view name = op.args[arg].enum_names[static_cast<std::size_t>(number)];
    for (std::size_t v = 0; v < op.variants.size(); ++v) {
      if (op.variants[v].name == name) p.variant = v;
    }
  } else {
    FG_TRY(choose_by_absence(c, p));
  }
  const Promote kind = op.variants.empty() ? Promote::none : op.variants[p.variant].promote;
  Promoted promoted{first_dtype(c), first_dtype(c)};
  if (kind != Promote::none) {
    auto r = promote(kind, operands_of(c), any_dtype_attribute(c));
    if (!r) return tl::unexpected(std::move(r).error().while_doing(op.name));
    promoted = *r;
    const DtypeSet common = op.variants[p.variant].common;
    if ((common & bit(promoted.common)) == 0) {
      return invalid(fmt::format("{}: the operands are {}, expected one of {}", op.name, dtype_name(promoted.common),
                                 set_text(common)),
                     FG_R_DTYPE, 0);
    }
  }
  if (op.outs.size() > kMaxOutputs)
    return fail(FG_E_INTERNAL, fmt::format("{} has {} outputs", op.name, op.outs.size()));
  for (std::size_t i = 0; i < op.outs.size(); ++i) p.out_dtype[i] = out_dtype(c, p, op.outs[i], promoted);
  // Without promotion, numbers are read in the dtype that a dtype attribute asks for.
  const bool asked = kind == Promote::none && op.outs[0].rule == DtypeRule::attr;
  p.common = promoted.common != kNoDtype && !asked ? promoted.common : p.out_dtype[0];
  return check_targets(c, p);
}

}  // namespace fg::core
