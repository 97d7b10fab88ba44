// SPDX-License-Identifier: Apache-2.0
//
// What the CPU plugin's tests share: an instance behind its ABI, tensors of any layout, programs
// made by hand, and a slow evaluator of programs to compare with.

#ifndef FG_TESTS_UNIT_CPU_SUPPORT_HPP_
#define FG_TESTS_UNIT_CPU_SUPPORT_HPP_

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fg/abi/engine.h"
#include "fg/abi/ext/test.h"
#include "fg/abi/plugin.h"

namespace fg::test {

// A number in transit: floats in `f`, integers and bool in `i`, by the type's nature.
struct Value {
  double f = 0;
  std::int64_t i = 0;
};

class ExprBuilder {
 public:
  std::uint32_t input(std::uint32_t number, std::uint16_t type);
  std::uint32_t scalar(std::uint32_t number, std::uint16_t type);
  std::uint32_t constant(double value, std::uint16_t type);
  std::uint32_t index(std::uint32_t dim);
  std::uint32_t op(std::uint16_t op, std::uint16_t type, std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0);
  ExprBuilder& out(std::uint32_t node);
  // Borrowed from the builder.
  const fg_expr* get();
  std::vector<fg_expr_node> nodes;
  std::vector<std::uint32_t> outs;

 private:
  std::uint16_t n_in_ = 0, n_scalar_ = 0;
  fg_expr expr_{};
};

// The outputs of `expr`, one operation at a time, each rounded to its type.
std::vector<Value> evaluate(const fg_expr& expr, std::span<const Value> in, std::span<const fg_scalar> scalar = {},
                            std::span<const std::int64_t> index = {});
// The value that storage type `dtype` keeps of a value of compute type `from`.
Value stored(Value v, std::uint16_t from, fg_dtype dtype);

// A tensor with its own memory; `stride` in elements may be 0 or negative.
class Array {
 public:
  Array(fg_dtype dtype, std::vector<std::int64_t> shape);  // dense
  Array(fg_dtype dtype, std::vector<std::int64_t> shape, std::vector<std::int64_t> stride);
  fg_tensor desc() const;
  std::int64_t count() const;
  Value get(std::int64_t linear) const;
  void set(std::int64_t linear, Value v);
  void fill(std::uint64_t seed);  // Small values, with zeros, negatives and repeats.
  void fill_nonzero(std::uint64_t seed);
  std::vector<std::int64_t> index_of(std::int64_t linear) const;
  std::byte* raw() { return memory_.data(); }
  std::size_t raw_bytes() const { return memory_.size(); }
  fg_dtype dtype;
  std::vector<std::int64_t> shape, stride;

 private:
  std::byte* at(std::int64_t linear) const;
  std::vector<std::byte> memory_;
  std::int64_t first_ = 0;  // Element 0's position in memory_, elements.
};

class Plugin {
 public:
  explicit Plugin(const char* threads = "2");
  ~Plugin();
  const fg_api* api = nullptr;
  fg_instance* instance = nullptr;
  fg_stream* stream = nullptr;

  // Prepares and launches; the status of the first call that failed.  `error` has its message.
  fg_status run(std::uint64_t uid, const void* params, std::vector<fg_tensor> out, std::vector<fg_tensor> in);
  fg_status prepare(std::uint64_t uid, const void* params, std::span<const fg_tensor> t, std::size_t n_out,
                    fg_kernel** k);
  fg_status map(ExprBuilder& e, std::vector<Array*> out, std::vector<Array*> in, std::vector<fg_scalar> scalar = {});
  fg_status reduce(ExprBuilder& prologue, std::uint32_t monoid, ExprBuilder& epilogue, int n_reduced,
                   std::vector<Array*> out, std::vector<Array*> in, std::vector<fg_scalar> scalar = {});
  fg_status scan(ExprBuilder& prologue, std::uint32_t monoid, ExprBuilder& epilogue, std::vector<Array*> out,
                 std::vector<Array*> in, std::vector<fg_scalar> scalar = {});
  fg_error error{};
};

fg_scalar number(double v);
fg_scalar number(std::int64_t v);
inline fg_scalar number(int v) { return number(static_cast<std::int64_t>(v)); }

// Runs a map and compares every element with the evaluator: integers exactly, floats within `ulp`
// of the output type.
void check_map(Plugin& plugin, ExprBuilder& e, std::vector<Array*> out, std::vector<Array*> in,
               std::vector<fg_scalar> scalar = {}, double ulp = 0);

// Distance between two values of a float type in units of its last place; NaN equals NaN.
double ulp_distance(double a, double b, fg_dtype dtype);

}  // namespace fg::test

#endif  // FG_TESTS_UNIT_CPU_SUPPORT_HPP_
