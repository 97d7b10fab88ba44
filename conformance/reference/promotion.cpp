// SPDX-License-Identifier: Apache-2.0
//
// Result types: dimensioned tensors first, then 0-d tensors, then numbers; a later group counts only
// when its category (bool < integer < float) is higher.

#include "conformance/reference/promotion.hpp"

#include <algorithm>
#include <array>

#include "conformance/reference/expression.hpp"

namespace fg::reference {
namespace {

int category(Type t) { return t == Type::boolean ? 0 : is_float(t) ? 2 : 1; }
bool is_f8(Type t) { return t == Type::f8_e4m3fn || t == Type::f8_e5m2; }

Type must_join(const std::string& op, Type a, Type b) {
  const std::optional<Type> r = join(a, b);
  if (!r) throw Mistake{op + ": no common type"};
  return *r;
}

// One group's type, then the next group where its category is higher.
struct Groups {
  std::array<std::optional<Type>, 3> of;  // tensors, 0-d, numbers

  void add(const std::string& op, const Argument& a) {
    if (a.kind == Argument::Kind::number) {
      merge(op, 2, a.category == Type::f64 ? Type::f32 : a.category);
    } else {
      for (const Tensor& t : a.tensors) merge(op, t.shape.empty() ? 1 : 0, t.type);
    }
  }
  void merge(const std::string& op, std::size_t group, Type t) {
    of[group] = of[group] ? must_join(op, *of[group], t) : t;
  }

  std::optional<Type> result() const {
    std::optional<Type> r;
    for (const std::optional<Type>& t : of) {
      if (t && (!r || category(*t) > category(*r))) r = t;
    }
    return r;
  }
};

bool has_tensors(const Call& call) {
  return std::any_of(call.args().begin(), call.args().end(), [](const Argument& a) { return !a.tensors.empty(); });
}

Type out_type(const Call& call, const Operator::Out& out, Type promoted, std::optional<Type> attribute) {
  const std::vector<Argument>& args = call.args();
  auto at = [&]() -> const Argument& { return args.at(static_cast<std::size_t>(out.arg)); };
  switch (out.rule) {
    case OutRule::fixed: return out.type;
    case OutRule::same_as:
    case OutRule::given: return at().tensor().type;
    case OutRule::stat: {
      const Type t = at().tensor().type;
      return t == Type::f64 ? t : Type::f32;
    }
    case OutRule::attr: return attribute.value_or(has_tensors(call) ? promoted : Type::f32);
    case OutRule::from_scalars:
    case OutRule::promoted: return attribute.value_or(promoted);
  }
  return promoted;
}

std::optional<Type> dtype_attribute(const Call& call) {
  for (const Argument& a : call.args()) {
    if (a.kind == Argument::Kind::dtype) return a.category;
  }
  return std::nullopt;
}

// i64 when all scalars are integers, bool when bool, else the default float.
Type type_of_scalars(const Call& call) {
  int highest = -1;
  for (std::size_t i = 0; i < call.args().size(); ++i) {
    const Argument& a = call.args()[i];
    if (a.kind == Argument::Kind::number && !call.op().args[i].tensor)
      highest = std::max(highest, category(a.category));
  }
  return highest == 0 ? Type::boolean : highest == 1 ? Type::i64 : Type::f32;
}

}  // namespace

std::optional<Type> join(Type a, Type b) {
  if (a == b) return a;
  if (is_f8(a) || is_f8(b)) return std::nullopt;
  if (category(a) != category(b)) return category(a) > category(b) ? a : b;
  if (category(a) == 2) {
    if (a == Type::f64 || b == Type::f64) return Type::f64;
    return Type::f32;  // f16 with bf16 too
  }
  if (a == Type::u8 || b == Type::u8) {
    const Type other = a == Type::u8 ? b : a;
    return other == Type::i8 ? Type::i16 : other;
  }
  return bytes(a) > bytes(b) ? a : b;
}

Types types_of(const Call& call) {
  const Operator& op = call.op();
  Groups groups;
  std::optional<Type> first;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    const Argument& a = call.args()[i];
    if (!op.args[i].tensor || op.args[i].written || !a.given()) continue;
    if (!first && !a.tensors.empty()) first = a.tensors.front().type;
    if (op.args[i].promotes) groups.add(op.name, a);
  }
  const Promote promote = op.variants.empty() ? Promote::standard : call.variant().promote;
  const std::optional<Type> attribute = dtype_attribute(call);
  Type common = groups.result().value_or(first.value_or(type_of_scalars(call)));
  const int c = category(common);
  if (promote == Promote::int_to_float && c != 2) common = Type::f32;
  if (promote == Promote::bool_to_long && c == 0) common = Type::i64;
  if (promote == Promote::sum && c != 2) common = Type::i64;
  if (attribute && promote != Promote::none) common = *attribute;
  const Type promoted = promote == Promote::always_bool ? Type::boolean : common;
  Types types{common, {}};
  for (const Operator::Out& out : op.outs) types.out.push_back(out_type(call, out, promoted, attribute));
  if (promote == Promote::none && !types.out.empty()) types.common = types.out.front();
  return types;
}

}  // namespace fg::reference
