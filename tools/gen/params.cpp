// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/params.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

// The members of one attribute, each of 8 bytes (or a struct of a multiple) or of 4.
std::vector<Member> members_of(const Arg& a) {
  const std::string name = identifier(a.name);
  std::vector<Member> out;
  switch (a.type) {
    case ArgType::int_: out = {{"int64_t", name, ""}}; break;
    case ArgType::dim: out = {{"int64_t", name, "0 .. ndim - 1"}}; break;
    case ArgType::float_: out = {{"double", name, ""}}; break;
    case ArgType::scalar: return {{"fg_scalar", name, a.optional ? "FG_SCALAR_NONE when left out" : ""}};
    case ArgType::bool_: out = {{"int32_t", name, "0 or 1"}}; break;
    case ArgType::enum_: {
      return {{"int32_t", name, fmt::format("{}", fmt::join(a.enum_names, ", "))}};
    }
    case ArgType::dtype: return {{"fg_dtype", name, a.optional || a.from_scalars ? "0 when left out" : ""}};
    case ArgType::dims: out = {{"const int64_t*", name, "each 0 .. ndim - 1"}, {"int64_t", "n_" + name, ""}}; break;
    case ArgType::sizes: out = {{"const int64_t*", name, ""}, {"int64_t", "n_" + name, ""}}; break;
    case ArgType::generator: return {{"uint64_t", "seed", ""}, {"uint64_t", "offset", ""}};
    default: return {};
  }
  if (a.optional) out.push_back({"int32_t", "has_" + name, "0: left out, the value above means nothing"});
  return out;
}

}  // namespace

std::string member_name(const Arg& attribute) {
  return attribute.type == ArgType::generator ? "seed" : identifier(attribute.name);
}

std::string params_struct(const Op& op) { return "fg_" + stem(op.name) + "_params"; }

std::vector<Member> params_members(const Op& op) {
  std::vector<Member> out;
  bool odd = false;  // The next free offset is 4 modulo 8.
  int pads = 0;
  const auto pad = [&] {
    out.push_back({"uint32_t", pads == 0 ? "zero" : fmt::format("zero{}", pads + 1), "Reserved, 0"});
    ++pads;
    odd = false;
  };
  for (const Arg& a : op.args) {
    for (Member& m : members_of(a)) {
      const bool small = m.type == "int32_t" || m.type == "fg_dtype";
      if (!small && odd) pad();
      if (small) odd = !odd;
      out.push_back(std::move(m));
    }
  }
  if (odd) pad();
  return out;
}

}  // namespace fg::gen
