// SPDX-License-Identifier: Apache-2.0
//
// print_expr() for a dialect of fg/sdk/expr_dialects.hpp: each runtime instantiates it with its own.

#ifndef FG_PLUGINS_GPU_EXPR_TEXT_HPP_
#define FG_PLUGINS_GPU_EXPR_TEXT_HPP_

#include <string>

#include "fg/sdk/expr_printer.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

template <class Dialect>
Result<Printed> print_expr_as(const fg_expr& program, const ExprNames& names) {
  const sdk::ExprPrinter<Dialect> printer(program, names.prefix, names.stored);
  FG_TRY(printer.check());
  const sdk::ExprSources sources{
      [&](std::uint32_t k) { return names.input + std::to_string(k); },
      [&](std::uint32_t k, std::uint16_t type) { return scalar_name(names.scalar, k, type); },
      [&](std::uint32_t d) { return names.index + std::to_string(d); },
  };
  Printed p{printer.prelude(*names.helpers), printer.statements(sources), {}, {}};
  const auto has = [&](const char* word) {
    return p.functions.find(word) != std::string::npos || p.statements.find(word) != std::string::npos;
  };
  p.divides = has(" / ") || has("sqrt(");
  for (std::uint32_t j = 0; j < program.n_out; ++j) {
    p.outputs.push_back(printer.output(j));
    p.types.push_back(printer.output_type(j));
  }
  return p;
}

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_EXPR_TEXT_HPP_
