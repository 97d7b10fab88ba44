// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/functions.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "fg/sdk/expr_series.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {
namespace {

std::string number_text(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9ef", x);
  return text;
}

double constant(std::string_view name) {
  const auto* found = std::find_if(std::begin(sdk::detail::kExprConstants), std::end(sdk::detail::kExprConstants),
                                   [&](const auto& c) { return c.name == name; });
  return found->f32;
}

}  // namespace

Result<void> add_functions(Source& source, std::uint16_t type, std::initializer_list<NamedFunction> functions) {
  const std::string word = type == FG_CT_F64 ? "f64" : "f32";
  std::vector<std::string> helpers;
  for (const NamedFunction& f : functions) {
    const std::array<fg_expr_node, 2> node{{{FG_EX_INPUT, type, {0, 0, 0}}, {f.op, type, {0, 0, 0}}}};
    const std::uint32_t out = 1;
    fg_expr e{};
    e.node = node.data();
    e.out = &out;
    e.n_node = 2;
    e.n_out = e.n_in = 1;
    FG_TRY_ASSIGN(const Printed p, print_expr(e, {"v", "a", "", "", &helpers}));
    source.functions += p.functions + "FN " + word + " " + f.name + "(" + word + " a0) {\n" + p.statements + "return " +
                        p.outputs[0] + ";\n}\n";
  }
  return {};
}

Result<void> add_exp_negative(Source& source, std::uint16_t type) {
  if (type == FG_CT_F64) return add_functions(source, type, {{FG_EX_EXP, "exp_negative"}});
  const auto& terms = sdk::detail::kExpF32;
  std::string series = number_text(terms[std::size(terms) - 1]);
  for (std::size_t k = std::size(terms) - 1; k-- > 0;) series = "FMA(r, " + series + ", " + number_text(terms[k]) + ")";
  source.define("EXP_SERIES(r)", series);
  source.define("LN2_HIGH", number_text(constant("ln2_hi"))).define("LN2_LOW", number_text(constant("ln2_lo")));
  FG_TRY_ASSIGN(const Source text, source_of("exp_negative", {}));
  source.functions += text.functions;
  return {};
}

}  // namespace fg::gpu
