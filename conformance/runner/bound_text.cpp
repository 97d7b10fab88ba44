// SPDX-License-Identifier: Apache-2.0
//
// Where a bound comes from, in words.

#include <fmt/format.h>

#include <cctype>
#include <set>

#include "conformance/runner/explain.hpp"

namespace fg::conformance {
namespace {

// The functions that an expression calls, in alphabetical order.
std::set<std::string> functions_in(std::string_view expression) {
  std::set<std::string> names;
  std::string word;
  for (const char c : expression) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
      continue;
    }
    if (c == '(' && !word.empty()) names.insert(word);
    word.clear();
  }
  return names;
}

std::string function_classes(std::string_view expression) {
  std::string text;
  for (const std::string& name : functions_in(expression)) {
    const auto ulp = reference::error_class(name);
    if (ulp) text += fmt::format("{}{} {} ulp", text.empty() ? "" : ", ", name, *ulp);
  }
  return text.empty() ? "" : "    functions, in ulp of the compute type: " + text + "\n";
}

const core::Variant* variant_of(const core::OpInfo& op, const Case& c) {
  for (const core::Variant& v : op.variants) {
    if (op.variant_arg < 0 || c.args[static_cast<std::size_t>(op.variant_arg)].word == v.name) return &v;
  }
  return op.variants.empty() ? nullptr : &op.variants.front();
}

}  // namespace

std::string bound_text(const core::OpInfo& op, const Case& c, bool statistical) {
  if (op.kind == core::Kind::view) return "    elements are moved, nothing is computed: exact\n";
  std::string text;
  const core::Variant* v = variant_of(op, c);
  const bool expressions =
      v != nullptr && (op.kind == core::Kind::map || op.kind == core::Kind::reduce || op.kind == core::Kind::scan);
  if (expressions) {
    std::string all(v->prologue);
    if (!all.empty()) text += "    each element: " + all + "\n";
    for (const std::string_view e : v->expr) {
      text += fmt::format("    {}: {}\n", op.kind == core::Kind::map ? "definition" : "then", e);
      all.append(" ").append(e);
    }
    text +=
        "    interval arithmetic: every operation keeps its true result and that result rounded to the compute type\n"
        "    (f32 for 16-bit and f32 data, f64 for f64), so contraction and wider arithmetic are legal\n" +
        function_classes(all);
  } else {
    text += fmt::format("    the oracle's own definition of {}, in interval arithmetic\n", op.name);
  }
  if (statistical) {
    text +=
        "    sums: a worst case over every order of adding, which no legal kernel exceeds, and six standard\n"
        "    deviations of random rounding errors, beyond which at most 0.1 % of the elements may lie\n";
  }
  return text + "    an element is legal between the roundings of the interval's ends to the output's dtype\n";
}

std::string declared_text(const reference::Arithmetic& declared) {
  std::string text;
  if (!declared.subnormals)
    text +=
        "    the device does not declare FG_D_DENORMALS: operations may take subnormal f32 for zero, and give zero\n";
  if (declared.sums != reference::SumClass::standard)
    text +=
        fmt::format("    the claim declares accuracy class {}, which the bounds of sums follow\n", name(declared.sums));
  return text;
}

}  // namespace fg::conformance
