// SPDX-License-Identifier: Apache-2.0
//
// Index arithmetic and argument access of the oracle.

#include "conformance/reference/tensor.hpp"

#include <algorithm>

#include "conformance/reference/expression.hpp"

namespace fg::reference {

Output make_output(Type type, Shape shape) {
  Output out;
  out.type = type;
  out.shape = std::move(shape);
  out.hard.reserve(static_cast<std::size_t>(numel(out.shape)));
  return out;
}
void push(Output& out, const Value& both) {
  out.hard.push_back(both);
  if (!out.soft.empty()) out.soft.push_back(both);
}
void push(Output& out, const Value& hard, const Value& soft) {
  out.hard.push_back(hard);
  out.soft.push_back(soft);
}

Value anything(Ct type) {
  constexpr Real kInf = std::numeric_limits<Real>::infinity();
  return {-kInf, kInf, 0, Nan::maybe, type, false};
}

Call::Call(const Operator& op, std::vector<Argument> args, const Arithmetic& declared)
    : op_(op), args_(std::move(args)), declared_(declared) {
  args_.resize(op.args.size());
  for (std::size_t i = 0; i < args_.size(); ++i) {
    if (args_[i].given() || !op.args[i].value) continue;
    args_[i].kind = Argument::Kind::number;
    args_[i].number = *op.args[i].value;
    args_[i].category = op.args[i].category;
  }
}

const Argument& Call::operator[](std::string_view name) const {
  for (std::size_t i = 0; i < op_.args.size(); ++i) {
    if (op_.args[i].name == name) return args_[i];
  }
  throw Mistake{op_.name + " has no argument '" + std::string(name) + "'"};
}

Real Call::number(std::string_view name, Real otherwise) const {
  const Argument& a = (*this)[name];
  return a.kind == Argument::Kind::number ? a.number : otherwise;
}
std::int64_t Call::integer(std::string_view name, std::int64_t otherwise) const {
  const Argument& a = (*this)[name];
  return a.kind == Argument::Kind::number ? a.integer() : otherwise;
}

const Operator::Variant& Call::variant() const {
  if (op_.variants.empty()) throw Mistake{op_.name + " has no expression"};
  if (op_.variant_arg < 0) {  // Named by an operand: the one for calls that leave it out.
    for (const Operator::Variant& v : op_.variants) {
      if (!v.name.empty() && !(*this)[v.name].given()) return v;
    }
    return op_.variants.front();
  }
  const Argument& a = args_[static_cast<std::size_t>(op_.variant_arg)];
  if (!a.given()) return op_.variants.front();
  if (a.kind == Argument::Kind::number) return op_.variants.at(static_cast<std::size_t>(a.integer()));
  for (const Operator::Variant& v : op_.variants) {
    if (v.name == a.word) return v;
  }
  throw Mistake{op_.name + " has no variant '" + a.word + "'"};
}

bool next_index(std::vector<std::int64_t>& index, const Shape& shape) {
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (++index[d] < shape[d]) return true;
    index[d] = 0;
  }
  return false;
}

std::vector<std::int64_t> row_major(const Shape& shape) {
  std::vector<std::int64_t> stride(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) stride[d - 1] = stride[d] * shape[d];
  return stride;
}

std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& space) {
  const std::vector<std::int64_t> own = row_major(shape);
  std::vector<std::int64_t> stride(space.size(), 0);
  const std::size_t lead = space.size() - shape.size();
  for (std::size_t d = 0; d < shape.size(); ++d) stride[lead + d] = shape[d] == 1 ? 0 : own[d];
  return stride;
}

Shape broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape r = longer;
  const std::size_t lead = longer.size() - shorter.size();
  for (std::size_t d = 0; d < shorter.size(); ++d) {
    if (r[lead + d] == 1) {
      r[lead + d] = shorter[d];
    } else if (shorter[d] != 1 && shorter[d] != r[lead + d]) {
      throw Mistake{"shapes do not broadcast"};
    }
  }
  return r;
}

std::int64_t dot(const std::vector<std::int64_t>& index, const std::vector<std::int64_t>& stride) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < index.size(); ++d) offset += index[d] * stride[d];
  return offset;
}

std::int64_t wrap_dim(std::int64_t dim, std::size_t rank) {
  return dim < 0 ? dim + std::max<std::int64_t>(1, static_cast<std::int64_t>(rank)) : dim;
}

Lines lines(const Shape& shape, std::int64_t dim) {
  Lines l{1, 1, 1};
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto position = static_cast<std::int64_t>(d);
    (position < dim ? l.outer : position == dim ? l.length : l.inner) *= shape[d];
  }
  return l;
}

Value element(const Tensor& t, std::int64_t i) { return exact(t.v[static_cast<std::size_t>(i)], compute_type(t.type)); }

}  // namespace fg::reference
