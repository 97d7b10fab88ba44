// SPDX-License-Identifier: Apache-2.0
//
// Finds the fastest micro-kernel: vector form first, then one element at a time.

#include "plugins/cpu/engine/micro.hpp"

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/engine/families.hpp"

namespace fg::cpu {

Micro find_micro(std::uint16_t op, std::uint16_t type, std::uint16_t arg_type, Form form) {
  if (Micro m = micro_logic(op, type, arg_type, form)) return m;
  if (type != arg_type) return nullptr;
  if (Micro m = micro_arith(op, type, form)) return m;
  if (Micro m = micro_math(op, type, form)) return m;
  return micro_scalar(op, type, form);
}

Micro find_cast(std::uint16_t from, std::uint16_t to) {
  if (Micro m = vector_cast(from, to)) return m;
  return scalar_cast(from, to);
}

Micro find_load(fg_dtype from) {
  if (Micro m = vector_load(from)) return m;
  return scalar_load(from);
}

Micro find_store(std::uint16_t from, fg_dtype to) {
  if (Micro m = vector_store(from, to)) return m;
  return scalar_store(from, to);
}

int micro_cost(std::uint16_t op, std::uint16_t type) {
  constexpr int kLight = 1, kVectorMath = 8, kScalar = 150;
  if (micro_math(op, type, 0) != nullptr) return kVectorMath;
  if (op == FG_EX_TRUNC_DIV || op == FG_EX_FLOOR_DIV || op == FG_EX_FMOD || op == FG_EX_REMAINDER) return kScalar / 3;
  if (op == FG_EX_POW || op == FG_EX_ATAN2) return kScalar;
  return op < FG_EX_EXP || op >= kOpMulAdd ? kLight : kScalar;
}

}  // namespace fg::cpu
