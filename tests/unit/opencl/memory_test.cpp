// SPDX-License-Identifier: Apache-2.0

#include <numeric>

#include "tests/unit/opencl/support.hpp"

namespace fg::test {
namespace {

using OpenClMemory = OpenClTest;

std::vector<std::uint32_t> ramp(std::size_t n) {
  std::vector<std::uint32_t> v(n);
  std::iota(v.begin(), v.end(), 1u);
  return v;
}

TEST_F(OpenClMemory, TheDeviceDescribesItself) {
  if (!have_device()) return;
  const fg_device_info info = device().info();
  EXPECT_GT(std::strlen(info.name), 0u);
  EXPECT_GT(std::strlen(info.driver), 0u);
  EXPECT_GE(info.alloc_align, 256u);
  EXPECT_EQ(info.alloc_align & (info.alloc_align - 1), 0u);
  EXPECT_GT(info.max_alloc, 0u);
  EXPECT_LE(info.max_alloc, info.mem_total);
  EXPECT_EQ(info.type == FG_DEVICE_CPU, (info.caps & FG_D_SOFTWARE) != 0);
  const auto again = gpu::open_runtime(host_.host());
  EXPECT_EQ(std::memcmp((*again)->devices()[0]->info().uuid, info.uuid, sizeof info.uuid), 0);
  const std::vector<std::uint8_t> none(16, 0);
  EXPECT_NE(std::memcmp(info.uuid, none.data(), 16), 0);
}

TEST_F(OpenClMemory, CountsWhatItHolds) {
  if (!have_device()) return;
  const std::uint64_t before = device().info().mem_free;
  {
    const auto b = buffer(1 << 20);
    EXPECT_EQ(device().info().mem_free, before - (1 << 20));
    EXPECT_EQ(b->host, nullptr);
  }
  EXPECT_EQ(device().info().mem_free, before);
}

TEST_F(OpenClMemory, StagingIsMappedAndAligned) {
  if (!have_device()) return;
  for (const std::uint64_t align : {256u, 4096u}) {
    const auto b = device().allocate(FG_MEM_STAGING, 1000, align);
    ASSERT_TRUE(b) << b.error().message;
    ASSERT_NE((*b)->host, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>((*b)->host) % align, 0u);
    std::memset((*b)->host, 1, 1000);
  }
}

TEST_F(OpenClMemory, CopiesGoEveryWay) {
  if (!have_device()) return;
  const auto s = stream();
  const std::vector<std::uint32_t> data = ramp(1000);
  const auto a = buffer_of<std::uint32_t>(*s, data);
  const auto b = buffer(4000), first = buffer(4000, FG_MEM_STAGING), second = buffer(4000, FG_MEM_STAGING);
  ASSERT_TRUE(s->fill({b.get(), 0}, 4000, 0));
  ASSERT_TRUE(s->copy({b.get(), 400}, {a.get(), 0}, 3600));          // device to device
  ASSERT_TRUE(s->copy({first.get(), 0}, {b.get(), 400}, 3600));      // device to staging
  ASSERT_TRUE(s->copy({second.get(), 40}, {first.get(), 0}, 3600));  // staging to staging, ordered behind it
  ASSERT_TRUE(s->copy({a.get(), 0}, {second.get(), 36}, 8));         // staging to device
  finish(*s);
  EXPECT_EQ(std::memcmp(static_cast<std::byte*>(second->host) + 40, data.data(), 3600), 0);
  EXPECT_EQ(read<std::uint32_t>(*s, *a, 3)[1], 1u);
  EXPECT_EQ(read<std::uint32_t>(*s, *a, 3)[2], 3u);
}

TEST_F(OpenClMemory, FillsKeepToTheirRange) {
  if (!have_device()) return;
  const auto s = stream();
  for (const std::uint64_t offset : {0u, 4u, 16u, 20u}) {
    for (const std::uint64_t words : {1u, 3u, 4u, 5u, 1000u, 1023u}) {
      for (const std::uint32_t kind : {FG_MEM_DEVICE, FG_MEM_STAGING}) {
        const auto b = buffer(5000, kind);
        ASSERT_TRUE(s->fill({b.get(), 0}, 5000, 7));
        ASSERT_TRUE(s->fill({b.get(), offset}, words * 4, 0xABCD1234u));
        const auto got = read<std::uint32_t>(*s, *b, 1250);
        for (std::uint64_t k = 0; k < 1250; ++k) {
          const bool inside = k >= offset / 4 && k < offset / 4 + words;
          ASSERT_EQ(got[k], inside ? 0xABCD1234u : 7u) << offset << " " << words << " word " << k;
        }
      }
    }
  }
}

}  // namespace
}  // namespace fg::test
