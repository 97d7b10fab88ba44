// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/schema_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <cctype>

#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

std::string without_blanks(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; }),
             text.end());
  return text;
}

std::string default_text(const Arg& a) {
  if (a.from_scalars) return "from_scalars";
  if (!a.has_default) return "";
  if (a.type == ArgType::dims || a.type == ArgType::sizes) return fmt::format("[{}]", fmt::join(a.default_dims, ","));
  if (a.default_value.kind == FG_SCALAR_FLOAT) return fmt::format("{:a}", a.default_value.v.f);
  return fmt::format("{}:{}", a.default_value.kind, a.default_value.v.i);
}

}  // namespace

std::string schema_text(const Op& op) {
  std::string out = fmt::format("{};{};", op.name, kKinds[static_cast<std::size_t>(op.kind)]);
  for (const Arg& a : op.args) {
    out += fmt::format("arg {} {} {:x} {} {:d}{:d}{:d}{:d} {} {} {}", a.name,
                       kArgTypes[static_cast<std::size_t>(a.type)], a.dtypes, a.same_as, a.optional, a.scalar_ok,
                       a.promotes, a.written, default_text(a), fmt::join(a.enum_names, ","), without_blanks(a.shape));
    if (a.unread) out += " unread";
    if (a.min) out += fmt::format(" min {:a}", *a.min);
    if (a.max) out += fmt::format(" max {:a}", *a.max);
    out += ";";
  }
  for (const Out& o : op.outs) {
    out +=
        fmt::format("out {} {} {:x} {} {};", o.name, static_cast<int>(o.rule), o.dtype, o.arg, without_blanks(o.shape));
  }
  for (const Variant& v : op.variants) {
    out += fmt::format("variant {} {} {:x} {}", v.name, kPromotes[static_cast<std::size_t>(v.promote)], v.common,
                       without_blanks(v.prologue.text));
    for (const Text& e : v.expr) out += " " + without_blanks(e.text);
    out += ";";
  }
  out += fmt::format("{};{};{:d};{:d}", op.monoid, op.shape_rule, op.empty_error, op.dynamic);
  return out;
}

std::uint64_t hash64(std::string_view text) { return XXH64(text.data(), text.size(), 0); }

}  // namespace fg::gen
