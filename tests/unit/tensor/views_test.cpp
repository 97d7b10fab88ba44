// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/views.hpp"

#include "tests/unit/tensor/tensor_fixture.hpp"

namespace fg::core::views {
namespace {

using test::elements;
using test::expect_failure;
using test::host_device;
using test::Ints;
using test::iota;
using test::to_vector;

// Shape, strides and elements in one comparison.
void expect_view(const Result<Tensor>& r, const Ints& shape, const Ints& stride, const Ints& values) {
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(to_vector(r->shape()), shape);
  EXPECT_EQ(to_vector(r->stride()), stride);
  EXPECT_EQ(elements(*r), values);
}

TEST(Views, ViewKeepsRowMajorOrder) {
  const Tensor x = iota({2, 3});
  expect_view(view(x, Ints{3, 2}), {3, 2}, {2, 1}, {0, 1, 2, 3, 4, 5});
  expect_view(view(x, Ints{-1}), {6}, {1}, {0, 1, 2, 3, 4, 5});
  expect_view(view(x, Ints{1, 2, 1, 3, 1}), {1, 2, 1, 3, 1}, {6, 3, 3, 1, 1}, {0, 1, 2, 3, 4, 5});
  expect_view(view(iota({}), Ints{1, 1}), {1, 1}, {1, 1}, {0});
  expect_view(view(iota({1}), Ints{}), {}, {}, {0});
  expect_view(view(iota({0, 3}), Ints{3, 0, 5}), {3, 0, 5}, {5, 5, 1}, {});
}

TEST(Views, ViewOfATransposeSplitsButDoesNotJoin) {
  const Tensor x = transpose(iota({4, 6}), 0, 1).value();  // [6, 4], strides [1, 6]
  expect_view(view(x, Ints{2, 3, 4}), {2, 3, 4}, {3, 1, 6}, elements(x));
  expect_failure(view(x, Ints{24}), FG_R_STRIDE, {"shape [24]", "shape [6, 4]", "strides [1, 6]", "reshape"});
  EXPECT_FALSE(reshape(x, Ints{24})->has_value());
  EXPECT_TRUE(reshape(x, Ints{3, 2, 2, 2})->has_value());
}

TEST(Views, ShapesMustHoldTheElements) {
  const Tensor x = iota({2, 3});
  expect_failure(view(x, Ints{4}), FG_R_SHAPE, {"[4]", "6 elements"});
  expect_failure(view(x, Ints{4, -1}), FG_R_SHAPE, {"[4, -1]", "6 elements"});
  expect_failure(view(x, Ints{-1, -1}), FG_R_SHAPE, {"more than one -1"});
  expect_failure(view(x, Ints{-2, 3}), FG_R_SHAPE, {"size -2"});
  expect_failure(view(x, Ints{0, -1}), FG_R_SHAPE, {"[0, -1]"});
  expect_failure(view(iota({0}), Ints{0, -1}), FG_R_SHAPE, {"could be any size"});
  expect_failure(view(x, Ints{INT64_MAX, INT64_MAX}), FG_R_SHAPE, {"not possible"});
  expect_failure(view(x, Ints(17, 1)), FG_R_RANK, {"17 dimensions"});
  expect_view(view(iota({0, 2}), Ints{-1, 2}), {0, 2}, {2, 1}, {});
}

TEST(Views, Expand) {
  const Tensor x = iota({3, 1});
  expect_view(expand(x, Ints{3, 2}), {3, 2}, {1, 0}, {0, 0, 1, 1, 2, 2});
  expect_view(expand(x, Ints{2, -1, -1}), {2, 3, 1}, {0, 1, 1}, {0, 1, 2, 0, 1, 2});
  expect_view(expand(iota({}), Ints{2}), {2}, {0}, {0, 0});
  expect_view(expand(x, Ints{3, 0}), {3, 0}, {1, 0}, {});
  expect_failure(expand(x, Ints{4, 2}), FG_R_SHAPE, {"size 3 at dimension 0", "expected 1 or 4"});
  expect_failure(expand(x, Ints{3}), FG_R_RANK, {"[3] has 1 dimensions, self has 2"});
  expect_failure(expand(x, Ints{-1, 3, 1}), FG_R_SHAPE, {"-1 at dimension 0", "no dimension to keep"});
  expect_failure(expand(x, Ints{3, -2}), FG_R_SHAPE, {"-2 at dimension 1"});
  expect_failure(expand(x, Ints(17, 1)), FG_R_RANK, {"at most 16"});
}

TEST(Views, Permute) {
  const Tensor x = iota({2, 3, 2});
  expect_view(permute(x, Ints{2, 0, -2}), {2, 2, 3}, {1, 6, 2}, {0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11});
  expect_failure(permute(x, Ints{0, 1}), FG_R_RANK, {"names 2 dimensions, self has 3"});
  expect_failure(permute(x, Ints{0, 1, -2}), FG_R_PARAMETER, {"dimension 1 appears twice"});
  expect_failure(permute(x, Ints{0, 1, 3}), FG_R_PARAMETER, {"dim 3 is out of range, expected -3 to 2"});
  expect_view(permute(iota({}), Ints{}), {}, {}, {0});
}

TEST(Views, Transpose) {
  expect_view(transpose(iota({2, 3}), -1, 0), {3, 2}, {1, 3}, {0, 3, 1, 4, 2, 5});
  expect_view(transpose(iota({}), 0, -1), {}, {}, {0});
  expect_failure(transpose(iota({2}), 0, 1), FG_R_PARAMETER, {"transpose: dim 1 is out of range"});
  expect_view(t(iota({2, 3})), {3, 2}, {1, 3}, {0, 3, 1, 4, 2, 5});
  expect_view(t(iota({3})), {3}, {1}, {0, 1, 2});
  expect_failure(t(iota({1, 2, 3})), FG_R_RANK, {"t: self has 3 dimensions"});
}

TEST(Views, Select) {
  const Tensor x = iota({2, 3});
  expect_view(select(x, 1, -1), {2}, {3}, {2, 5});
  expect_view(select(x, -2, 1), {3}, {1}, {3, 4, 5});
  expect_failure(select(x, 1, 3), FG_R_BOUNDS, {"index 3", "dimension 1 of size 3"});
  expect_failure(select(x, 1, -4), FG_R_BOUNDS, {"index -4"});
  expect_failure(select(iota({}), 0, 0), FG_R_RANK, {"no dimensions"});
  expect_failure(select(iota({0, 2}), 0, 0), FG_R_BOUNDS, {"size 0"});
  expect_view(select(iota({2, 0}), 0, 1), {0}, {1}, {});
}

TEST(Views, Slice) {
  const Tensor x = iota({6});
  const auto none = std::nullopt;
  expect_view(slice(x, 0, 1, 5, 2), {2}, {2}, {1, 3});
  expect_view(slice(x, 0, none, none, 4), {2}, {4}, {0, 4});
  expect_view(slice(x, 0, -2, none), {2}, {1}, {4, 5});
  expect_view(slice(x, 0, -100, 100), {6}, {1}, {0, 1, 2, 3, 4, 5});
  expect_view(slice(x, 0, 4, 2), {0}, {1}, {});
  expect_view(slice(x, 0, 6, none), {0}, {1}, {});
  expect_view(slice(x, 0, 100, INT64_MAX), {0}, {1}, {});
  expect_view(slice(x, 0, INT64_MIN, INT64_MAX, INT64_MAX), {1}, {INT64_MAX}, {0});
  expect_view(slice(iota({2, 3}), -1, 1, none), {2, 2}, {3, 1}, {1, 2, 4, 5});
  expect_failure(slice(x, 0, none, none, 0), FG_R_PARAMETER, {"step is 0"});
  expect_failure(slice(x, 0, none, none, -1), FG_R_PARAMETER, {"step is -1"});
  expect_failure(slice(x, 1, none, none), FG_R_PARAMETER, {"dim 1"});
  expect_failure(slice(iota({}), 0, none, none), FG_R_RANK, {"no dimensions"});
}

TEST(Views, Squeeze) {
  const Tensor x = iota({1, 2, 1, 3, 1});
  expect_view(squeeze(x), {2, 3}, {3, 1}, {0, 1, 2, 3, 4, 5});
  expect_view(squeeze(x, Ints{0, -1, 1}), {2, 1, 3}, {3, 3, 1}, {0, 1, 2, 3, 4, 5});
  expect_view(squeeze(iota({}), Ints{0}), {}, {}, {0});
  expect_failure(squeeze(x, Ints{0, -5}), FG_R_PARAMETER, {"dimension 0 appears twice"});
  expect_failure(squeeze(x, Ints{5}), FG_R_PARAMETER, {"dim 5"});
}

TEST(Views, Unsqueeze) {
  const Tensor x = iota({2, 3});
  expect_view(unsqueeze(x, 0), {1, 2, 3}, {6, 3, 1}, elements(x));
  expect_view(unsqueeze(x, -1), {2, 3, 1}, {3, 1, 1}, elements(x));
  expect_view(unsqueeze(x, 1), {2, 1, 3}, {3, 3, 1}, elements(x));
  expect_view(unsqueeze(iota({}), 0), {1}, {1}, {0});
  expect_failure(unsqueeze(x, 3), FG_R_PARAMETER, {"dim 3 is out of range, expected -3 to 2"});
  expect_failure(unsqueeze(iota(Ints(16, 1)), 0), FG_R_RANK, {"16 dimensions already"});
}

TEST(Views, AsStrided) {
  const Tensor x = iota({4, 4});
  expect_view(as_strided(x, Ints{2, 2}, Ints{5, 1}, 1), {2, 2}, {5, 1}, {1, 2, 6, 7});
  expect_view(as_strided(x, Ints{3}, Ints{-1}, 5), {3}, {-1}, {5, 4, 3});
  const Tensor tail = slice(x, 0, 2, std::nullopt).value();
  expect_view(as_strided(tail, Ints{2}, Ints{1}, std::nullopt), {2}, {1}, {8, 9});
  expect_view(as_strided(tail, Ints{2}, Ints{1}, 0), {2}, {1}, {0, 1});
  expect_failure(as_strided(x, Ints{17}, Ints{1}, 0), FG_R_BOUNDS, {"as_strided: ", "128 bytes"});
  expect_failure(as_strided(x, Ints{1}, Ints{1}, -1), FG_R_PARAMETER, {"storage_offset is -1"});
  expect_failure(as_strided(x, Ints{1}, Ints{1}, INT64_MAX), FG_R_BOUNDS, {"storage_offset"});
  expect_failure(as_strided(x, Ints{1, 2}, Ints{1}, 0), FG_R_STRIDE, {"2 sizes and 1 strides"});
  expect_failure(as_strided(x, Ints{-1}, Ints{1}, 0), FG_R_SHAPE, {"negative size -1"});
}

TEST(Views, Flatten) {
  const Tensor x = iota({2, 3, 4});
  EXPECT_EQ(to_vector((*flatten(x)).value().shape()), (Ints{24}));
  EXPECT_EQ(to_vector((*flatten(x, 1)).value().shape()), (Ints{2, 12}));
  EXPECT_EQ(to_vector((*flatten(x, -3, -2)).value().shape()), (Ints{6, 4}));
  EXPECT_EQ(to_vector((*flatten(x, 1, 1)).value().shape()), (Ints{2, 3, 4}));
  EXPECT_EQ(to_vector((*flatten(iota({}))).value().shape()), (Ints{1}));
  EXPECT_FALSE(flatten(transpose(x, 0, 2).value())->has_value()) << "needs a copy";
  EXPECT_EQ(to_vector(flattened_shape(transpose(x, 0, 2).value(), 0, -1)->dims()), (Ints{24}));
  expect_failure(flatten(x, 2, 1), FG_R_PARAMETER, {"start_dim 2 comes after end_dim 1"});
  expect_failure(flatten(x, 0, 3), FG_R_PARAMETER, {"dim 3"});
}

TEST(Views, DetachIsAnotherHandleOfTheSameElements) {
  const Tensor x = transpose(iota({2, 3}), 0, 1).value();
  const Tensor y = detach(x).value();
  EXPECT_NE(x.get(), y.get());
  EXPECT_EQ(x->desc.ptr, y->desc.ptr);
  EXPECT_EQ(to_vector(x.stride()), to_vector(y.stride()));
}

TEST(Views, Narrow) {
  const Tensor x = iota({4, 3});
  expect_view(narrow(x, 0, 1, 2), {2, 3}, {3, 1}, {3, 4, 5, 6, 7, 8});
  expect_view(narrow(x, -1, -2, 1), {4, 1}, {3, 1}, {1, 4, 7, 10});
  expect_view(narrow(x, 0, 4, 0), {0, 3}, {3, 1}, {});
  expect_failure(narrow(x, 0, 3, 2), FG_R_BOUNDS, {"start 3 and length 2", "dimension 0 of length 4"});
  expect_failure(narrow(x, 0, -5, 1), FG_R_BOUNDS, {"start -5"});
  expect_failure(narrow(iota({}), 0, 0, 1), FG_R_RANK, {"no dimensions"});
}

TEST(Views, Diagonal) {
  const Tensor x = iota({3, 4});
  expect_view(diagonal(x, 0, 0, 1), {3}, {5}, {0, 5, 10});
  expect_view(diagonal(x, 2, 0, 1), {2}, {5}, {2, 7});
  expect_view(diagonal(x, -1, 0, 1), {2}, {5}, {4, 9});
  expect_view(diagonal(x, 1, 1, 0), {2}, {5}, {4, 9});
  expect_view(diagonal(x, 4, 0, 1), {0}, {5}, {});
  expect_view(diagonal(x, INT64_MIN, 0, 1), {0}, {5}, {});
  expect_view(diagonal(iota({2, 2, 3}), 0, 0, -2), {3, 2}, {1, 9}, {0, 9, 1, 10, 2, 11});
  expect_failure(diagonal(x, 0, 1, -1), FG_R_PARAMETER, {"both dimension 1"});
  expect_failure(diagonal(iota({3}), 0, 0, 1), FG_R_RANK, {"1 dimensions"});
}

TEST(Views, Movedim) {
  const Tensor x = iota({2, 3, 4});
  EXPECT_EQ(to_vector(movedim(x, Ints{0}, Ints{2})->shape()), (Ints{3, 4, 2}));
  EXPECT_EQ(to_vector(movedim(x, Ints{0, -1}, Ints{1, 0})->shape()), (Ints{4, 2, 3}));
  EXPECT_EQ(to_vector(movedim(x, Ints{}, Ints{})->shape()), (Ints{2, 3, 4}));
  expect_failure(movedim(x, Ints{0, 0}, Ints{1, 2}), FG_R_PARAMETER, {"dimension 0 appears twice in source"});
  expect_failure(movedim(x, Ints{0, 1}, Ints{1, -2}), FG_R_PARAMETER, {"dimension 1 appears twice in destination"});
  expect_failure(movedim(x, Ints{0}, Ints{}), FG_R_PARAMETER, {"different lengths"});
}

TEST(Views, Unfold) {
  const Tensor x = iota({2, 5});
  expect_view(unfold(x, 1, 3, 2), {2, 2, 3}, {5, 2, 1}, {0, 1, 2, 2, 3, 4, 5, 6, 7, 7, 8, 9});
  expect_view(unfold(iota({}), 0, 1, 1), {1}, {1}, {0});
  expect_view(unfold(x, 0, 2, INT64_MAX), {1, 5, 2}, {5, 1, 5}, {0, 5, 1, 6, 2, 7, 3, 8, 4, 9});
  expect_failure(unfold(x, 1, 6, 1), FG_R_PARAMETER, {"size is 6, expected 0 to 5"});
  expect_failure(unfold(x, 1, 1, 0), FG_R_PARAMETER, {"step is 0"});
}

TEST(Views, Reversed) {
  const Tensor x = iota({2, 3});
  expect_view(reversed(x, Ints{1}), {2, 3}, {3, -1}, {2, 1, 0, 5, 4, 3});
  expect_view(reversed(x, Ints{0, -1}), {2, 3}, {-3, -1}, {5, 4, 3, 2, 1, 0});
  expect_view(reversed(iota({0, 3}), Ints{1}), {0, 3}, {3, 1}, {});
  expect_view(reversed(iota({}), Ints{0}), {}, {}, {0});
}

TEST(Views, ComposeWithoutMovingData) {
  const Tensor x = iota({4, 5});
  const Tensor v = select(transpose(slice(x, 1, 1, 4).value(), 0, 1).value(), 0, 2).value();
  EXPECT_EQ(elements(v), (Ints{3, 8, 13, 18}));
  EXPECT_EQ(v.storage(), x.storage());
}

}  // namespace
}  // namespace fg::core::views
