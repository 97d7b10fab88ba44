// SPDX-License-Identifier: Apache-2.0
//
// outer, addr and kron: products of every element with every element, by broadcasting.

#include <algorithm>
#include <string>

#include "core/composites/composites.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {

Result<void> outer(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor column, views::unsqueeze(c.tensor("self"), 1));
  return apply_into(c.out[0], "mul", {arg(column), arg(c.tensor("vec2"))});
}

// self is not read when beta is 0; on bool sums are or, products and.
Result<void> addr(CompositeCall& c) {
  const fg_dtype common = c.plan.common;
  FG_TRY_ASSIGN(const Tensor column, views::unsqueeze(c.tensor("vec1"), 1));
  const Named a("a", column), b("b", c.tensor("vec2")), self("s", c.tensor("self"));
  const bool read = c.number("beta") != 0.0;
  if (common == FG_BOOL) {
    const bool product = c.number("alpha") != 0.0;
    if (product && read) return map_into(c.out[0], "s || a && b", std::array{self, a, b});
    if (product) return map_into(c.out[0], "a && b", std::array{a, b});
    return read ? map_into(c.out[0], "s && (a == a) && (b == b)", std::array{self, a, b})
                : map_into(c.out[0], "(a != a) && (b != b)", std::array{a, b});
  }
  if (c.number("beta") == 1.0)
    return apply_into(c.out[0], "addcmul",
                      {arg(c.tensor("self")), arg(column), arg(c.tensor("vec2")), c.scalar("alpha", common)});
  const Named alpha("alpha", c.scalar("alpha", common)), beta("beta", c.scalar("beta", common));
  return read ? map_into(c.out[0], "beta * s + alpha * (a * b)", std::array{beta, self, alpha, a, b})
              : map_into(c.out[0], "alpha * (a * b)", std::array{alpha, a, b});
}

namespace {

Result<Tensor> shaped(const Tensor& t, std::span<const std::int64_t> shape) {
  return apply("reshape", {arg(t), arg(shape)});
}

// Rows of `other` are short: both factors are written out along the last dimension of the result, so that
// its rows are whole.
Result<void> kron_by_rows(const Tensor& out, Tensor x, Tensor y, std::span<const std::int64_t> both) {
  const std::int64_t repeats = both[both.size() - 1], counts[] = {both[both.size() - 2]};
  constexpr std::int64_t kLast[] = {-1}, kBeforeLast[] = {-2};
  FG_TRY_ASSIGN(x, views::squeeze(x, kLast));
  FG_TRY_ASSIGN(y, views::squeeze(y, kBeforeLast));
  FG_TRY_ASSIGN(x, apply("repeat_interleave", {arg(x), fg_value_int(repeats), fg_value_int(-1)}));
  FG_TRY_ASSIGN(y, apply("tile", {arg(y), arg(std::span<const std::int64_t>(counts))}));
  std::vector<std::int64_t> shape(both.begin(), both.end() - 1);
  shape.back() *= repeats;
  FG_TRY_ASSIGN(const Tensor target, views::view(out, shape));
  return apply_into(target, "mul", {arg(x), arg(y)});
}

}  // namespace

// With dimensions [a0, 1, a1, 1, ...] and [1, b0, 1, b1, ...] the product is a broadcast one.
Result<void> kron(CompositeCall& c) {
  constexpr std::int64_t kShortRow = 64;  // Elements: of rows no longer than that little but their ends is left.
  const Tensor self = c.tensor("self"), other = c.tensor("other");
  const auto a = self.shape(), b = other.shape();
  const std::size_t n = std::max(a.size(), b.size());
  std::vector<std::int64_t> left(2 * n, 1), right(2 * n, 1), both(2 * n);
  for (std::size_t d = 0; d < n; ++d) {
    if (d + a.size() >= n) left[2 * d] = a[d + a.size() - n];
    if (d + b.size() >= n) right[2 * d + 1] = b[d + b.size() - n];
    both[2 * d] = left[2 * d];
    both[2 * d + 1] = right[2 * d + 1];
  }
  FG_TRY_ASSIGN(const Tensor x, shaped(self, left));
  FG_TRY_ASSIGN(const Tensor y, shaped(other, right));
  if (n > 0 && right.back() < kShortRow && left[2 * n - 2] > 1) return kron_by_rows(c.out[0], x, y, both);
  FG_TRY_ASSIGN(const Tensor target, views::view(c.out[0], both));
  return apply_into(target, "mul", {arg(x), arg(y)});
}

}  // namespace fg::core
