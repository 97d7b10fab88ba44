// SPDX-License-Identifier: Apache-2.0
//
// The files of micro-kernels, each answering for its family; micro.cpp asks them in turn.

#ifndef FG_PLUGINS_CPU_ENGINE_FAMILIES_HPP_
#define FG_PLUGINS_CPU_ENGINE_FAMILIES_HPP_

#include "plugins/cpu/engine/micro.hpp"

namespace fg::cpu {

Micro micro_arith(std::uint16_t op, std::uint16_t type, Form form);
Micro micro_logic(std::uint16_t op, std::uint16_t type, std::uint16_t arg_type, Form form);
Micro micro_math(std::uint16_t op, std::uint16_t type, Form form);
Micro micro_scalar(std::uint16_t op, std::uint16_t type, Form form);

// Conversions that have a vector form; the rest is in micro_scalar.cpp.
Micro vector_cast(std::uint16_t from, std::uint16_t to);
Micro vector_load(fg_dtype from);
Micro vector_store(std::uint16_t from, fg_dtype to);
Micro scalar_cast(std::uint16_t from, std::uint16_t to);
Micro scalar_load(fg_dtype from);
Micro scalar_store(std::uint16_t from, fg_dtype to);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_FAMILIES_HPP_
