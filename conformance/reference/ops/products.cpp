// SPDX-License-Identifier: Apache-2.0
//
// mm, bmm, addmm: rows times columns.  Sums of n products in any order (sums.hpp); integers wrap.
// addmm is one sum of the terms alpha p and beta self in any order; scaling rounds each term, or the
// sum, and the scalars themselves were rounded: the bound gains 2 u sum|term|.

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

struct Product {
  Value hard, soft;
};

// Row i of a times column j of b in batch z.
Product row_times_column(const Tensor& a, const Tensor& b, std::int64_t a_base, std::int64_t b_base, std::int64_t k,
                         std::int64_t n) {
  const Ct type = compute_type(a.type);
  if (!is_float(type)) {
    Value sum = exact(0, type);
    for (std::int64_t p = 0; p < k; ++p) sum = add(sum, mul(element(a, a_base + p), element(b, b_base + p * n)));
    return {sum, sum};
  }
  Sum sum;
  for (std::int64_t p = 0; p < k; ++p) {
    sum.add_product(a.v[static_cast<std::size_t>(a_base + p)], b.v[static_cast<std::size_t>(b_base + p * n)]);
  }
  return {sum.hard(type), sum.soft(type)};
}

Output product(const Tensor& a, const Tensor& b) {
  const std::size_t r = a.shape.size();
  const std::int64_t batch = r == 3 ? a.shape[0] : 1;
  const std::int64_t m = a.shape[r - 2];
  const std::int64_t k = a.shape[r - 1];
  const std::int64_t n = b.shape[r - 1];
  Output out = make_output(a.type, r == 3 ? Shape{batch, m, n} : Shape{m, n});
  for (std::int64_t z = 0; z < batch; ++z) {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        const Product p = row_times_column(a, b, (z * m + i) * k, z * k * n + j, k, n);
        push(out, p.hard, p.soft);
      }
    }
  }
  return out;
}

}  // namespace

Outputs mm(const Call& call) { return {product(call.tensor("self"), call.tensor("mat2"))}; }
Outputs bmm(const Call& call) { return {product(call.tensor("self"), call.tensor("mat2"))}; }

namespace {

Value scalar_of(const Call& call, const char* name, Ct type) {
  const Argument& argument = call[name];
  const bool real = argument.given() && argument.category == Type::f64;
  return cast(exact(call.number(name, 1), real ? Ct::f64 : Ct::i64), type);
}

// One sum of alpha p and beta self.
struct Scaled {
  const Tensor& a;
  const Tensor& b;
  Value alpha, beta;
  Ct type;

  std::pair<Value, Value> at(std::int64_t i, std::int64_t j, const Value& self) const {
    const std::int64_t k = a.shape[1];
    const std::int64_t n = b.shape[1];
    Sum sum;
    for (std::int64_t p = 0; p < k; ++p) {
      sum.add_product(alpha.mid * a.v[static_cast<std::size_t>(i * k + p)], b.v[static_cast<std::size_t>(p * n + j)]);
    }
    if (beta.mid != 0) sum.add_product(beta.mid, self.mid);
    auto with_scaling = [&](Value v) {
      const bool plain_sum = v.point() || (alpha.mid == 1 && (beta.mid == 0 || beta.mid == 1));
      return plain_sum ? v : rounded(widened(v, 2 * roundoff(type) * sum.absolute()));
    };
    return {with_scaling(sum.hard(type)), with_scaling(sum.soft(type))};
  }
};

std::pair<Value, Value> integer_at(const Scaled& s, std::int64_t i, std::int64_t j, const Value& self) {
  const Product p = row_times_column(s.a, s.b, i * s.a.shape[1], j, s.a.shape[1], s.b.shape[1]);
  const Value v = add(mul(s.alpha, p.hard), mul(s.beta, self));
  return {v, v};
}

}  // namespace

Outputs addmm(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& a = call.tensor("mat1");
  const Tensor& b = call.tensor("mat2");
  const Ct type = compute_type(a.type);
  const Scaled scaled{a, b, scalar_of(call, "alpha", type), scalar_of(call, "beta", type), type};
  const Shape shape{a.shape[0], b.shape[1]};
  const std::vector<std::int64_t> stride = broadcast_strides(self.shape, shape);
  Output out = make_output(a.type, shape);
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    for (std::int64_t j = 0; j < shape[1]; ++j) {
      const Value start = element(self, i * stride[0] + j * stride[1]);
      const auto [hard, soft] = is_float(type) ? scaled.at(i, j, start) : integer_at(scaled, i, j, start);
      push(out, hard, soft);
    }
  }
  return {out};
}

}  // namespace fg::reference::ops
