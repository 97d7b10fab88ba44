// SPDX-License-Identifier: Apache-2.0
//
// What the oracle is asked and what it answers.  Tensors are logical: row-major values, no strides.

#ifndef FG_CONFORMANCE_REFERENCE_TENSOR_HPP_
#define FG_CONFORMANCE_REFERENCE_TENSOR_HPP_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/reference/declared.hpp"

namespace fg::reference {

struct Tensor {
  Type type = Type::f32;
  Shape shape;
  std::vector<Real> v;
};

struct Argument {
  enum class Kind : std::uint8_t { none, tensor, tensors, number, dims, dtype, word, generator } kind = Kind::none;
  std::vector<Tensor> tensors;  // one for `tensor`
  Real number = 0;              // number, also bool
  Type category = Type::f64;    // of a number: boolean, i64 or f64; of a dtype: itself
  std::vector<std::int64_t> dims;
  std::string word;  // enum value
  std::uint64_t seed = 0, offset = 0;

  bool given() const { return kind != Kind::none; }
  const Tensor& tensor() const { return tensors.front(); }
  std::int64_t integer() const { return static_cast<std::int64_t>(number); }
};

enum class Kind : std::uint8_t { view, map, reduce, scan, kernel, composite };
enum class Promote : std::uint8_t { none, standard, int_to_float, always_bool, bool_to_long, same, sum };
// The monoids of reductions and scans, numbered as in the contract.
enum class Monoid : std::uint8_t {
  none,
  sum,
  prod,
  max,
  min,
  logical_and,
  logical_or,
  argmax,
  argmin,
  welford,
  logsumexp,
  lastmax,
  lastmin
};
enum class OutRule : std::uint8_t { same_as, promoted, fixed, attr, from_scalars, stat, given };

// The part of an operator's catalogue entry that the oracle reads.
struct Operator {
  struct Arg {
    std::string name;
    bool tensor = false;  // also a list of tensors, also one given as a number
    bool promotes = false;
    bool written = false;         // the tensor written in place, no operand
    std::optional<Real> value{};  // of a number that is left out
    Type category = Type::i64;    // of that number
    bool unread = false;          // a tensor of which only shape and dtype count
  };
  struct Out {
    OutRule rule = OutRule::promoted;
    Type type = Type::f32;
    int arg = -1;
  };
  struct Variant {
    std::string name;
    Promote promote = Promote::none;
    std::vector<std::string> expressions;
    std::string prologue;
  };
  std::string name;
  Kind kind = Kind::map;
  std::vector<Arg> args;
  std::vector<Out> outs;
  std::vector<Variant> variants;
  int variant_arg = -1;
  Monoid monoid = Monoid::none;
};

// The judgement of one output: for every element the interval of legal results before the final
// rounding.  `hard` is a worst-case bound that no legal kernel exceeds; `soft` (empty: the same) a
// statistical one, 6 standard deviations of random rounding errors.
struct Output {
  Type type = Type::f32;
  Shape shape;
  std::vector<Value> hard, soft;
};

// Writes an unfilled output: values are appended by the operators.
Output make_output(Type type, Shape shape);
void push(Output& out, const Value& both);
void push(Output& out, const Value& hard, const Value& soft);
// A value about which the contract says nothing.
Value anything(Ct type);

// An argument by name; the oracle's code asks only for names that the operator has.
class Call {
 public:
  Call(const Operator& op, std::vector<Argument> args, const Arithmetic& declared = {});
  const Operator& op() const { return op_; }
  const std::vector<Argument>& args() const { return args_; }
  const Arithmetic& declared() const { return declared_; }
  const Argument& operator[](std::string_view name) const;
  const Tensor& tensor(std::string_view name) const { return (*this)[name].tensor(); }
  bool has(std::string_view name) const { return (*this)[name].given(); }
  // Attributes with a value to use when they were left out.
  Real number(std::string_view name, Real otherwise) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  bool flag(std::string_view name, bool otherwise) const { return number(name, otherwise ? 1 : 0) != 0; }
  const Operator::Variant& variant() const;

 private:
  const Operator& op_;
  std::vector<Argument> args_;
  Arithmetic declared_;
};

// --- helpers of the operators' files -----------------------------------------------------------------

// Walks an index over `shape`; false after the last.
bool next_index(std::vector<std::int64_t>& index, const Shape& shape);
std::vector<std::int64_t> row_major(const Shape& shape);
// Strides that read `shape` as part of a larger, broadcast space.
std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& space);
Shape broadcast(const Shape& a, const Shape& b);  // throws Mistake when they do not fit
std::int64_t dot(const std::vector<std::int64_t>& index, const std::vector<std::int64_t>& stride);
std::int64_t wrap_dim(std::int64_t dim, std::size_t rank);  // 0-d counts as 1-d

// One line of a tensor along a dimension: the rest of the space as outer * inner.
struct Lines {
  std::int64_t outer, length, inner;
  std::int64_t at(std::int64_t o, std::int64_t k, std::int64_t i) const { return (o * length + k) * inner + i; }
};
Lines lines(const Shape& shape, std::int64_t dim);

Value element(const Tensor& t, std::int64_t i);  // exact, in its own compute type

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_TENSOR_HPP_
