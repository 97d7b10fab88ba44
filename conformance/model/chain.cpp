// SPDX-License-Identifier: Apache-2.0

#include "conformance/model/chain.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace fg::conformance {

using reference::Argument;
using reference::Type;

LinkArg LinkArg::tensor(std::string_view name, ValueId of) {
  LinkArg a = list(name, {of});
  a.value.kind = Argument::Kind::tensor;
  return a;
}

LinkArg LinkArg::list(std::string_view name, std::vector<ValueId> of) {
  LinkArg a{name, {}, std::move(of)};
  a.value.kind = Argument::Kind::tensors;
  return a;
}

LinkArg LinkArg::flag(std::string_view name, bool x) {
  LinkArg a = integer(name, x ? 1 : 0);
  a.value.category = Type::boolean;
  return a;
}

LinkArg LinkArg::integer(std::string_view name, std::int64_t x) {
  LinkArg a{name, {}, {}};
  a.value.kind = Argument::Kind::number;
  a.value.number = static_cast<reference::Real>(x);
  a.value.category = Type::i64;
  return a;
}

LinkArg LinkArg::dims(std::string_view name, std::vector<std::int64_t> d) {
  LinkArg a{name, {}, {}};
  a.value.kind = Argument::Kind::dims;
  a.value.dims = std::move(d);
  return a;
}

ValueId Chain::given(reference::Tensor data) {
  values_.push_back({Given{std::move(data), std::nullopt}, values_.size(), std::nullopt});
  return values_.size() - 1;
}

ValueId Chain::given(reference::Tensor first, reference::Tensor second) {
  values_.push_back({Given{std::move(first), std::move(second)}, values_.size(), std::nullopt});
  return values_.size() - 1;
}

ValueId Chain::link(std::string_view op, std::vector<LinkArg> args) {
  Link l{core::find_op(op), {}, values_.size()};
  if (l.op == nullptr) throw std::logic_error("a chain has no operator '" + std::string(op) + "'");
  for (const LinkArg& a : args) {
    if (std::none_of(l.op->args.begin(), l.op->args.end(), [&](const core::ArgInfo& x) { return x.name == a.name; }))
      throw std::logic_error(std::string(op) + " has no argument '" + std::string(a.name) + "'");
  }
  for (const core::ArgInfo& a : l.op->args) {
    const auto found = std::find_if(args.begin(), args.end(), [&](const LinkArg& x) { return x.name == a.name; });
    l.args.push_back(found == args.end() ? LinkArg{a.name, {}, {}} : std::move(*found));
    for (const ValueId v : l.args.back().of) values_[v].last_use = links_.size();
  }
  const bool view = l.op->kind == core::Kind::view;
  for (std::size_t j = 0; j < l.op->outs.size(); ++j)
    values_.push_back({std::nullopt, view ? values_[l.args.front().of.front()].base : l.first + j, std::nullopt});
  links_.push_back(std::move(l));
  return links_.back().first;
}

bool Chain::is_free_after(ValueId v, std::size_t link) const {
  const ValueId base = values_[v].base;
  return !values_[base].given && std::none_of(values_.begin(), values_.end(), [&](const Value& x) {
    return x.base == base && (!x.last_use || *x.last_use > link);
  });
}

}  // namespace fg::conformance
