// SPDX-License-Identifier: Apache-2.0
//
// Programs that engines run, kept for the life of the process under their hashes: equal programs of
// different operators share kernels.

#ifndef FG_CORE_DISPATCH_PROGRAMS_HPP_
#define FG_CORE_DISPATCH_PROGRAMS_HPP_

#include <cstdint>
#include <memory>
#include <optional>

#include "core/catalogue/op_info.hpp"
#include "core/expr/program.hpp"

namespace fg::core {

// What one engine launch computes.
struct EngineProgram {
  Kind kind = Kind::map;
  std::uint32_t monoid = 0;
  expr::Program main;  // map: the program; reduce and scan: the prologue
  std::optional<expr::Program> epilogue;
  fg_expr main_view{}, epilogue_view{};  // Borrowed from the two above.

  EngineProgram(Kind k, std::uint32_t m, expr::Program p, std::optional<expr::Program> e)
      : kind(k), monoid(m), main(std::move(p)), epilogue(std::move(e)) {}
};

// The kept program equal to this one.  [any-thread]
const EngineProgram* intern(Kind kind, std::uint32_t monoid, expr::Program main, std::optional<expr::Program> epilogue);

// Canonical name of the engine operator that runs `kind`, and its op_uid.
const char* engine_name(Kind kind);
std::uint64_t engine_uid(Kind kind);

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_PROGRAMS_HPP_
