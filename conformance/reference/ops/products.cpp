// SPDX-License-Identifier: Apache-2.0
//
// mm, bmm, addmm, baddbmm, addbmm, mv, addmv, addr, dot, vdot, linear: rows times columns.  Sums of n
// products in any order (sums.hpp); integers wrap.  With self it is one sum of the terms alpha p and beta self
// in any order; scaling rounds each term, or the sum, and the scalars themselves were rounded: the
// bound gains 2 u sum|term|.

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

// Where an operand's element of batch z, row or column i, place p of the sum, matrix q of the sum lies.
struct Steps {
  std::int64_t z = 0, i = 0, p = 0, q = 0;
};

// out[z][i][j] = alpha sum_qp a[z][i][p][q] b[z][j][p][q] + beta self[z][i][j].
struct Products {
  const Tensor& a;
  const Tensor& b;
  std::int64_t batch = 1, m = 1, n = 1, k = 0, matrices = 1;
  Steps a_step, b_step;
  const Tensor* self = nullptr;
  Steps self_step;  // z; i: rows; p: columns.
  Value alpha, beta;

  Products(const Tensor& left, const Tensor& right)
      : a(left), b(right), alpha(exact(1, compute_type(left.type))), beta(exact(1, compute_type(left.type))) {}

  template <class F>
  void each(std::int64_t z, std::int64_t i, std::int64_t j, F&& f) const {
    for (std::int64_t q = 0; q < matrices; ++q) {
      for (std::int64_t p = 0; p < k; ++p) {
        f(z * a_step.z + i * a_step.i + p * a_step.p + q * a_step.q,
          z * b_step.z + j * b_step.i + p * b_step.p + q * b_step.q);
      }
    }
  }
  // Modulo 2^64, of which every narrower type is a part; on bool sums are or.
  Value of_integers(std::int64_t z, std::int64_t i, std::int64_t j, const Value& start) const {
    const Ct type = compute_type(a.type);
    const auto bits = [](Real x) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(x)); };
    std::uint64_t sum = 0;
    bool any = false;
    each(z, i, j, [&](std::int64_t x, std::int64_t y) {
      const std::uint64_t p = bits(a.v[static_cast<std::size_t>(x)]) * bits(b.v[static_cast<std::size_t>(y)]);
      sum += p;
      any = any || p != 0;
    });
    if (type == Ct::boolean) sum = any ? 1 : 0;
    const Value product = cast(exact(static_cast<Real>(static_cast<std::int64_t>(sum)), Ct::i64), type);
    return self == nullptr ? product : add(mul(alpha, product), mul(beta, start));
  }
  void push_one(Output& out, std::int64_t z, std::int64_t i, std::int64_t j) const {
    const Ct type = compute_type(a.type);
    Value start = exact(0, type);
    if (self != nullptr) start = element(*self, z * self_step.z + i * self_step.i + j * self_step.p);
    if (!is_float(type)) return push(out, of_integers(z, i, j, start));
    Sum sum;
    each(z, i, j, [&](std::int64_t x, std::int64_t y) {
      sum.add_product(a.v[static_cast<std::size_t>(x)], b.v[static_cast<std::size_t>(y)], alpha.mid);
    });
    if (self != nullptr && beta.mid != 0) sum.add_scaled(start.mid, beta.mid);
    const bool unscaled = alpha.mid == 1 && (self == nullptr || beta.mid == 0 || beta.mid == 1);
    const auto with_scaling = [&](const Value& v) {
      return unscaled || v.point() ? v : rounded(widened(v, 2 * roundoff(type) * sum.absolute()));
    };
    push(out, with_scaling(sum.hard(type)), with_scaling(sum.soft(type)));
  }
  Outputs evaluate(const Shape& shape) const {
    Output out = make_output(a.type, shape);
    for (std::int64_t z = 0; z < batch; ++z) {
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) push_one(out, z, i, j);
      }
    }
    return {out};
  }
};

// Matrices of the last two dimensions, batches of the first of three.
Products matrices(const Tensor& a, const Tensor& b) {
  Products p(a, b);
  const std::size_t r = a.shape.size();
  p.batch = r == 3 ? a.shape[0] : 1;
  p.m = a.shape[r - 2];
  p.k = a.shape[r - 1];
  p.n = b.shape[r - 1];
  p.a_step = {p.m * p.k, p.k, 1, 0};
  p.b_step = {p.k * p.n, 1, p.n, 0};
  return p;
}

Products vectors(const Tensor& a, const Tensor& b) {
  Products p(a, b);
  p.m = a.shape.size() == 2 ? a.shape[0] : 1;
  p.k = a.shape.back();
  p.a_step = {0, p.k, 1, 0};
  p.b_step = {0, 0, 1, 0};
  return p;
}

Value scalar_of(const Call& call, const char* name, Ct type) {
  const Argument& argument = call[name];
  const bool real = argument.given() && argument.category == Type::f64;
  return cast(exact(call.number(name, 1), real ? Ct::f64 : Ct::i64), type);
}

// beta self broadcast to `shape`, and alpha.
Products with_self(Products p, const Call& call, const Shape& shape) {
  const Ct type = compute_type(p.a.type);
  p.alpha = scalar_of(call, "alpha", type);
  p.beta = scalar_of(call, "beta", type);
  p.self = &call.tensor("self");
  const std::vector<std::int64_t> s = broadcast_strides(p.self->shape, shape);
  switch (shape.size()) {
    case 1: p.self_step = {0, s[0], 0, 0}; break;
    case 2: p.self_step = {0, s[0], s[1], 0}; break;
    default: p.self_step = {s[0], s[1], s[2], 0}; break;
  }
  return p;
}

}  // namespace

Outputs mm(const Call& call) {
  const Products p = matrices(call.tensor("self"), call.tensor("mat2"));
  return p.evaluate({p.m, p.n});
}

Outputs bmm(const Call& call) {
  const Products p = matrices(call.tensor("self"), call.tensor("mat2"));
  return p.evaluate({p.batch, p.m, p.n});
}

Outputs addmm(const Call& call) {
  const Products p = matrices(call.tensor("mat1"), call.tensor("mat2"));
  const Shape shape{p.m, p.n};
  return with_self(p, call, shape).evaluate(shape);
}

Outputs baddbmm(const Call& call) {
  const Products p = matrices(call.tensor("batch1"), call.tensor("batch2"));
  const Shape shape{p.batch, p.m, p.n};
  return with_self(p, call, shape).evaluate(shape);
}

Outputs addbmm(const Call& call) {
  Products p = matrices(call.tensor("batch1"), call.tensor("batch2"));
  p.matrices = p.batch;
  p.batch = 1;
  p.a_step.q = p.a_step.z;
  p.b_step.q = p.b_step.z;
  const Shape shape{p.m, p.n};
  return with_self(p, call, shape).evaluate(shape);
}

Outputs mv(const Call& call) {
  const Products p = vectors(call.tensor("self"), call.tensor("vec"));
  return p.evaluate({p.m});
}

Outputs addmv(const Call& call) {
  const Products p = vectors(call.tensor("mat"), call.tensor("vec"));
  const Shape shape{p.m};
  return with_self(p, call, shape).evaluate(shape);
}

Outputs dot_product(const Call& call) {
  const bool conjugated = call.op().name == "vdot";
  return vectors(call.tensor("self"), call.tensor(conjugated ? "other" : "tensor")).evaluate({});
}

Outputs addr(const Call& call) {
  Products p(call.tensor("vec1"), call.tensor("vec2"));
  p.m = p.a.shape[0];
  p.n = p.b.shape[0];
  p.k = 1;
  p.a_step.i = p.b_step.i = 1;
  const Shape shape{p.m, p.n};
  return with_self(p, call, shape).evaluate(shape);
}

Outputs linear(const Call& call) {
  const Tensor& input = call.tensor("input");
  const Tensor& weight = call.tensor("weight");
  Products p(input, weight);
  p.n = weight.shape[0];
  p.k = weight.shape[1];
  Shape shape = input.shape;
  shape.back() = p.n;
  for (std::size_t d = 0; d + 1 < shape.size(); ++d) p.m *= shape[d];
  p.a_step = {0, p.k, 1, 0};
  p.b_step = {0, p.k, 1, 0};
  if (call.has("bias")) {
    p.self = &call.tensor("bias");
    p.self_step = {0, 0, 1, 0};
  }
  return p.evaluate(shape);
}

}  // namespace fg::reference::ops
