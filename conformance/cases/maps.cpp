// SPDX-License-Identifier: Apache-2.0
//
// Default cases of map operators: every dtype row with sizes around vector and block lengths, every
// way to broadcast, mixed dtypes, numbers as operands, attributes, all bit patterns of 16-bit types.

#include <algorithm>
#include <array>

#include "conformance/cases/plan.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

using Shapes = std::vector<Shape>;  // one per tensor operand, used in turn

bool is_operand(const core::ArgInfo& a) { return a.type == core::ArgType::tensor; }

std::vector<ArgSpec> operands(const core::OpInfo& op, const std::vector<fg_dtype>& row, const Shapes& shapes) {
  std::vector<ArgSpec> args(op.args.size());
  std::size_t k = 0;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (is_operand(op.args[i])) args[i] = ArgSpec::of({row[i], shapes[k++ % shapes.size()], Layout::dense});
  }
  return args;
}

std::size_t count_operands(const core::OpInfo& op) {
  std::size_t n = 0;
  for (const core::ArgInfo& a : op.args) n += is_operand(a) ? 1 : 0;
  return n;
}

// What an attribute takes in turn, absent first.
std::vector<ArgSpec> attribute_values(const core::ArgInfo& a, bool real) {
  using core::ArgType;
  std::vector<ArgSpec> values;
  switch (a.type) {
    case ArgType::enum_:
      for (const std::string_view word : a.enum_names) values.push_back(ArgSpec::of_word(std::string(word)));
      break;
    case ArgType::bool_: values = {ArgSpec::of_bool(true), ArgSpec::of_bool(false)}; break;
    case ArgType::scalar:
    case ArgType::float_:
      values = {ArgSpec::of_int(2), ArgSpec::of_int(-1), ArgSpec::of_int(0)};
      if (real) values.insert(values.end(), {ArgSpec::of_float(0.5), ArgSpec::of_float(-1.1)});
      if (a.type == ArgType::float_) values = {ArgSpec::of_float(0.5), ArgSpec::of_float(2.0)};
      break;
    case ArgType::int_: values = {ArgSpec::of_int(2), ArgSpec::of_int(0)}; break;
    case ArgType::dtype:
      for (const DtypeName& d : kDtypes) values.push_back(ArgSpec::of_dtype(d.dtype));
      break;
    default: break;
  }
  return values;
}

double value_of(const fg_scalar& number) {
  return number.kind == FG_SCALAR_FLOAT ? number.v.f : static_cast<double>(number.v.i);
}

bool within_bounds(const core::ArgInfo& a, const ArgSpec& value) {
  if (value.kind != ArgSpec::Kind::number) return true;
  const double x = value_of(value.number);
  return (!a.has_min || x >= a.min) && (!a.has_max || x <= a.max);
}

// Whether some dtype that the operand may have is of the number's category, or a wider one.
bool category_fits(const core::ArgInfo& a, const fg_scalar& number) {
  const std::vector<fg_dtype> own = members(a.dtypes);
  if (number.kind == FG_SCALAR_BOOL) return std::find(own.begin(), own.end(), FG_BOOL) != own.end();
  return number.kind != FG_SCALAR_FLOAT || own.empty() || std::any_of(own.begin(), own.end(), is_float);
}

bool required(const core::ArgInfo& a) { return !a.optional && !a.has_default && !is_operand(a); }

// Fills required attributes with their first value; false when there is none to choose.
bool fill_required(const core::OpInfo& op, std::vector<ArgSpec>& args) {
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (!required(op.args[i]) || args[i].kind != ArgSpec::Kind::absent) continue;
    const std::vector<ArgSpec> values = attribute_values(op.args[i], true);
    if (values.empty()) return false;
    args[i] = values.front();
  }
  return true;
}

void add_shapes(Collector& c, const std::vector<std::vector<fg_dtype>>& rows) {
  static const std::vector<Shapes> kQuick{{{2, 19, 7}}, {{3, 1}, {1, 5}}, {{}}, {{0, 3}}, {{257}, {1}}, {{5}, {4, 5}}};
  static const std::vector<Shapes> kStandard{{{1}},
                                             {{2}},
                                             {{3}},
                                             {{31}},
                                             {{32}},
                                             {{33}},
                                             {{127}},
                                             {{1023}},
                                             {{1025}},
                                             {{3, 1, 5}, {1, 4, 1}},
                                             {{}, {3, 4}},
                                             {{3, 4}, {}},
                                             {{7}, {6, 1}},
                                             {{2, 1, 3, 1}, {5, 1, 4}},
                                             {{4, 0, 2}, {1, 2}},
                                             {{2, 3, 2, 3, 2, 2}},
                                             {{1, 1, 1}},
                                             {{64, 65}},
                                             {{17, 129}, {129}},
                                             {{2, 3, 4, 5}, {3, 1, 5}},
                                             {{40000}}};
  for (const std::vector<fg_dtype>& row : rows) {
    for (const auto* list : {&kQuick, &kStandard}) {
      if (list == &kStandard && !c.standard()) break;
      for (const Shapes& shapes : *list) {
        if (count_operands(c.op()) == 1 && shapes.size() > 1) continue;
        std::vector<ArgSpec> args = operands(c.op(), row, shapes);
        if (fill_required(c.op(), args)) c.spread(args, list == &kQuick ? 7 : 3);
      }
    }
  }
}

void add_attributes(Collector& c, const std::vector<std::vector<fg_dtype>>& rows) {
  const core::OpInfo& op = c.op();
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (is_operand(op.args[i])) continue;
    for (const std::vector<fg_dtype>& row : rows) {
      for (const ArgSpec& value : attribute_values(op.args[i], is_float(row.front()))) {
        std::vector<ArgSpec> args = operands(op, row, {{5, 33}});
        args[i] = value;
        if (within_bounds(op.args[i], value) && fill_required(op, args)) c.spread(args, 2);
      }
    }
  }
}

void add_numbers(Collector& c, const std::vector<std::vector<fg_dtype>>& rows) {
  const core::OpInfo& op = c.op();
  const std::array<ArgSpec, 6> numbers{ArgSpec::of_int(3),        ArgSpec::of_int(-2),    ArgSpec::of_float(0.001),
                                       ArgSpec::of_float(-0.999), ArgSpec::of_float(2.0), ArgSpec::of_bool(true)};
  std::size_t turn = 0;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (!op.args[i].scalar_ok) continue;
    for (const std::vector<fg_dtype>& row : rows) {
      const std::size_t n = c.standard() ? numbers.size() : 2;
      for (std::size_t k = 0; k < n; ++k) {
        std::vector<ArgSpec> args = operands(op, row, {{4, 9}});
        args[i] = numbers[turn++ % numbers.size()];
        // Numbers of a category that the operator has not, or that an unsigned tensor cannot hold.
        if (!category_fits(op.args[i], args[i].number)) continue;
        const bool holds = row[i] != FG_U8 || args[i].number.v.i >= 0 || args[i].number.kind == FG_SCALAR_FLOAT;
        if (holds && fill_required(op, args)) c.spread(args, 2);
      }
    }
  }
}

void add_mixed_dtypes(Collector& c) {
  const core::OpInfo& op = c.op();
  using Pair = std::array<fg_dtype, 2>;
  static const std::vector<Pair> kPairs{{FG_I32, FG_F16},  {FG_U8, FG_I8},   {FG_BOOL, FG_F32}, {FG_F16, FG_BF16},
                                        {FG_I64, FG_F32},  {FG_F32, FG_F64}, {FG_BOOL, FG_I64}, {FG_I16, FG_I32},
                                        {FG_BF16, FG_F32}, {FG_I8, FG_I64},  {FG_F64, FG_I16},  {FG_U8, FG_BOOL}};
  std::vector<std::size_t> promoting;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (is_operand(op.args[i]) && op.args[i].promotes) promoting.push_back(i);
  }
  if (promoting.size() < 2) return;
  auto allows = [&](std::size_t i, fg_dtype d) {
    for (const fg_dtype m : members(op.args[i].dtypes)) {
      if (m == d) return true;
    }
    return false;
  };
  for (const Pair& pair : kPairs) {
    for (const Shapes& shapes : {Shapes{{3, 8}}, Shapes{{3, 8}, {}}, Shapes{{}, {3, 8}}}) {
      std::vector<fg_dtype> row(op.args.size(), FG_BOOL);
      bool possible = true;
      for (std::size_t k = 0; k < promoting.size(); ++k) {
        row[promoting[k]] = pair[k % 2];
        possible = possible && allows(promoting[k], pair[k % 2]);
      }
      std::vector<ArgSpec> args = operands(op, row, shapes);
      if (possible && fill_required(op, args)) c.spread(args, 2);
    }
  }
}

// A unary operator on each of the 65536 values of a 16-bit type.
void add_every_pattern(Collector& c, const std::vector<std::vector<fg_dtype>>& rows) {
  const core::OpInfo& op = c.op();
  if (count_operands(op) != 1) return;
  for (const std::vector<fg_dtype>& row : rows) {
    std::vector<ArgSpec> args = operands(op, row, {{256, 256}});
    const TensorSpec* t = nullptr;
    for (const ArgSpec& a : args) t = a.tensors.empty() ? t : &a.tensors.front();
    if (t == nullptr || (t->dtype != FG_F16 && t->dtype != FG_BF16) || !fill_required(op, args)) continue;
    if (op.variant_arg < 0) {
      c.add(args, Values::every, Form::out);
      continue;
    }
    const auto variant = static_cast<std::size_t>(op.variant_arg);
    for (const std::string_view word : op.args[variant].enum_names) {
      args[variant] = ArgSpec::of_word(std::string(word));
      c.add(args, Values::every, Form::out);
    }
  }
}

}  // namespace

void add_map(Collector& c) {
  // Shapes of operators without operands, and with a rule of their own, come from the catalogue's lines.
  if (count_operands(c.op()) == 0 || !c.op().shape_rule.empty()) return;
  const std::vector<std::vector<fg_dtype>> rows = dtype_rows(c.op());
  add_shapes(c, rows);
  add_attributes(c, rows);
  add_numbers(c, rows);
  add_mixed_dtypes(c);
  add_every_pattern(c, rows);
}

}  // namespace fg::conformance
