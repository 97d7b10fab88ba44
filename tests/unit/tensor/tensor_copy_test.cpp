// SPDX-License-Identifier: Apache-2.0

#include "tests/unit/tensor/tensor_fixture.hpp"

namespace fg::core {
namespace {

using test::elements;
using test::expect_failure;
using test::Ints;
using test::iota;

Device* hidden_device() {
  static Device* const d = test::make_fake_device({.synchronous = false});
  return d;
}

class Copies : public testing::TestWithParam<bool> {
 protected:
  Device* device() const { return GetParam() ? test::host_device() : hidden_device(); }
};
INSTANTIATE_TEST_SUITE_P(HostVisibleAndNot, Copies, testing::Bool());

TEST_P(Copies, ReadAnyStrides) {
  const Tensor base = iota({3, 4}, device());
  EXPECT_EQ(elements(make_view(base, FG_I64, Ints{4, 3}, Ints{1, 4}, 0).value()),
            (Ints{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
  EXPECT_EQ(elements(make_view(base, FG_I64, Ints{2, 3}, Ints{0, -1}, 7 * 8).value()), (Ints{7, 6, 5, 7, 6, 5}));
  EXPECT_EQ(elements(make_view(base, FG_I64, Ints{2, 2}, Ints{8, 1}, 8).value()), (Ints{1, 2, 9, 10}));
  EXPECT_EQ(elements(make_view(base, FG_I64, Ints{}, Ints{}, 11 * 8).value()), (Ints{11}));
  EXPECT_EQ(elements(make_view(base, FG_I64, Ints{2, 0}, Ints{1, 1}, 0).value()), Ints{});
}

TEST_P(Copies, WriteAnyStridesAndNothingBetween) {
  const Tensor base = iota({3, 4}, device());
  const Tensor column = make_view(base, FG_I64, Ints{3}, Ints{4}, 2 * 8).value();
  const Ints values{100, 200, 300};
  ASSERT_TRUE(copy_from_host(column, std::as_bytes(std::span(values))));
  EXPECT_EQ(elements(base), (Ints{0, 1, 100, 3, 4, 5, 200, 7, 8, 9, 300, 11}));
}

TEST_P(Copies, MoveElementsOfEveryWidth) {
  for (const DtypeName& name : kDtypes) {
    const auto size = static_cast<std::size_t>(dtype_bytes(name.dtype));
    const Tensor t = empty_strided(device(), name.dtype, Ints{5, 3}, Ints{2, 11}).value();
    std::vector<unsigned char> in(15 * size);
    std::iota(in.begin(), in.end(), static_cast<unsigned char>(1));
    ASSERT_TRUE(copy_from_host(t, std::as_bytes(std::span(in))));
    std::vector<unsigned char> out(in.size());
    ASSERT_TRUE(copy_to_host(t, std::as_writable_bytes(std::span(out))));
    EXPECT_EQ(in, out) << name.name;
  }
}

TEST_P(Copies, CheckTheByteCount) {
  const Tensor t = iota({3}, device());
  std::byte bytes[23];
  expect_failure(copy_to_host(t, bytes), FG_R_SHAPE, {"23 bytes given", "i64 [3] has 24"});
  expect_failure(copy_from_host(t, bytes), FG_R_SHAPE, {"23 bytes given"});
}

}  // namespace
}  // namespace fg::core
