// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/overlap.hpp"

#include <random>
#include <set>

#include "core/tensor/views.hpp"
#include "tests/unit/tensor/tensor_fixture.hpp"

namespace fg::core {
namespace {

using test::Ints;
using test::iota;

// Every byte that the elements of `t` occupy, with repetitions counted.
std::multiset<const std::byte*> bytes_of(const Tensor& t) {
  std::multiset<const std::byte*> out;
  Ints index(static_cast<std::size_t>(t.ndim()), 0);
  for (std::int64_t k = 0; k < t.numel(); ++k) {
    const std::byte* at = static_cast<const std::byte*>(t->desc.ptr);
    for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * t->stride[d] * dtype_bytes(t.dtype());
    for (std::int64_t b = 0; b < dtype_bytes(t.dtype()); ++b) out.insert(at + b);
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < t->shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

TEST(InternalOverlap, NamesTheKnownCases) {
  const Tensor x = iota({4, 4});
  EXPECT_EQ(internal_overlap(x), Overlap::no);
  EXPECT_EQ(internal_overlap(views::t(x).value()), Overlap::no);
  EXPECT_EQ(internal_overlap(views::slice(x, 1, 0, 4, 2).value()), Overlap::no);
  EXPECT_EQ(internal_overlap(views::as_strided(x, Ints{4}, Ints{-1}, 3).value()), Overlap::no);
  EXPECT_EQ(internal_overlap(views::expand(views::slice(x, 0, 0, 1).value(), Ints{3, 4}).value()), Overlap::yes);
  EXPECT_EQ(internal_overlap(views::as_strided(x, Ints{3, 3}, Ints{1, 1}, 0).value()), Overlap::too_hard);
  EXPECT_EQ(internal_overlap(iota({})), Overlap::no);
  EXPECT_EQ(internal_overlap(iota({0, 3})), Overlap::no);
}

TEST(Sharing, NamesTheKnownCases) {
  const Tensor x = iota({4, 4});
  const auto columns = [&](std::int64_t from, std::int64_t to) { return views::slice(x, 1, from, to).value(); };
  EXPECT_EQ(sharing(x, x), Sharing::full);
  EXPECT_EQ(sharing(x, views::detach(x).value()), Sharing::full);
  EXPECT_EQ(sharing(x, views::t(x).value()), Sharing::partial);
  EXPECT_EQ(sharing(x, iota({4, 4})), Sharing::none);
  EXPECT_EQ(sharing(columns(0, 2), columns(2, 4)), Sharing::none) << "halves of every row";
  EXPECT_EQ(sharing(columns(0, 3), columns(2, 4)), Sharing::partial);
  EXPECT_EQ(sharing(views::slice(x, 1, 0, 4, 2).value(), views::slice(x, 1, 1, 4, 2).value()), Sharing::none)
      << "even and odd columns";
  EXPECT_EQ(sharing(x, iota({0})), Sharing::none);
  const Tensor bytes = make_view(x, FG_U8, Ints{128}, Ints{1}, 0).value();
  EXPECT_EQ(sharing(x, bytes), Sharing::partial);
  EXPECT_EQ(sharing(iota({4, 4}, test::make_fake_device()), x), Sharing::none);
}

TEST(Sharing, TwoImportsOfOneArrayShare) {
  std::int64_t array[4] = {};
  const auto import = [&] {
    return make_tensor(*import_storage(test::host_device(), array, sizeof array, false, nullptr, nullptr), FG_I64,
                       Ints{4}, Ints{1}, 0)
        .value();
  };
  EXPECT_EQ(sharing(import(), import()), Sharing::full);
}

TEST(OverlapProperty, AgreesWithEnumeration) {
  std::mt19937_64 random(99);
  const Tensor base = iota({64});
  const auto pick = [&](std::int64_t lo, std::int64_t hi) {
    return lo + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(hi - lo + 1));
  };
  const auto random_view = [&]() -> Tensor {
    static constexpr fg_dtype kTypes[] = {FG_U8, FG_I16, FG_I32, FG_I64};
    while (true) {
      Ints shape, stride;
      for (std::int64_t d = pick(0, 3); d > 0; --d) {
        shape.push_back(pick(1, 4));
        stride.push_back(pick(-6, 12));
      }
      const fg_dtype dtype = kTypes[pick(0, 3)];
      const auto offset = static_cast<std::uint64_t>(pick(0, 40) * dtype_bytes(dtype));
      if (auto v = make_view(base, dtype, shape, stride, offset)) return *v;
    }
  };
  int disjoint = 0;
  int undecided = 0;
  for (int round = 0; round < 20000; ++round) {
    const Tensor a = random_view();
    const Tensor b = random_view();
    const auto bytes_a = bytes_of(a);
    const auto bytes_b = bytes_of(b);
    bool share = false;
    for (const std::byte* p : bytes_a) share = share || bytes_b.contains(p);
    const Sharing s = sharing(a, b);
    ASSERT_EQ(s == Sharing::none, !share) << shape_text(a.shape()) << shape_text(a.stride()) << storage_offset_bytes(a)
                                          << dtype_name(a.dtype()) << " and " << shape_text(b.shape())
                                          << shape_text(b.stride()) << storage_offset_bytes(b) << dtype_name(b.dtype());
    disjoint += static_cast<int>(s == Sharing::none);
    const bool repeats = std::set<const std::byte*>(bytes_a.begin(), bytes_a.end()).size() != bytes_a.size();
    const Overlap o = internal_overlap(a);
    undecided += static_cast<int>(o == Overlap::too_hard);
    ASSERT_TRUE(o == Overlap::too_hard || (o == Overlap::yes) == repeats)
        << shape_text(a.shape()) << shape_text(a.stride());
  }
  EXPECT_GT(disjoint, 1000);
  EXPECT_LT(undecided, 12000);
}

}  // namespace
}  // namespace fg::core
