// SPDX-License-Identifier: Apache-2.0
//
// A case: everything that decides one check.  Its name is text from which the case, data included, is
// made again:
//
//   op.add/self=f16:3x1:t,other=f16:1x5,alpha=2/real/out#2
//   area.operator / arguments / values / form [/ composite] [/ bad=REASON:ARGUMENT] # number
//
// argument  name=value, in the operator's order, those left out are left out:
//   tensor  dtype:shape[:layout]   shape 3x5, or 0d; layout n dense (left out), t last two dimensions
//           swapped in memory, p all dimensions reversed, g gaps between rows and elements, b first
//           dimension longer than 1 repeated with stride 0, r last dimension backwards, o one element
//           off alignment
//   list    tensors joined by +          number  2.5  3  true     dims  2_3, empty _
//   dtype   f16                          enum    its word         generator  seed+offset
// values    exact (small integers), real, special (NaN, infinities, limits, mixed), every (all bit
//           patterns of a 16-bit type)
// form      new (functional), out, inplace, alias (out is the first tensor argument)
// composite the core's own function of a composite operator runs, in place of the plugin's kernel for it
// #number   another draw of the data

#ifndef FG_CONFORMANCE_CASES_CASE_HPP_
#define FG_CONFORMANCE_CASES_CASE_HPP_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalogue/op_info.hpp"
#include "fg/sdk/result.hpp"

namespace fg::conformance {

using Shape = std::vector<std::int64_t>;

enum class Layout : char {
  dense = 'n',
  transposed = 't',
  permuted = 'p',
  gaps = 'g',
  repeated = 'b',
  reversed = 'r',
  offset = 'o'
};

struct TensorSpec {
  fg_dtype dtype = FG_F32;
  Shape shape;
  Layout layout = Layout::dense;
};

struct ArgSpec {
  enum class Kind : std::uint8_t { absent, tensor, tensors, number, dims, dtype, word, generator } kind = Kind::absent;
  std::vector<TensorSpec> tensors;  // tensor: one
  fg_scalar number{};
  std::vector<std::int64_t> dims;
  fg_dtype dtype = 0;
  std::string word;
  std::uint64_t seed = 0, offset = 0;

  static ArgSpec of(TensorSpec t) {
    ArgSpec a;
    a.kind = Kind::tensor;
    a.tensors = {std::move(t)};
    return a;
  }
  static ArgSpec of_list(std::vector<TensorSpec> t) {
    ArgSpec a;
    a.kind = Kind::tensors;
    a.tensors = std::move(t);
    return a;
  }
  static ArgSpec of_int(std::int64_t x) {
    ArgSpec a;
    a.kind = Kind::number;
    a.number.v.i = x;
    a.number.kind = FG_SCALAR_INT;
    return a;
  }
  static ArgSpec of_bool(bool x) {
    ArgSpec a = of_int(x ? 1 : 0);
    a.number.kind = FG_SCALAR_BOOL;
    return a;
  }
  static ArgSpec of_float(double x) {
    ArgSpec a;
    a.kind = Kind::number;
    a.number.v.f = x;
    a.number.kind = FG_SCALAR_FLOAT;
    return a;
  }
  static ArgSpec of_dims(std::vector<std::int64_t> d) {
    ArgSpec a;
    a.kind = Kind::dims;
    a.dims = std::move(d);
    return a;
  }
  static ArgSpec of_dtype(fg_dtype d) {
    ArgSpec a;
    a.kind = Kind::dtype;
    a.dtype = d;
    return a;
  }
  static ArgSpec of_word(std::string w) {
    ArgSpec a;
    a.kind = Kind::word;
    a.word = std::move(w);
    return a;
  }
  static ArgSpec of_generator(std::uint64_t seed, std::uint64_t offset) {
    ArgSpec a;
    a.kind = Kind::generator;
    a.seed = seed;
    a.offset = offset;
    return a;
  }
};

enum class Values : std::uint8_t { exact, real, special, every };
enum class Form : std::uint8_t { fresh, out, inplace, alias };

// What a call with a mistake in it must answer.
struct Expectation {
  std::string reason;  // "shape": FG_E_INVALID with FG_R_SHAPE
  int arg = -1;        // index of the argument at fault, -1 any
};

struct Case {
  std::string area;           // "op", "view", "robust", or "memory", "stream", "claim" whose cases are probes
  std::string op;             // operator, or name of the probe
  std::vector<ArgSpec> args;  // one per argument of the operator
  Values values = Values::real;
  Form form = Form::fresh;
  bool composite = false;
  std::optional<Expectation> bad;
  int number = 0;
};

std::string name_of(const Case& c);
// FG_E_INVALID with the part that is wrong; FG_E_NOT_FOUND for an unknown operator.
Result<Case> parse_case(std::string_view name);

// Whether `area` has operators' cases rather than probes.
bool is_operator_area(std::string_view area);

std::string text_of(const Shape& shape);  // "3x5", "0d"
std::string text_of(const fg_scalar& number);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CASES_CASE_HPP_
