// SPDX-License-Identifier: Apache-2.0

#include "core/memory/copy.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/memory/allocator.hpp"
#include "tests/unit/memory/fake_device.hpp"

namespace fg::core {
namespace {

using test::make_fake_device;

std::vector<std::byte> pattern(std::size_t n) {
  static const std::vector<std::byte> all = [] {
    std::vector<std::byte> v((std::size_t{5} << 20) + 16);
    std::uint32_t x = 2654435761u;
    for (std::byte& b : v) {
      x = x * 1664525u + 1013904223u;
      b = static_cast<std::byte>(x >> 24);
    }
    return v;
  }();
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n)};
}

class CopySizes : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(, CopySizes, testing::Values(0, 1, 3, 4096, (2u << 20) - 1, 2u << 20, (5u << 20) + 3));

TEST_P(CopySizes, RoundTripsThroughEveryKindOfDevice) {
  for (const bool synchronous : {true, false}) {
    Device* const d = make_fake_device({.synchronous = synchronous});
    const auto in = pattern(GetParam());
    const StorageRef s = *allocate(d, in.size() + 32);
    ASSERT_TRUE(write_storage(s.get(), 16, in));
    std::vector<std::byte> out(in.size());
    ASSERT_TRUE(read_storage(s.get(), 16, out));
    EXPECT_TRUE(in == out) << "synchronous: " << synchronous;
  }
}

TEST_P(CopySizes, CopiesBetweenDevicesOfAllKinds) {
  Device* const devices[] = {make_fake_device(), make_fake_device(), make_fake_device({.synchronous = false}),
                             make_fake_device({.synchronous = false})};
  for (Device* from : devices) {
    for (Device* to : devices) {
      const auto in = pattern(GetParam());
      const StorageRef a = *allocate(from, in.size() + 8);
      const StorageRef b = *allocate(to, in.size() + 8);
      ASSERT_TRUE(write_storage(a.get(), 8, in));
      ASSERT_TRUE(copy_storage(b.get(), 4, a.get(), 8, in.size()));
      std::vector<std::byte> out(in.size());
      ASSERT_TRUE(read_storage(b.get(), 4, out));
      EXPECT_TRUE(in == out) << from->name << " to " << to->name;
    }
  }
}

// Sizes that fill the staging halves unevenly, one larger than a half, some of nothing.
TEST(Copy, ManyReadsTogetherAreTheSameAsOneByOne) {
  for (const bool synchronous : {true, false}) {
    Device* const d = make_fake_device({.synchronous = synchronous});
    const std::size_t sizes[] = {5, 0, (2u << 20) - 100, 4096, 1, (3u << 20) + 1, 1u << 20, 1u << 20, 0, 77};
    std::vector<StorageRef> held;
    std::vector<std::vector<std::byte>> in, out;
    std::vector<HostRead> reads;
    for (const std::size_t n : sizes) {
      in.push_back(pattern(n + held.size()));
      in.back().erase(in.back().begin(), in.back().begin() + static_cast<std::ptrdiff_t>(held.size()));
      held.push_back(*allocate(d, n + 8));
      ASSERT_TRUE(write_storage(held.back().get(), 8, in.back()));
      out.emplace_back(n);
    }
    for (std::size_t i = 0; i < held.size(); ++i) reads.push_back({held[i].get(), 8, out[i]});
    ASSERT_TRUE(read_storages(reads));
    EXPECT_TRUE(in == out) << "synchronous: " << synchronous;
    EXPECT_TRUE(read_storages({}));
  }
}

TEST(Copy, WritesDoNotWaitForTheDevice) {
  Device* const d = make_fake_device({.synchronous = false});
  const StorageRef s = *allocate(d, 4096);
  Stream* const stream = *thread_stream(d);
  const auto in = pattern(4096);
  ASSERT_TRUE(write_storage(s.get(), 0, {in.data(), 1}));  // makes the staging memory
  test::fake_pause(*stream);
  for (std::size_t at = 0; at < in.size(); at += 64) ASSERT_TRUE(write_storage(s.get(), at, {in.data() + at, 64}));
  test::fake_resume(*stream);
  std::vector<std::byte> out(in.size());
  ASSERT_TRUE(read_storage(s.get(), 0, out));
  EXPECT_TRUE(in == out);
}

TEST(Copy, ChecksRanges) {
  const StorageRef s = *allocate(make_fake_device(), 100);
  std::byte byte[101];
  for (const auto& r : {write_storage(s.get(), 0, byte), write_storage(s.get(), UINT64_MAX, {byte, 1}),
                        read_storage(s.get(), 100, {byte, 1}), copy_storage(s.get(), 60, s.get(), 0, 41)}) {
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().reason, FG_R_BOUNDS);
  }
  EXPECT_NE(read_storage(s.get(), 100, {byte, 1}).error().message.find("bytes 100 to 101 of a storage of 100 bytes"),
            std::string::npos);
}

TEST(Copy, DoesNotWriteReadOnlyMemory) {
  std::byte memory[8] = {};
  const StorageRef s = *import_storage(make_fake_device(), memory, 8, true, nullptr, nullptr);
  const std::byte one[1] = {std::byte{1}};
  EXPECT_FALSE(write_storage(s.get(), 0, one));
  EXPECT_EQ(memory[0], std::byte{0});
}

TEST(Copy, PassesTheDevicesErrorOn) {
  Device* const d = make_fake_device({.synchronous = false});
  const StorageRef s = *allocate(d, 100);
  test::fake_fail_copies(d, true);
  std::byte bytes[100];
  const auto r = read_storage(s.get(), 0, bytes);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().status, FG_E_DEVICE_LOST);
  EXPECT_NE(r.error().message.find("copy 100 bytes: the fake device is lost"), std::string::npos) << r.error().message;
  test::fake_fail_copies(d, false);
  EXPECT_TRUE(read_storage(s.get(), 0, bytes)) << "the stream is still usable";
}

TEST(Copy, SeesWorkOfOtherStreamsFirst) {
  Device* const d = make_fake_device({.synchronous = false});
  const StorageRef s = *allocate(d, 4);
  std::thread([&] {
    Stream* const other = *thread_stream(d);
    Submission work(*other);
    work.use(s.get());
    test::fake_enqueue(*other, [&] {
      for (int i = 0; i < 1000; ++i) std::this_thread::yield();
      test::fake_bytes(s->buffer)[s->buffer_offset] = std::byte{42};
    });
  }).join();
  std::byte seen[1];
  ASSERT_TRUE(read_storage(s.get(), 0, seen));
  EXPECT_EQ(seen[0], std::byte{42});
}

}  // namespace
}  // namespace fg::core
