// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/op_view.hpp"

#include "tools/gen/patterns.hpp"

namespace fg::gen {

std::span<const std::string_view> OpView::views(const std::vector<std::string>& texts) {
  lists_.emplace_back(texts.begin(), texts.end());
  return lists_.back();
}

OpView::OpView(const Op& op) : symbols_(symbols_of(op)) {
  std::string ignored;
  for (const Arg& a : op.args) {
    core::ArgInfo i{};
    i.name = a.name;
    i.type = a.type;
    i.optional = a.optional;
    i.scalar_ok = a.scalar_ok;
    i.promotes = a.promotes;
    i.has_default = a.has_default;
    i.index = a.index;
    i.written = a.written;
    i.unread = a.unread;
    i.rule = a.same_as.empty() ? DtypeRule::any_of : DtypeRule::same_as;
    i.dtypes = a.dtypes;
    i.same_as = static_cast<std::int16_t>(op.arg_index(a.same_as));
    i.default_value = a.default_value;
    i.default_dims = a.default_dims;
    i.enum_names = views(a.enum_names);
    i.has_min = a.min.has_value();
    i.has_max = a.max.has_value();
    i.min = a.min.value_or(0);
    i.max = a.max.value_or(0);
    i.shape = a.shape;
    i.pattern = compile_pattern(op, a.shape, ignored);
    args_.push_back(i);
  }
  for (const Out& o : op.outs) {
    core::OutInfo i{};
    i.name = o.name;
    i.rule = o.rule;
    i.dtype = o.dtype;
    i.arg = static_cast<std::int16_t>(op.arg_index(o.arg));
    i.shape = o.shape;
    i.pattern = compile_pattern(op, o.shape, ignored);
    outs_.push_back(i);
  }
  info_.name = op.name;
  info_.kind = op.kind;
  info_.dynamic = op.dynamic;
  info_.empty_error = op.empty_error;
  info_.args = args_;
  info_.outs = outs_;
  info_.shape_rule = op.shape_rule;
  info_.symbols = views(symbols_);
  info_.flops = op.flops;
}

}  // namespace fg::gen
