// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/dlpack.hpp"

#include <functional>

#include "core/tensor/views.hpp"
#include "tests/unit/tensor/tensor_fixture.hpp"

namespace fg::core::dlpack {
namespace {

using test::elements;
using test::expect_failure;
using test::host_device;
using test::Ints;
using test::iota;
using test::to_vector;

// A producer's struct over six i64, that counts its deletions.
template <class M>
struct Producer {
  alignas(64) std::int64_t data[6] = {0, 1, 2, 3, 4, 5};
  std::int64_t shape[2] = {2, 3};
  std::int64_t strides[2] = {3, 1};
  M managed{};
  int deleted = 0;

  Producer() {
    if constexpr (std::is_same_v<M, ManagedVersioned>) managed.version = {1, 0};
    managed.view = {data, {kCpu, 0}, 2, {0, 64, 1}, shape, strides, 0};
    managed.manager_ctx = this;
    managed.deleter = [](M* self) { ++static_cast<Producer*>(self->manager_ctx)->deleted; };
  }
};

template <class M>
class Import : public testing::Test {};
using Structs = testing::Types<Managed, ManagedVersioned>;
TYPED_TEST_SUITE(Import, Structs);

TYPED_TEST(Import, SharesMemoryAndDeletesOnce) {
  Producer<TypeParam> p;
  {
    const Tensor t = import(host_device(), &p.managed).value();
    EXPECT_EQ(t->desc.ptr, p.data);
    EXPECT_EQ(elements(t), (Ints{0, 1, 2, 3, 4, 5}));
    EXPECT_FALSE(t.read_only());
    const Tensor view = views::select(t, 0, 1).value();
    p.data[4] = 40;
    EXPECT_EQ(elements(view), (Ints{3, 40, 5}));
    EXPECT_EQ(p.deleted, 0);
  }
  EXPECT_EQ(p.deleted, 1);
}

TYPED_TEST(Import, ReadsEveryLayout) {
  Producer<TypeParam> p;
  p.managed.view.strides = nullptr;
  EXPECT_EQ(elements(import(host_device(), &p.managed).value()), (Ints{0, 1, 2, 3, 4, 5}));
  p.managed.view.strides = p.strides;
  p.strides[0] = -3, p.strides[1] = -1;
  p.managed.view.byte_offset = 40;
  EXPECT_EQ(elements(import(host_device(), &p.managed).value()), (Ints{5, 4, 3, 2, 1, 0}));
  p.strides[0] = 1, p.strides[1] = 0;
  p.managed.view.byte_offset = 16;
  EXPECT_EQ(elements(import(host_device(), &p.managed).value()), (Ints{2, 2, 2, 3, 3, 3}));
  p.managed.view.ndim = 0;
  p.managed.view.shape = nullptr;
  p.managed.view.strides = nullptr;
  EXPECT_EQ(elements(import(host_device(), &p.managed).value()), (Ints{2}));
  EXPECT_EQ(p.deleted, 4);
}

TYPED_TEST(Import, TakesTensorsWithoutElements) {
  Producer<TypeParam> p;
  p.shape[1] = 0;
  p.managed.view.data = nullptr;
  EXPECT_EQ(import(host_device(), &p.managed)->numel(), 0);
  EXPECT_EQ(p.deleted, 1);
}

TYPED_TEST(Import, ViewsCannotLeaveTheImportedRange) {
  Producer<TypeParam> p;
  const Tensor t = import(host_device(), &p.managed).value();
  EXPECT_FALSE(views::as_strided(t, Ints{7}, Ints{1}, 0));
}

TYPED_TEST(Import, CopiesWhereMemoryCannotBeBorrowed) {
  for (core::Device* d : {test::make_fake_device({.borrows = false}), test::make_fake_device({.synchronous = false})}) {
    Producer<TypeParam> p;
    std::swap(p.shape[0], p.shape[1]);
    p.strides[0] = 1, p.strides[1] = 3;
    const Tensor t = import(d, &p.managed).value();
    EXPECT_EQ(p.deleted, 1) << "a copy needs the source no more";
    EXPECT_EQ(elements(t), (Ints{0, 3, 1, 4, 2, 5}));
  }
}

TYPED_TEST(Import, CopiesNoMoreThanThereIs) {
  core::Device* const d = test::make_fake_device({.borrows = false});
  Producer<TypeParam> p;
  p.shape[0] = std::int64_t{1} << 40;
  p.strides[0] = 0;
  const Tensor repeated = import(d, &p.managed).value();
  EXPECT_EQ(repeated.numel(), std::int64_t{3} << 40);
  EXPECT_EQ(repeated.storage()->bytes, 3 * sizeof(std::int64_t));
  EXPECT_EQ(elements(views::select(repeated, 0, 12345).value()), (Ints{0, 1, 2}));
  p.shape[0] = p.shape[1] = 2;
  p.strides[0] = 4;
  const Tensor apart = import(d, &p.managed).value();
  EXPECT_EQ(apart.storage()->bytes, 4 * sizeof(std::int64_t));
  EXPECT_EQ(elements(apart), (Ints{0, 1, 4, 5}));
}

struct Mistake {
  const char* name;
  std::function<void(View&)> make;
  fg_status status;
  fg_reason reason;
  const char* text;
};

TYPED_TEST(Import, RefusesWhatIsWrongAndLeavesItToTheCaller) {
  static std::int64_t huge[2] = {std::int64_t{1} << 40, std::int64_t{1} << 40};
  static std::int64_t negative[2] = {2, -3};
  static std::int64_t far[2] = {INT64_MAX, INT64_MIN};
  static std::int64_t wide[2] = {INT64_MAX / 8, 1};
  const Mistake mistakes[] = {
      {"ndim", [](View& v) { v.ndim = -1; }, FG_E_INVALID, FG_R_RANK, "ndim is -1"},
      {"ndim", [](View& v) { v.ndim = 17; }, FG_E_INVALID, FG_R_RANK, "ndim is 17, expected 0 to 16"},
      {"shape NULL", [](View& v) { v.shape = nullptr; }, FG_E_INVALID, FG_R_NULL_POINTER, "shape is NULL"},
      {"data NULL", [](View& v) { v.data = nullptr; }, FG_E_INVALID, FG_R_NULL_POINTER, "data is NULL for 6"},
      {"lanes", [](View& v) { v.dtype.lanes = 4; }, FG_E_UNSUPPORTED, FG_R_DTYPE, "4 lanes"},
      {"lanes 0", [](View& v) { v.dtype.lanes = 0; }, FG_E_UNSUPPORTED, FG_R_DTYPE, "0 lanes"},
      {"bits", [](View& v) { v.dtype.bits = 0; }, FG_E_UNSUPPORTED, FG_R_DTYPE, "0 bits"},
      {"complex", [](View& v) { v.dtype.code = 5; }, FG_E_UNSUPPORTED, FG_R_DTYPE, "code 5 with 64 bits"},
      {"block", [](View& v) { v.dtype.code = 0xF0; }, FG_E_UNSUPPORTED, FG_R_DTYPE, "code 240"},
      {"negative size", [](View& v) { v.shape = negative; }, FG_E_INVALID, FG_R_SHAPE, "negative size -3"},
      {"product", [](View& v) { v.shape = huge; }, FG_E_INVALID, FG_R_LIMIT, "2^63"},
      {"strides", [](View& v) { v.strides = far; }, FG_E_INVALID, FG_R_BOUNDS, "address space"},
      {"strides",
       [](View& v) {
         v.strides = wide;
         v.byte_offset = std::uint64_t{1} << 63;
       },
       FG_E_INVALID, FG_R_BOUNDS, "address space"},
      {"offset", [](View& v) { v.byte_offset = UINT64_MAX - 7; }, FG_E_INVALID, FG_R_BOUNDS, "byte_offset"},
      {"unaligned", [](View& v) { v.byte_offset = 4; }, FG_E_INVALID, FG_R_ALIGNMENT,
       "not aligned to the 8 bytes of i64"},
      {"device",
       [](View& v) {
         v.device = {2, 0};
       },
       FG_E_UNSUPPORTED, FG_R_DEVICE, "device type 2 id 0"},
  };
  for (const Mistake& m : mistakes) {
    Producer<TypeParam> p;
    m.make(p.managed.view);
    const auto t = import(host_device(), &p.managed);
    ASSERT_FALSE(t.has_value()) << m.name;
    EXPECT_EQ(t.error().status, m.status) << m.name;
    EXPECT_EQ(t.error().reason, m.reason) << m.name << ": " << t.error().message;
    EXPECT_NE(t.error().message.find(m.text), std::string::npos) << m.name << ": " << t.error().message;
    EXPECT_EQ(p.deleted, 0) << m.name;
  }
  EXPECT_EQ(import(host_device(), static_cast<TypeParam*>(nullptr)).error().reason, FG_R_NULL_POINTER);
}

TEST(ImportVersioned, RefusesANewerMajorAndReadsNewerMinors) {
  Producer<ManagedVersioned> p;
  p.managed.version = {2, 3};
  p.managed.view.ndim = -5;  // The layout of a newer major is unknown: nothing else may be read.
  const auto t = import(host_device(), &p.managed);
  ASSERT_FALSE(t);
  EXPECT_EQ(t.error().status, FG_E_ABI);
  EXPECT_NE(t.error().message.find("version 2.3"), std::string::npos) << t.error().message;
  EXPECT_NE(t.error().message.find("reads up to 1.x"), std::string::npos);
  EXPECT_EQ(device_of(&p.managed).error().status, FG_E_ABI);
  EXPECT_EQ(p.deleted, 0);
  p.managed.version = {1, 900};
  p.managed.view.ndim = 2;
  EXPECT_TRUE(import(host_device(), &p.managed));
}

TEST(ImportVersioned, KeepsReadOnly) {
  Producer<ManagedVersioned> p;
  p.managed.flags = kReadOnly;
  const Tensor t = import(host_device(), &p.managed).value();
  EXPECT_TRUE(t.read_only());
  EXPECT_TRUE(views::select(t, 0, 0)->read_only());
  EXPECT_FALSE(copy_from_host(t, std::as_bytes(std::span(p.data))));
  EXPECT_FALSE(export_unversioned(t)) << "the old struct cannot say so";
  ManagedVersioned* const again = export_versioned(t).value();
  EXPECT_EQ(again->flags, kReadOnly);
  again->deleter(again);
}

TEST(Export, HoldsTheTensorUntilDeleted) {
  Tensor t = views::t(iota({2, 3})).value();
  Storage* const s = t.storage();
  Managed* const m = export_unversioned(t).value();
  ManagedVersioned* const v = export_versioned(t).value();
  fg_tensor_object* const object = t.get();
  EXPECT_EQ(object->refs.load(), 3u);
  t = {};
  EXPECT_EQ(s->use_count(), 1u);
  EXPECT_EQ(m->view.ndim, 2);
  EXPECT_EQ(m->view.strides[0], 1);
  EXPECT_EQ(m->view.strides[1], 3);
  EXPECT_EQ(m->view.dtype.bits, 64);
  EXPECT_EQ(m->view.device.type, kCpu);
  EXPECT_EQ(v->version.major, kMajor);
  EXPECT_EQ(v->flags, 0u);
  m->deleter(m);
  EXPECT_EQ(v->view.shape[0], 3);
  v->deleter(v);
}

TEST(Export, ComesBackAsItWas) {
  const Tensor t = views::t(iota({2, 3})).value();
  const Tensor old_way = import(host_device(), export_unversioned(t).value()).value();
  const Tensor new_way = import(host_device(), export_versioned(t).value()).value();
  for (const Tensor& back : {old_way, new_way}) {
    EXPECT_EQ(back->desc.ptr, t->desc.ptr);
    EXPECT_EQ(to_vector(back.stride()), to_vector(t.stride()));
    EXPECT_EQ(elements(back), elements(t));
  }
  const Tensor none = empty(host_device(), FG_BF16, Ints{0, 4}).value();
  EXPECT_EQ(import(host_device(), export_versioned(none).value())->dtype(), FG_BF16);
}

TEST(Export, SaysWhatItCannotGiveAway) {
  const Tensor hidden = iota({2}, test::make_fake_device({.synchronous = false}));
  expect_failure(export_versioned(hidden), FG_R_DEVICE, {"no address"});
  const Tensor f8 = empty(host_device(), FG_F8_E5M2, Ints{2}).value();
  expect_failure(export_unversioned(f8), FG_R_DTYPE, {"f8_e5m2 needs the versioned struct"});
  ManagedVersioned* const m = export_versioned(f8).value();
  EXPECT_EQ(m->view.dtype.code, 12);
  m->deleter(m);
}

}  // namespace
}  // namespace fg::core::dlpack
