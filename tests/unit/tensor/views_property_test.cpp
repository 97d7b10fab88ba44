// SPDX-License-Identifier: Apache-2.0
//
// Random layouts against brute force: the elements that a view must have follow from the order of
// self's elements alone.

#include <optional>
#include <random>

#include "core/tensor/views.hpp"
#include "tests/unit/tensor/tensor_fixture.hpp"

namespace fg::core::views {
namespace {

using test::elements;
using test::Ints;
using test::iota;

// A random view of a small iota: sizes 1 to 4, permuted, sliced, expanded.
Tensor random_layout(std::mt19937_64& random) {
  const auto pick = [&](int n) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n)); };
  Ints shape(static_cast<std::size_t>(1 + pick(4)));
  for (std::int64_t& n : shape) n = 1 + pick(4);
  Tensor x = iota(shape);
  for (int step = 0; step < 3; ++step) {
    const std::int64_t d = pick(x.ndim());
    switch (pick(5)) {
      case 0: x = transpose(x, d, pick(x.ndim())).value(); break;
      case 1: x = slice(x, d, pick(2), std::nullopt, 1 + pick(2)).value(); break;
      case 2: x = unsqueeze(x, d).value(); break;
      case 3: {
        Ints size(x.shape().begin(), x.shape().end());
        if (size[static_cast<std::size_t>(d)] == 1) size[static_cast<std::size_t>(d)] = 3;
        x = expand(x, size).value();
        break;
      }
      default:
        x = squeeze(x).value();
        if (x.ndim() == 0) x = unsqueeze(x, 0).value();
    }
  }
  return x;
}

// A random factorisation of n, with some ones.
Ints random_shape(std::mt19937_64& random, std::int64_t n) {
  Ints shape;
  while (n > 1) {
    std::int64_t f = 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    while (n % f != 0) ++f;
    shape.push_back(f);
    n /= f;
  }
  if (random() % 3 == 0) shape.insert(shape.begin(), 1);
  if (random() % 3 == 0) shape.push_back(1);
  return shape;
}

// Element addresses of `x` in order, from element 0, in elements.
Ints positions(const Tensor& x) {
  Ints out;
  Ints index(static_cast<std::size_t>(x.ndim()), 0);
  for (std::int64_t k = 0; k < x.numel(); ++k) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * x->stride[d];
    out.push_back(at);
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < x->shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

// Do strides exist that read `x` in `shape`?  Each is fixed by one element.
bool possible(const Tensor& x, const Ints& shape) {
  const Ints at = positions(x);
  Ints stride(shape.size());
  std::int64_t block = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    stride[d] = shape[d] > 1 ? at[static_cast<std::size_t>(block)] - at[0] : 0;
    block *= shape[d];
  }
  Ints index(shape.size(), 0);
  for (const std::int64_t expected : at) {
    std::int64_t got = at[0];
    for (std::size_t d = 0; d < index.size(); ++d) got += index[d] * stride[d];
    if (got != expected) return false;
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return true;
}

TEST(ViewsProperty, ViewExistsExactlyWhenStridesExist) {
  std::mt19937_64 random(20240501);
  int made = 0;
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    const Tensor x = random_layout(random);
    if (x.numel() == 0) continue;
    const Ints shape = random_shape(random, x.numel());
    const auto v = reshape(x, shape);
    ASSERT_TRUE(v.has_value()) << v.error().message;
    ASSERT_EQ(v->has_value(), possible(x, shape))
        << shape_text(x.shape()) << " strides " << shape_text(x.stride()) << " to " << shape_text(shape);
    if (!*v) {
      ++refused;
      continue;
    }
    ++made;
    ASSERT_EQ(elements(**v), elements(x));
  }
  EXPECT_GT(made, 500);
  EXPECT_GT(refused, 500) << "the generator makes too few hard cases to prove anything";
}

TEST(ViewsProperty, DenseFlagMeansRowMajor) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    const Tensor x = random_layout(random);
    const Ints at = positions(x);
    bool row_major = true;
    for (std::size_t k = 0; k < at.size(); ++k) row_major = row_major && at[k] == static_cast<std::int64_t>(k);
    ASSERT_EQ(x.dense(), row_major) << shape_text(x.shape()) << shape_text(x.stride());
  }
}

}  // namespace
}  // namespace fg::core::views
