// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/tensor.hpp"

#include <thread>

#include "core/memory/allocator.hpp"
#include "tests/unit/tensor/tensor_fixture.hpp"

namespace fg::core {
namespace {

using test::elements;
using test::expect_failure;
using test::host_device;
using test::Ints;
using test::iota;
using test::to_vector;

TEST(Tensor, EmptyIsRowMajor) {
  const Tensor t = empty(host_device(), FG_F32, Ints{2, 3, 4}).value();
  EXPECT_EQ(to_vector(t.stride()), (Ints{12, 4, 1}));
  EXPECT_EQ(t.numel(), 24);
  EXPECT_TRUE(t.dense());
  EXPECT_EQ(t.storage()->bytes, 96u);
  EXPECT_EQ(t->desc.shape, t->shape);
  EXPECT_EQ(t->desc.ptr, t.storage()->ptr);
  EXPECT_EQ(t->desc.zero, 0u);
}

TEST(Tensor, HasNoOrManyDimensions) {
  const Tensor scalar = empty(host_device(), FG_F64, Ints{}).value();
  EXPECT_EQ(scalar.numel(), 1);
  EXPECT_TRUE(scalar.dense());
  const Tensor wide = empty(host_device(), FG_I8, Ints(FG_MAX_NDIM, 1)).value();
  EXPECT_EQ(wide.ndim(), FG_MAX_NDIM);
  expect_failure(empty(host_device(), FG_I8, Ints(FG_MAX_NDIM + 1, 1)), FG_R_RANK, {"17 dimensions", "at most 16"});
}

TEST(Tensor, MayHaveNoElements) {
  const Tensor t = empty(host_device(), FG_F32, Ints{3, 0, 2}).value();
  EXPECT_EQ(t.numel(), 0);
  EXPECT_TRUE(t.dense());
  EXPECT_EQ(to_vector(t.stride()), (Ints{2, 2, 1}));
  EXPECT_EQ(t->desc.buffer, nullptr);
}

TEST(Tensor, RefusesSizesThatCannotBe) {
  constexpr std::int64_t kHalf = std::int64_t{1} << 62;
  expect_failure(empty(host_device(), FG_F32, Ints{2, -1}), FG_R_SHAPE, {"[2, -1]", "negative size -1"});
  expect_failure(empty(host_device(), FG_F32, Ints{kHalf}), FG_R_LIMIT, {"passes 2^63 bytes"});
  expect_failure(empty(host_device(), FG_U8, Ints{kHalf, 4}), FG_R_LIMIT, {"passes 2^63 bytes"});
  expect_failure(empty(host_device(), FG_U8, Ints{0, kHalf, 4}), FG_R_LIMIT, {"passes 2^63 bytes"});
  expect_failure(empty(host_device(), FG_BLOCK(3), Ints{4}), FG_R_DTYPE, {"dtype"});
  expect_failure(empty(host_device(), 0, Ints{4}), FG_R_DTYPE, {"dtype 0"});
}

TEST(Tensor, EmptyStridedHoldsExactlyItsExtent) {
  const Tensor t = empty_strided(host_device(), FG_I16, Ints{3, 2}, Ints{-4, 10}).value();
  EXPECT_EQ(t.storage()->bytes, (8u + 10u + 1u) * 2u);
  EXPECT_EQ(storage_offset_bytes(t), 16u);
  EXPECT_FALSE(t.dense());
  const Tensor repeated = empty_strided(host_device(), FG_I16, Ints{1000, 2}, Ints{0, 1}).value();
  EXPECT_EQ(repeated.storage()->bytes, 4u);
  expect_failure(empty_strided(host_device(), FG_I16, Ints{3}, Ints{1, 1}), FG_R_STRIDE, {"2 strides for 1 sizes"});
  expect_failure(empty_strided(host_device(), FG_I16, Ints{3}, Ints{INT64_MAX}), FG_R_LIMIT, {"2^63"});
  expect_failure(empty_strided(host_device(), FG_I16, Ints{2, 2}, Ints{INT64_MAX, INT64_MAX}), FG_R_LIMIT, {"2^63"});
}

TEST(Tensor, LengthOneDimensionsDoNotMatterForDensity) {
  EXPECT_TRUE(empty_strided(host_device(), FG_F32, Ints{1, 3}, Ints{77, 1})->dense());
  EXPECT_FALSE(empty_strided(host_device(), FG_F32, Ints{2, 3}, Ints{77, 1})->dense());
  EXPECT_FALSE(empty_strided(host_device(), FG_F32, Ints{3}, Ints{-1})->dense());
}

struct BoundsCase {
  Ints shape, stride;
  std::uint64_t offset;
  bool inside;
};

TEST(Tensor, EveryViewIsCheckedAgainstItsStorage) {
  const Tensor base = iota({10});  // 80 bytes
  const BoundsCase cases[] = {
      {{10}, {1}, 0, true},
      {{11}, {1}, 0, false},
      {{10}, {1}, 8, false},
      {{9}, {1}, 8, true},
      {{10}, {-1}, 72, true},
      {{10}, {-1}, 64, false},
      {{2, 5}, {0, 2}, 0, true},
      {{2, 5}, {1, 2}, 8, false},
      {{}, {}, 72, true},
      {{}, {}, 80, false},
      {{0}, {1}, 80, true},
      {{0}, {1}, 8000, true},  // No element, nothing to reach.
      {{2}, {INT64_MAX}, 0, false},
      {{2}, {INT64_MIN}, 72, false},
      {{3}, {INT64_MAX / 2}, 0, false},
      {{2, 2}, {INT64_MAX / 8, INT64_MAX / 8}, 0, false},
      {{2, 2}, {INT64_MAX / 8, -(INT64_MAX / 8)}, 40, false},
      {{INT64_MAX / 8}, {1}, 0, false},
      {{1}, {INT64_MAX}, UINT64_MAX - 7, false},
      {{1}, {1}, UINT64_MAX - 7, false},
  };
  for (const BoundsCase& c : cases) {
    const auto v = make_view(base, FG_I64, c.shape, c.stride, c.offset);
    EXPECT_EQ(v.has_value(), c.inside) << shape_text(c.shape) << shape_text(c.stride) << c.offset;
    EXPECT_TRUE(v || v.error().reason == FG_R_BOUNDS) << v.error().message;
  }
  expect_failure(make_view(base, FG_I64, Ints{11}, Ints{1}, 0), FG_R_BOUNDS,
                 {"i64 shape [11] with strides [1] at byte 0", "storage of 80 bytes"});
  expect_failure(make_view(base, FG_I64, Ints{1}, Ints{1}, 4), FG_R_ALIGNMENT, {"offset 4", "8 bytes of i64"});
}

TEST(Tensor, ViewsShareAndKeepTheStorage) {
  Tensor base = iota({4});
  Storage* const s = base.storage();
  const Tensor v = make_view(base, FG_I64, Ints{2}, Ints{2}, 8).value();
  EXPECT_EQ(s->use_count(), 2u);
  base = {};
  EXPECT_EQ(s->use_count(), 1u);
  EXPECT_EQ(elements(v), (Ints{1, 3}));
}

TEST(Tensor, ReferencesAreCounted) {
  Tensor a = iota({2});
  fg_tensor_object* const p = a.get();
  Tensor b = a;
  EXPECT_EQ(p->refs.load(), 2u);
  Tensor c = std::move(b);
  EXPECT_EQ(p->refs.load(), 2u);
  a = Tensor{};
  EXPECT_EQ(p->refs.load(), 1u);
  fg_tensor_object* const raw = c.leak();
  retain(raw);
  release(raw);
  release(raw);
  release(nullptr);
  retain(nullptr);
}

TEST(Tensor, ClassTellsApartWhatDispatchMustTellApart) {
  Device* const d = host_device();
  const auto cls = [&](fg_dtype dtype, const Ints& shape) { return empty(d, dtype, shape).value()->cls; };
  EXPECT_EQ(cls(FG_F32, {2, 3}), cls(FG_F32, {400, 1})) << "sizes are not part of it";
  std::vector<TensorClass> all;
  for (const DtypeName& name : kDtypes) {
    for (const Ints& shape : {Ints{}, Ints{2}, Ints{2, 2}, Ints(16, 1)}) all.push_back(cls(name.dtype, shape));
  }
  const Tensor base = iota({6});
  all.push_back(make_view(base, FG_I64, Ints{3}, Ints{2}, 0).value()->cls);      // not dense
  all.push_back(make_view(base, FG_I64, Ints{3}, Ints{1}, 8).value()->cls);      // not 16-byte aligned
  all.push_back(empty(test::make_fake_device(), FG_I64, Ints{3}).value()->cls);  // another device
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(Tensor, ObjectsMayBeReleasedByAnotherThread) {
  std::vector<Tensor> made;
  for (int i = 0; i < 600; ++i) made.push_back(empty(host_device(), FG_F32, Ints{3}).value());
  std::thread([moved = std::move(made)]() mutable { moved.clear(); }).join();
}

TEST(Tensor, KnowsItsExtent) {
  const Tensor base = iota({4, 4});
  const ByteExtent e = byte_extent(make_view(base, FG_I64, Ints{2, 2}, Ints{-4, 2}, 8 * 8).value());
  EXPECT_EQ(e.lo, 4u * 8u);
  EXPECT_EQ(e.hi, 11u * 8u);
  const ByteExtent none = byte_extent(empty(host_device(), FG_I64, Ints{0}).value());
  EXPECT_EQ(none.lo, none.hi);
}

}  // namespace
}  // namespace fg::core
