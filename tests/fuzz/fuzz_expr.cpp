// SPDX-License-Identifier: Apache-2.0
//
// Any bytes, read as the text of an expression or as the nodes of a program, are accepted or refused
// with a message; what is accepted keeps its meaning through printing, folding and differentiation.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/expr/derivative.hpp"
#include "core/expr/evaluate.hpp"
#include "core/expr/fold.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/to_text.hpp"
#include "fg/sdk/expr_printer.hpp"

namespace {

using namespace fg::expr;  // NOLINT: a harness of one file

void must(bool holds) {
  if (!holds) std::abort();
}

void print(const Program& p) {
  const fg_expr e = p.view();
  const fg::sdk::ExprSources sources = {[](std::uint32_t) { return std::string("a"); },
                                        [](std::uint32_t, std::uint16_t) { return std::string("b"); },
                                        [](std::uint32_t) { return std::string("c"); }};
  const fg::sdk::ExprPrinter<fg::sdk::GlslDialect> printer(e);
  if (!printer.check()) return;
  must(!printer.statements(sources).empty());
  (void)printer.prelude();
}

// Folding and specialising change no output.
void check_program(const Program& p, std::uint8_t seed) {
  print(p);
  const Program folded = fold(p);
  must(static_cast<bool>(verify(folded.view())));
  std::vector<std::uint16_t> type(p.n_in(), FG_CT_F32);
  for (const fg_expr_node& n : p.nodes()) {
    if (n.op == FG_EX_INPUT) type[n.arg[0]] = n.type;
  }
  const double points[] = {0.0, -0.0, 1.5, -2.0, 1e30, std::numeric_limits<double>::quiet_NaN()};
  std::vector<Value> in;
  for (std::size_t k = 0; k < type.size(); ++k) in.push_back(convert(Value::of_float(points[(seed + k) % 6]), type[k]));
  std::vector<fg_scalar> scalar(p.n_scalar());
  for (fg_scalar& s : scalar) s = {{2.5}, FG_SCALAR_FLOAT, 0};
  const std::int64_t index[] = {3, 4};
  const std::vector<Value> before = evaluate(p.view(), in, scalar, index),
                           after = evaluate(folded.view(), in, scalar, index);
  const std::vector<Value> special = evaluate(specialise(p, scalar).view(), in, scalar, index);
  for (std::size_t j = 0; j < before.size(); ++j) {
    must(same(before[j], after[j]));
    must(same(before[j], special[j]));
  }
}

void check_text(std::string_view text, std::uint8_t seed) {
  const fg::Result<Parsed> parsed = parse_any(text);
  if (!parsed) return must(!parsed.error().message.empty());
  const std::string again = to_text(*parsed);
  if (again.size() <= kMaxTextBytes) {
    const std::vector<std::string_view> names(parsed->names.begin(), parsed->names.end());
    const fg::Result<Parsed> second = parse(again, names);
    must(second && *second == *parsed);
  }
  if (!parsed->names.empty()) {
    if (const fg::Result<Parsed> d = derivative(*parsed, parsed->names[0])) must(!to_text(*d).empty());
  }
  Typing t;
  t.common = seed % 5;
  for (std::size_t k = 0; k < parsed->names.size(); ++k) {
    const auto type = static_cast<std::uint16_t>((seed / 5 + k) % 5);
    t.names.push_back(k % 3 == 2 ? Binding::number(type) : Binding::state(type));
  }
  t.out = {kNatural};
  if (const fg::Result<Program> p = lower(*parsed, t)) check_program(*p, seed);
}

void check_nodes(const std::uint8_t* data, std::size_t size, std::uint8_t seed) {
  std::vector<fg_expr_node> nodes(std::min<std::size_t>(size / sizeof(fg_expr_node), 64));
  if (nodes.empty()) return;
  std::memcpy(nodes.data(), data, nodes.size() * sizeof(fg_expr_node));
  const auto last = static_cast<std::uint32_t>(nodes.size() - 1);
  if (const fg::Result<Program> p = Program::make(std::move(nodes), {last}, 4, 4)) check_program(*p, seed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  if (data[0] % 4 == 3) {
    check_nodes(data + 2, size - 2, data[1]);
  } else {
    check_text({reinterpret_cast<const char*>(data + 2), size - 2}, data[1]);
  }
  return 0;
}
