// SPDX-License-Identifier: Apache-2.0
//
// Gated linear units and their gradients, element by element; comparisons of whole tensors; nan_to_num.

#include <algorithm>
#include <cmath>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

const std::string kSlope = "0.79788456080286536";
// Kernels square by pow, which the class of functions allows 2 ulp.
const std::string kTanh = "tanh(" + kSlope + " * a * (1 + 0.044715 * a ** 2))";

// Formulas over the halves a and b; backward those of the gradients of a and b, with g.
struct Gate {
  std::string_view name;
  std::vector<std::string> formulas;
};

const Gate& gate_of(std::string_view name) {
  static const std::vector<Gate> kGates{
      {"glu", {"a * sigmoid(b)"}},
      {"glu_backward", {"g * sigmoid(b)", "g * a * sigmoid(b) * (1 - sigmoid(b))"}},
      {"swiglu", {"a * sigmoid(a) * b"}},
      {"dswiglu", {"g * b * (sigmoid(a) + a * sigmoid(a) * (1 - sigmoid(a)))", "g * (a * sigmoid(a))"}},
      {"reglu", {"max(a, 0) * b"}},
      {"dreglu", {"where(a > 0, g * b, 0)", "g * max(a, 0)"}},
      {"geglu", {"0.5 * a * (1 + " + kTanh + ") * b"}},
      {"dgeglu",
       {"g * b * (0.5 * (1 + " + kTanh + ") + 0.5 * a * (1 - " + kTanh + " ** 2) * " + kSlope +
            " * (1 + 0.134145 * a ** 2))",
        "g * (0.5 * a * (1 + " + kTanh + "))"}},
  };
  return *std::find_if(kGates.begin(), kGates.end(), [&](const Gate& g) { return g.name == name; });
}

}  // namespace

Outputs gated(const Call& call) {
  const Gate& gate = gate_of(call.op().name);
  const bool backward = gate.formulas.size() == 2;
  const Tensor& x = call.args()[backward ? 1 : 0].tensor();
  const auto rank = x.shape.size();
  std::int64_t dim = -1;
  for (std::size_t i = 0; i < call.op().args.size(); ++i) {
    if (call.op().args[i].name == "dim") dim = call.integer("dim", -1);
  }
  const Lines full = lines(x.shape, wrap_dim(dim, rank));
  const std::int64_t half = full.length / 2;
  const Lines part{full.outer, half, full.inner};
  Shape shape = x.shape;
  if (!backward) shape[static_cast<std::size_t>(wrap_dim(dim, rank))] = half;
  Output out = make_output(x.type, shape);
  const std::vector<std::string> names =
      backward ? std::vector<std::string>{"a", "b", "g"} : std::vector<std::string>{"a", "b"};
  std::vector<Expression> formulas;
  for (const std::string& text : gate.formulas) formulas.emplace_back(text, names);
  const Ct common = compute_type(x.type);
  out.hard.resize(static_cast<std::size_t>(full.outer * full.inner * (backward ? 2 * half : half)));
  for (std::int64_t o = 0; o < full.outer; ++o) {
    for (std::int64_t k = 0; k < half; ++k) {
      for (std::int64_t i = 0; i < full.inner; ++i) {
        std::vector<Value> values{element(x, full.at(o, k, i)), element(x, full.at(o, k + half, i))};
        if (backward) values.push_back(element(call.args()[0].tensor(), part.at(o, k, i)));
        const Lines& to = backward ? full : part;
        for (std::size_t f = 0; f < formulas.size(); ++f) {
          const std::int64_t at = to.at(o, k + (f == 1 ? half : 0), i);
          out.hard[static_cast<std::size_t>(at)] = formulas[f].evaluate(values, {}, common);
        }
      }
    }
  }
  return {out};
}

Outputs closeness(const Call& call) {
  const bool exactly = call.op().name == "equal";
  const Tensor &self = call.tensor("self"), &other = call.tensor("other");
  Output out = make_output(Type::boolean, {});
  if (exactly && self.shape != other.shape) {
    push(out, exact(0, Ct::boolean));
    return {out};
  }
  const Ct common = compute_type(types_of(call).common);
  const Expression close(exactly
                             ? "a == b"
                             : "a == b || (nan && isnan(a) && isnan(b)) || (isfinite(a - b) && abs(a - b) <= atol + "
                               "abs(rtol * b))",
                         std::vector<std::string>{"a", "b", "rtol", "atol", "nan"});
  auto number = [&](std::string_view name) {
    return exactly ? exact(0, common) : cast(exact(call.number(name, 0), Ct::f64), common);
  };
  const Value rtol = number("rtol"), atol = number("atol"), nan = number("equal_nan");
  const Shape space = broadcast(self.shape, other.shape);
  const auto a = broadcast_strides(self.shape, space), b = broadcast_strides(other.shape, space);
  Value all = exact(1, Ct::boolean);
  std::vector<std::int64_t> index(space.size(), 0);
  for (std::int64_t n = numel(space); n > 0; --n, next_index(index, space)) {
    const std::vector<Value> values{cast(element(self, dot(index, a)), common),
                                    cast(element(other, dot(index, b)), common), rtol, atol, nan};
    const Value truth = close.evaluate(values, {}, common);
    all.lo = std::min(all.lo, truth.lo);
    all.hi = std::min(all.hi, truth.hi);
    all.mid = std::min(all.mid, truth.mid);
  }
  push(out, all);
  return {out};
}

Outputs nan_to_num(const Call& call) {
  const Tensor& self = call.tensor("self");
  Output out = make_output(self.type, self.shape);
  const Ct type = compute_type(self.type);
  const Real most = is_float(self.type) ? format(self.type).max : 0;
  auto number = [&](std::string_view name, Real otherwise) {
    return cast(exact(call.number(name, otherwise), Ct::f64), type);
  };
  for (std::size_t i = 0; i < self.v.size(); ++i) {
    const Real x = self.v[i];
    const bool real = is_float(self.type);
    push(out, real && std::isnan(x)            ? number("nan", 0)
              : real && std::isinf(x) && x > 0 ? number("posinf", most)
              : real && std::isinf(x)          ? number("neginf", -most)
                                               : element(self, static_cast<std::int64_t>(i)));
  }
  return {out};
}

}  // namespace fg::reference::ops
