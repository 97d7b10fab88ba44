// SPDX-License-Identifier: Apache-2.0

#include "core/dispatch/iteration.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace fg::core {
namespace {

using Lengths = std::vector<std::int64_t>;

struct View {
  Lengths shape, stride;
  fg_tensor desc() const {
    fg_tensor t{};
    t.shape = shape.data();
    t.stride = stride.data();
    t.ndim = static_cast<std::int32_t>(shape.size());
    t.dtype = FG_F32;
    return t;
  }
};

Lengths shape(const Iteration& it) { return {it.shape().begin(), it.shape().end()}; }
Lengths stride(const Iteration& it, int i) { return {it.stride(i), it.stride(i) + it.ndim()}; }

Iteration space(const Lengths& s, const std::vector<View>& views) {
  Iteration it(s);
  for (const View& v : views) it.add(v.desc());
  return it;
}

TEST(Iteration, DenseOperandsBecomeOneDimension) {
  Iteration it = space({2, 3, 4}, {{{2, 3, 4}, {12, 4, 1}}, {{2, 3, 4}, {12, 4, 1}}});
  it.compact(false);
  EXPECT_EQ(shape(it), (Lengths{24}));
  EXPECT_EQ(stride(it, 1), (Lengths{1}));
}

TEST(Iteration, ABroadcastOperandKeepsItsDimensions) {
  Iteration it = space({2, 3, 4}, {{{2, 3, 4}, {12, 4, 1}}, {{3, 1}, {1, 1}}});
  it.compact(false);
  EXPECT_EQ(shape(it), (Lengths{2, 3, 4}));
  EXPECT_EQ(stride(it, 1), (Lengths{0, 1, 0}));
}

TEST(Iteration, TransposedOperandsAreOrderedByStride) {
  Iteration it = space({3, 2}, {{{3, 2}, {1, 3}}, {{3, 2}, {1, 3}}});
  it.compact(false);
  EXPECT_EQ(shape(it), (Lengths{6}));
}

TEST(Iteration, OneTransposedOperandKeepsTheOutputsOrder) {
  Iteration it = space({3, 2}, {{{3, 2}, {2, 1}}, {{3, 2}, {1, 3}}});
  it.compact(false);
  EXPECT_EQ(shape(it), (Lengths{3, 2}));
  EXPECT_EQ(stride(it, 1), (Lengths{1, 3}));
}

TEST(Iteration, OnesAreDroppedAndNothingBecomesOneElement) {
  Iteration it = space({1, 1}, {{{1, 1}, {5, 7}}});
  it.compact(false);
  EXPECT_EQ(shape(it), (Lengths{1}));
  Iteration none = space({}, {{{}, {}}});
  none.compact(false);
  EXPECT_EQ(shape(none), (Lengths{1}));
  const View scalar{{}, {}};
  EXPECT_NE(none.descriptor(0, scalar.desc(), 0, 1).flags & FG_T_DENSE, 0u);
}

TEST(Iteration, ReducedDimensionsGoBackAndMerge) {
  const View out{{2, 4}, {4, 1}};
  Iteration it(Lengths{2, 3, 4});
  const std::array<int, 2> kept{0, 2};
  it.add(out.desc(), kept);
  const View in{{2, 3, 4}, {12, 4, 1}};
  it.add(in.desc());
  it.move_back(1u << 1);
  it.compact(true);
  EXPECT_EQ(shape(it), (Lengths{2, 4, 3}));
  EXPECT_EQ(it.n_tail(), 1);
  EXPECT_EQ(stride(it, 1), (Lengths{12, 1, 4}));
}

TEST(Iteration, AReductionOfOnesKeepsOneReducedDimension) {
  const View out{{3}, {1}};
  Iteration it(Lengths{3, 1});
  const std::array<int, 1> kept{0};
  it.add(out.desc(), kept);
  const View in{{3, 1}, {1, 1}};
  it.add(in.desc());
  it.move_back(1u << 1);
  it.compact(true);
  EXPECT_EQ(shape(it), (Lengths{3, 1}));
  EXPECT_EQ(it.n_tail(), 1);
}

TEST(Iteration, OffsetsOfOuterDimensions) {
  Iteration it = space({2, 3, 4}, {{{2, 3, 4}, {100, 10, -1}}});
  EXPECT_EQ(it.offset(0, 0, 2), 0);
  EXPECT_EQ(it.offset(0, 4, 2), 110);
  EXPECT_EQ(it.numel(2), 6);
}

TEST(Iteration, NegativeStridesOrderByMagnitudeAndDoNotMergeWithPositive) {
  Iteration it = space({2, 3}, {{{2, 3}, {3, 1}}, {{2, 3}, {-3, 1}}});
  it.compact(false);
  EXPECT_EQ(shape(it), (Lengths{2, 3}));
}

}  // namespace
}  // namespace fg::core
