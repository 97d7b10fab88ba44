// SPDX-License-Identifier: Apache-2.0

#include "conformance/reference/declared.hpp"

#include <array>
#include <cmath>

namespace fg::reference {
namespace {

constexpr Real kLeastNormal = 0x1p-126L;  // of f32, and of bf16

bool has_range_of_f32(Type t) { return t == Type::f32 || t == Type::bf16; }

// Flushing keeps the sign of what it takes away.
Value with_zero(Value v) {
  if (v.nan == Nan::always) return v;
  if (v.lo > 0 && v.lo < kLeastNormal) v.lo = 0;
  if (v.hi < 0 && v.hi > -kLeastNormal) v.hi = -Real{0};
  return v;
}

}  // namespace

std::string_view name(SumClass c) {
  constexpr std::array<std::string_view, 4> kNames{"", "f32_rz", "f16", "tf32"};
  return kNames[static_cast<std::size_t>(c)];
}

bool may_flush(Ct type, Real x) {
  return !arithmetic().subnormals && type == Ct::f32 && x != 0 && std::fabs(x) < kLeastNormal;
}

Value flushed(Value v) { return arithmetic().subnormals || v.type != Ct::f32 || v.weak ? v : with_zero(v); }

Real flush_loss(Ct type) { return arithmetic().subnormals || type != Ct::f32 ? 0 : 2 * kLeastNormal; }

Value converted(const Value& v, Type from, Type to) {
  const bool flushes = !arithmetic().subnormals && from != to && (v.type == Ct::f32 || has_range_of_f32(to));
  return flushes ? with_zero(v) : v;
}

}  // namespace fg::reference
