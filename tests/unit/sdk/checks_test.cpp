// SPDX-License-Identifier: Apache-2.0
//
// The checks that plugins share: engines.hpp and memory_checks.hpp.

#include <gtest/gtest.h>

#include <limits>

#include "fg/sdk/engines.hpp"
#include "fg/sdk/memory_checks.hpp"

namespace fg::sdk {
namespace {

struct Bytes {
  std::uint64_t bytes;
};

class EngineLaunch : public testing::Test {
 protected:
  EngineLaunch() {
    for (fg_tensor& t : t_) {
      t.buffer = reinterpret_cast<fg_buffer*>(this);
      t.ptr = this;
      t.shape = t.stride = &one_;
      t.ndim = 1;
      t.dtype = FG_F32;
    }
    l_.t = t_.data();
    l_.n_out = 1;
    l_.n_in = 1;
  }
  Result<void> check(Address a = Address::buffer) const { return check_launch("fg.map/1", l_, 1, 1, a); }

  std::int64_t one_ = 1, none_ = 0;
  std::array<fg_tensor, 2> t_{};
  fg_launch l_{};
};

TEST_F(EngineLaunch, OneMistakeAtATime) {
  EXPECT_TRUE(check());
  EXPECT_FALSE(check_launch("fg.map/1", l_, 1, 2, Address::buffer));
  t_[1].zero = 1;
  EXPECT_EQ(check().error().reason, FG_R_RESERVED);
  EXPECT_EQ(check().error().arg_index, 1);
  t_[1].zero = 0;
  t_[0].flags = 1u << 16;
  EXPECT_EQ(check().error().status, FG_E_UNSUPPORTED);
  t_[0].flags = 0;
  l_.flags = 1u << 31;
  EXPECT_EQ(check().error().reason, FG_R_UNKNOWN_BIT);
  l_.flags = 1;  // a hint
  EXPECT_TRUE(check());
  t_[1].ndim = FG_ENGINE_MAX_NDIM + 1;
  EXPECT_EQ(check().error().reason, FG_R_RANK);
}

TEST_F(EngineLaunch, AddressesAreAskedForByTheirKind) {
  t_[1].ptr = nullptr;  // memory that is not flat
  EXPECT_TRUE(check(Address::buffer));
  EXPECT_EQ(check(Address::pointer).error().reason, FG_R_NULL_POINTER);
  t_[1].shape = &none_;
  EXPECT_TRUE(check(Address::pointer));
  t_[0].buffer = nullptr;
  EXPECT_EQ(check(Address::buffer).error().arg_index, 0);
}

TEST(EngineRows, EachHasItsOwnFunctionsAndMapsAndScansWriteInPlace) {
  constexpr auto kMap = +[](const fg_sig&) -> Result<void> { return {}; };
  constexpr auto kScan = +[](const fg_sig&) -> Result<void> { return unsupported("scan"); };
  const auto rows = engine_rows({.map = {nullptr, kMap}, .reduce = {}, .scan = {nullptr, kScan}}, FG_K_CAPTURABLE);
  EXPECT_STREQ(rows[0].name, FG_OP_MAP);
  EXPECT_EQ(rows[0].check, kMap);
  EXPECT_STREQ(rows[1].name, FG_OP_REDUCE);
  EXPECT_EQ(rows[1].check, nullptr);
  EXPECT_EQ(rows[2].check, kScan);
  EXPECT_EQ(rows[0].flags, FG_K_CAPTURABLE | FG_K_INPLACE_OK);
  EXPECT_EQ(rows[1].flags, std::uint32_t{FG_K_CAPTURABLE});
  for (const KernelEntry& e : rows) EXPECT_EQ(e.uid, op_uid(e.name));
}

TEST(MemoryChecks, RangesDoNotWrapAround) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const Bytes b{16};
  EXPECT_TRUE(check_range("fill", &b, 16, 0));
  EXPECT_TRUE(check_range("fill", &b, 4, 12));
  EXPECT_EQ(check_range("fill", &b, 4, 13).error().message, "fill: bytes 4 to 17 lie outside a buffer of 16");
  EXPECT_FALSE(check_range("fill", &b, 17, kMost));
  EXPECT_FALSE(check_range("fill", &b, 8, kMost - 4));
  EXPECT_EQ(check_range<Bytes>("fill", nullptr, 0, 0).error().reason, FG_R_NULL_POINTER);
}

TEST(MemoryChecks, Allocations) {
  EXPECT_TRUE(check_allocation(FG_MEM_STAGING, 1, 0));
  EXPECT_TRUE(check_allocation(FG_MEM_DEVICE, 1, 4096));
  EXPECT_EQ(check_allocation(FG_MEM_DEVICE, 1, 48).error().reason, FG_R_ALIGNMENT);
  EXPECT_FALSE(check_allocation(FG_MEM_DEVICE, 0, 0));
  EXPECT_EQ(check_allocation(99, 1, 0).error().status, FG_E_UNSUPPORTED);
}

TEST(MemoryChecks, TheNthAllocationFails) {
  AllocationFailure failure;
  EXPECT_FALSE(failure.now());
  failure.after(2);
  EXPECT_FALSE(failure.now());
  EXPECT_TRUE(failure.now());
  EXPECT_FALSE(failure.now());
  EXPECT_FALSE(failure.now());
  failure.after(1);
  failure.after(-1);
  EXPECT_FALSE(failure.now());
}

}  // namespace
}  // namespace fg::sdk
