// SPDX-License-Identifier: Apache-2.0
//
// Translation of catalogue entries for the oracle.

#include "conformance/cases/operators.hpp"

#include <map>
#include <mutex>

#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

reference::Promote promote_of(core::Promote p) {
  switch (p) {
    case core::Promote::none: return reference::Promote::none;
    case core::Promote::int_to_float: return reference::Promote::int_to_float;
    case core::Promote::always_bool: return reference::Promote::always_bool;
    case core::Promote::bool_to_long: return reference::Promote::bool_to_long;
    case core::Promote::same: return reference::Promote::same;
    case core::Promote::sum: return reference::Promote::sum;
    case core::Promote::default_:
    case core::Promote::complex_to_float:
    case core::Promote::no_opmath: return reference::Promote::standard;
  }
  return reference::Promote::standard;
}

reference::OutRule rule_of(core::DtypeRule r) {
  switch (r) {
    case core::DtypeRule::same_as: return reference::OutRule::same_as;
    case core::DtypeRule::fixed: return reference::OutRule::fixed;
    case core::DtypeRule::attr: return reference::OutRule::attr;
    case core::DtypeRule::from_scalars: return reference::OutRule::from_scalars;
    case core::DtypeRule::stat: return reference::OutRule::stat;
    case core::DtypeRule::given: return reference::OutRule::given;
    case core::DtypeRule::any_of:
    case core::DtypeRule::promoted: return reference::OutRule::promoted;
  }
  return reference::OutRule::promoted;
}

reference::Operator translate(const core::OpInfo& op) {
  reference::Operator r;
  r.name = op.name;
  r.kind = static_cast<reference::Kind>(op.kind);
  r.variant_arg = op.variant_arg;
  r.monoid = static_cast<reference::Monoid>(op.monoid);
  for (const core::ArgInfo& a : op.args) {
    const bool tensor = a.type == core::ArgType::tensor || a.type == core::ArgType::tensor_list;
    r.args.push_back({std::string(a.name), tensor, a.promotes, a.written});
    r.args.back().unread = a.unread;
    const fg_scalar& s = a.default_value;
    if (tensor || !a.has_default || s.kind == FG_SCALAR_NONE) continue;
    const bool real = s.kind == FG_SCALAR_FLOAT;
    r.args.back().value = real ? static_cast<reference::Real>(s.v.f) : static_cast<reference::Real>(s.v.i);
    r.args.back().category = real                       ? reference::Type::f64
                             : s.kind == FG_SCALAR_BOOL ? reference::Type::boolean
                                                        : reference::Type::i64;
  }
  for (const core::OutInfo& o : op.outs) {
    r.outs.push_back(
        {rule_of(o.rule), o.rule == core::DtypeRule::fixed ? to_reference(o.dtype) : reference::Type::f32, o.arg});
  }
  for (const core::Variant& v : op.variants) {
    r.variants.push_back(
        {std::string(v.name), promote_of(v.promote), {v.expr.begin(), v.expr.end()}, std::string(v.prologue)});
  }
  return r;
}

static_assert(static_cast<int>(reference::Kind::composite) == static_cast<int>(core::Kind::composite));
static_assert(static_cast<int>(reference::Monoid::lastmin) == 12, "numbered as FG_MONOID_LASTMIN");

}  // namespace

reference::Type to_reference(fg_dtype dtype) {
  return reference::type_from_name(dtype_name(dtype)).value_or(reference::Type::f32);
}

fg_dtype to_dtype(reference::Type type) { return dtype_from_name(reference::name(type)).value_or(FG_F32); }

const reference::Operator& oracle_operator(const core::OpInfo& op) {
  static std::mutex mutex;
  static std::map<std::string_view, reference::Operator> made;
  const std::lock_guard lock(mutex);
  const auto found = made.find(op.name);
  return found != made.end() ? found->second : made.emplace(op.name, translate(op)).first->second;
}

}  // namespace fg::conformance
