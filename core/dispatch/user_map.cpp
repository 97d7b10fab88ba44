// SPDX-License-Identifier: Apache-2.0
//
// The table of operators made from expressions.

#include "core/dispatch/user_map.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/expr/parse.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

// What the OpInfo of one expression points to.
struct UserMap {
  std::string text;
  std::vector<std::string> names;
  std::vector<ArgInfo> args;
  std::vector<std::string_view> exprs;
  std::vector<Variant> variants;
  std::vector<OutInfo> outs;
  OpInfo op{};
};

bool is_logical(const expr::Term& t) {
  if (t.kind == expr::Term::Kind::boolean) return true;
  return t.kind == expr::Term::Kind::op && (t.logical || (t.op >= FG_EX_EQ && t.op <= FG_EX_ISNAN));
}

// Does the syntax need floats: a real literal, a quotient, a function of floats?
bool needs_floats(const expr::Parsed& parsed) {
  return std::any_of(parsed.terms.begin(), parsed.terms.end(), [](const expr::Term& t) {
    if (t.kind == expr::Term::Kind::real) return true;
    if (t.kind != expr::Term::Kind::op) return false;
    return t.op == FG_EX_DIV || t.op == FG_EX_ATAN2 || (t.op >= FG_EX_SQRT && t.op <= FG_EX_SIGMOID);
  });
}

Promote promotion_of(const expr::Parsed& parsed) {
  if (is_logical(parsed.terms[parsed.roots[0]])) return Promote::always_bool;
  return needs_floats(parsed) ? Promote::int_to_float : Promote::default_;
}

ArgInfo operand(std::string_view name) {
  ArgInfo a{};
  a.name = name;
  a.type = ArgType::tensor;
  a.scalar_ok = true;
  a.promotes = true;
  a.rule = DtypeRule::any_of;
  a.dtypes = static_cast<DtypeSet>((1u << kDtypes.size()) - 1u);
  a.same_as = -1;
  return a;
}

Result<std::unique_ptr<UserMap>> make(std::string_view text, std::span<const char* const> names, fg_dtype dtype) {
  auto m = std::make_unique<UserMap>();
  m->text = text;
  m->names.assign(names.begin(), names.end());
  const std::vector<std::string_view> given(m->names.begin(), m->names.end());
  auto parsed = names.empty() ? expr::parse_any(m->text) : expr::parse(m->text, given);
  if (!parsed) return tl::unexpected(std::move(parsed).error().while_doing("map"));
  m->names = parsed->names;
  for (const std::string& name : m->names) m->args.push_back(operand(name));
  m->exprs.push_back(m->text);
  Variant v{};
  v.promote = promotion_of(*parsed);
  v.expr = m->exprs;
  m->variants.push_back(v);
  OutInfo o{};
  o.name = "out";
  o.rule = dtype != 0 ? DtypeRule::fixed : DtypeRule::promoted;
  o.dtype = dtype;
  o.arg = -1;
  m->outs.push_back(o);
  OpInfo& op = m->op;
  op.name = "map";
  op.family = "user";
  op.kind = Kind::map;
  op.has_functional = op.has_out = true;
  op.index = 0xFFFF;
  op.uid = XXH64(m->text.data(), m->text.size(), 1);
  op.schema_version = 1;
  op.params_size = sizeof(fg_hdr);
  op.args = m->args;
  op.outs = m->outs;
  op.variant_arg = -1;
  op.variants = m->variants;
  return m;
}

}  // namespace

Result<const OpInfo*> user_map(std::string_view text, std::span<const char* const> names, fg_dtype dtype) {
  struct Table {
    std::mutex mutex;
    std::map<std::string, std::unique_ptr<UserMap>, std::less<>> maps;
  };
  static Table* table = new Table;  // Plans refer to the operators until the process ends.
  std::string key = fmt::format("{}\n{}", dtype, text);
  for (const char* name : names) key.append(1, '\n').append(name);
  const std::lock_guard lock(table->mutex);
  std::unique_ptr<UserMap>& slot = table->maps[key];
  if (slot == nullptr) {
    auto made = make(text, names, dtype);
    if (!made) {
      table->maps.erase(key);
      return tl::unexpected(std::move(made).error());
    }
    slot = std::move(*made);
  }
  return &slot->op;
}

}  // namespace fg::core
