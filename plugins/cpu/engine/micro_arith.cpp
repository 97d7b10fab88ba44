// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic of F32, F64, I32 and I64 that maps to single instructions.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/micro_arith.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/loops-inl.hpp"
#include "plugins/cpu/engine/ops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

template <class T, class F>
Micro unary(Form form) {
  if (form != 0) return nullptr;
  return [](void* dst, const void* a, const void*, const void*, std::size_t n)
             HWY_ATTR { loop1<0>(hn::ScalableTag<T>(), static_cast<T*>(dst), static_cast<const T*>(a), n, F()); };
}
template <class T, class F, Form FORM>
void run_binary(void* dst, const void* a, const void* b, const void*, std::size_t n) {
  loop2<FORM>(hn::ScalableTag<T>(), static_cast<T*>(dst), static_cast<const T*>(a), static_cast<const T*>(b), n, F());
}
template <class T, class F>
Micro binary(Form form) {
  switch (form) {
    case 0: return run_binary<T, F, 0>;
    case 1: return run_binary<T, F, 1>;
    case 2: return run_binary<T, F, 2>;
    default: return nullptr;
  }
}
template <class T, class F, Form FORM>
void run_ternary(void* dst, const void* a, const void* b, const void* c, std::size_t n) {
  loop3<FORM>(hn::ScalableTag<T>(), static_cast<T*>(dst), static_cast<const T*>(a), static_cast<const T*>(b),
              static_cast<const T*>(c), n, F());
}
template <class T, class F>
Micro ternary(Form form) {
  switch (form) {
    case 0: return run_ternary<T, F, 0>;
    case 1: return run_ternary<T, F, 1>;
    case 2: return run_ternary<T, F, 2>;
    case 6: return run_ternary<T, F, 6>;
    default: return nullptr;
  }
}

template <class T>
Micro find_common(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_ADD: return binary<T, OpAdd>(form);
    case FG_EX_SUB: return binary<T, OpSub>(form);
    case FG_EX_MUL: return binary<T, OpMul>(form);
    case FG_EX_MIN: return binary<T, OpMin>(form);
    case FG_EX_MAX: return binary<T, OpMax>(form);
    case FG_EX_NEG: return unary<T, OpNeg>(form);
    case FG_EX_ABS: return unary<T, OpAbs>(form);
    case FG_EX_SIGN: return unary<T, OpSign>(form);
    case kOpMulAdd: return ternary<T, OpMulAdd>(form);
    case kOpMulSub: return ternary<T, OpMulSub>(form);
    default: return nullptr;
  }
}
template <class T>
Micro find_float(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_DIV: return binary<T, OpDiv>(form);
    case FG_EX_FMA: return ternary<T, OpFma>(form);
    case FG_EX_FLOOR: return unary<T, OpFloor>(form);
    case FG_EX_CEIL: return unary<T, OpCeil>(form);
    case FG_EX_TRUNC: return unary<T, OpTrunc>(form);
    case FG_EX_ROUND: return unary<T, OpRound>(form);
    case FG_EX_SQRT: return unary<T, OpSqrt>(form);
    case FG_EX_RSQRT: return unary<T, OpRsqrt>(form);
    default: return find_common<T>(op, form);
  }
}
template <class T>
Micro find_int(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_AND: return binary<T, OpAnd>(form);
    case FG_EX_OR: return binary<T, OpOr>(form);
    case FG_EX_XOR: return binary<T, OpXor>(form);
    case FG_EX_NOT: return unary<T, OpNot>(form);
    case FG_EX_FMA: return ternary<T, OpMulAdd>(form);
    default: return find_common<T>(op, form);
  }
}

Micro find_arith(std::uint16_t op, std::uint16_t type, Form form) {
  switch (type) {
    case FG_CT_F32: return find_float<float>(op, form);
    case FG_CT_F64: return find_float<double>(op, form);
    case FG_CT_I32: return find_int<std::int32_t>(op, form);
    case FG_CT_I64: return find_int<std::int64_t>(op, form);
    default: return nullptr;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "plugins/cpu/engine/families.hpp"

namespace fg::cpu {
HWY_EXPORT(find_arith);
Micro micro_arith(std::uint16_t op, std::uint16_t type, Form form) {
  return HWY_DYNAMIC_DISPATCH(find_arith)(op, type, form);
}
}  // namespace fg::cpu
#endif
