// SPDX-License-Identifier: Apache-2.0

#include "core/memory/allocator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "core/memory/size_class.hpp"
#include "tests/unit/memory/fake_device.hpp"

namespace fg::core {
namespace {

using test::fake_counts;
using test::make_fake_device;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

StorageRef take(Device* d, std::uint64_t bytes) {
  auto s = allocate(d, bytes);
  EXPECT_TRUE(s.has_value()) << (s ? "" : s.error().message);
  return s ? std::move(*s) : StorageRef{};
}

TEST(SizeClass, CoversEverySizeWithAtMostAQuarterOfWaste) {
  std::uint32_t last = 0;
  for (std::uint64_t bytes = 1; bytes <= kMaxSmallBytes; bytes += bytes < 5000 ? 1 : 777) {
    const std::uint32_t c = size_class(bytes);
    ASSERT_GE(c, last);
    ASSERT_GE(class_bytes(c), bytes);
    ASSERT_EQ(class_bytes(c) % 64, 0u);
    ASSERT_TRUE(c == 0 || class_bytes(c - 1) < bytes) << "a smaller class would do";
    ASSERT_TRUE(bytes <= 256 || class_bytes(c) - bytes <= bytes / 4);
    last = c;
  }
  EXPECT_EQ(last + 1, kSmallClasses);
}

TEST(Allocator, ReusesAFreedBlockWithoutThePlugin) {
  Device* const d = make_fake_device();
  std::byte* first = nullptr;
  {
    const StorageRef s = take(d, 1000);
    first = s->ptr;
    EXPECT_EQ(s->bytes, 1000u);
  }
  const std::uint64_t raw = memory_stats(d).raw_allocations;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(take(d, 900)->ptr, first) << "same class, newest block first";
  const MemoryStats s = memory_stats(d);
  EXPECT_EQ(s.raw_allocations, raw);
  EXPECT_EQ(s.allocations, 101u);
  EXPECT_EQ(s.cache_hits, 100u);
  EXPECT_EQ(s.current, 0u);
}

TEST(Allocator, AlignsEveryBlockAsTheDeviceWants) {
  Device* const d = make_fake_device({.alloc_align = 256});
  std::vector<StorageRef> keep;
  for (const std::uint64_t bytes :
       {std::uint64_t{1}, std::uint64_t{65}, std::uint64_t{300}, std::uint64_t{5000}, 2 * kMiB}) {
    for (int i = 0; i < 5; ++i) {
      keep.push_back(take(d, bytes));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(keep.back()->ptr) % 256, 0u) << bytes;
    }
  }
}

TEST(Allocator, GivesDisjointBlocks) {
  Device* const d = make_fake_device();
  std::vector<StorageRef> keep;
  std::uint64_t x = 88172645463325252u;
  for (int i = 0; i < 400; ++i) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    keep.push_back(take(d, 1 + x % (i % 40 == 0 ? 5 * kMiB : 5000)));
    std::memset(keep.back()->ptr, i & 0xFF, keep.back()->bytes);
    if (i % 3 == 0) keep.erase(keep.begin() + static_cast<std::ptrdiff_t>(x % keep.size()));
  }
  std::vector<std::pair<std::byte*, std::byte*>> ranges;
  for (const StorageRef& s : keep) ranges.emplace_back(s->ptr, s->ptr + s->bytes);
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) ASSERT_LE(ranges[i - 1].second, ranges[i].first);
}

TEST(Allocator, SharesOneStorageOfNoBytes) {
  Device* const d = make_fake_device();
  const StorageRef a = take(d, 0);
  const StorageRef b = take(d, 0);
  EXPECT_EQ(a.get(), b.get());
  EXPECT_EQ(a->buffer, nullptr);
  EXPECT_EQ(fake_counts(d).buffers, 0);
}

TEST(Allocator, SplitsAndMergesLargeBlocks) {
  Device* const d = make_fake_device();
  {
    const StorageRef a = take(d, 4 * kMiB);
    const StorageRef b = take(d, 4 * kMiB);
    const StorageRef c = take(d, 4 * kMiB);
    EXPECT_EQ(memory_stats(d).raw_allocations, 1u);
    EXPECT_EQ(a->buffer, c->buffer);
    EXPECT_NE(b->buffer_offset, c->buffer_offset);
  }
  const StorageRef whole = take(d, 15 * kMiB);
  EXPECT_EQ(memory_stats(d).raw_allocations, 1u) << "the freed pieces are one block again";
  EXPECT_EQ(memory_stats(d).reserved, 16 * kMiB);
}

TEST(Allocator, TakesTheSmallestBlockThatFits) {
  Device* const d = make_fake_device();
  StorageRef small = take(d, 20 * kMiB);
  StorageRef large = take(d, 40 * kMiB);
  std::byte* const expected = small->ptr;
  small = {};
  large = {};
  EXPECT_EQ(take(d, 19 * kMiB + kMiB / 2)->ptr, expected);
}

TEST(Allocator, KeepsAHugeBlockForHugeRequests) {
  Device* const d = make_fake_device();
  std::byte* const huge = take(d, 600 * kMiB)->ptr;
  const StorageRef little = take(d, 10 * kMiB);
  EXPECT_NE(little->ptr, huge);
  EXPECT_EQ(take(d, 400 * kMiB)->ptr, huge);
}

TEST(Allocator, FreesItsCachesWhenTheDeviceIsFull) {
  Device* const d = make_fake_device({.capacity = 64 * kMiB});
  take(d, 30 * kMiB);
  take(d, 100);
  const StorageRef s = take(d, 60 * kMiB);
  EXPECT_TRUE(s);
  EXPECT_EQ(memory_stats(d).out_of_memory, 1u);
  const auto more = allocate(d, 50 * kMiB);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().status, FG_E_OOM_DEVICE);
  EXPECT_NE(more.error().message.find("allocate 52428800 bytes: the fake device is full"), std::string::npos)
      << more.error().message;
  EXPECT_NE(more.error().message.find("bytes in use"), std::string::npos);
}

TEST(Allocator, RefusesSizesBeyondAnyDevice) {
  const auto s = allocate(make_fake_device(), UINT64_MAX - 5);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().status, FG_E_OOM_DEVICE);
}

TEST(Allocator, EmptyCacheGivesEverythingBack) {
  Device* const d = make_fake_device();
  for (const std::uint64_t bytes : {std::uint64_t{10}, std::uint64_t{70'000}, 900'000 * std::uint64_t{1}, 3 * kMiB})
    take(d, bytes);
  EXPECT_GT(memory_stats(d).reserved, 0u);
  empty_cache(d);
  EXPECT_EQ(memory_stats(d).reserved, 0u);
  EXPECT_EQ(fake_counts(d).buffers, 0);
  EXPECT_EQ(fake_counts(d).bytes, 0);
}

TEST(Allocator, EmptyCacheKeepsWhatIsUsed) {
  Device* const d = make_fake_device();
  const StorageRef small = take(d, 100);
  const StorageRef large = take(d, 3 * kMiB);
  std::memset(small->ptr, 1, small->bytes);
  empty_cache(d);
  std::memset(small->ptr, 2, small->bytes);
  std::memset(large->ptr, 2, large->bytes);
  EXPECT_EQ(fake_counts(d).buffers, 2);
}

TEST(Allocator, PeakFollowsUseAndCanBeReset) {
  Device* const d = make_fake_device();
  { const StorageRef s = take(d, 8 * kMiB); }
  EXPECT_EQ(memory_stats(d).peak, 8 * kMiB);
  EXPECT_EQ(memory_stats(d).current, 0u);
  reset_peak(d);
  EXPECT_EQ(memory_stats(d).peak, 0u);
  const StorageRef s = take(d, 1024);
  EXPECT_EQ(memory_stats(d).peak, 1024u);
}

TEST(Allocator, CountsAcrossThreadsThatEnd) {
  Device* const d = make_fake_device();
  std::vector<StorageRef> kept(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kept.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) take(d, 64 + 64 * (static_cast<std::uint64_t>(i) % 50));
      kept[t] = take(d, 4096);
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(memory_stats(d).allocations, 4004u);
  EXPECT_EQ(memory_stats(d).current, 4 * 4096u);
  kept.clear();
  EXPECT_EQ(memory_stats(d).current, 0u);
  empty_cache(d);
  EXPECT_EQ(fake_counts(d).bytes, 0) << "ended threads gave their magazines back";
}

TEST(Allocator, OtherThreadsGiveTheirCacheBackLater) {
  Device* const d = make_fake_device();
  std::atomic<int> step{0};
  std::thread other([&] {
    take(d, 100);
    step = 1;
    while (step < 2) std::this_thread::yield();
    take(d, 100'000);  // Notices that caches were emptied.
    step = 3;
    while (step < 4) std::this_thread::yield();
  });
  while (step < 1) std::this_thread::yield();
  empty_cache(d);
  EXPECT_GT(fake_counts(d).buffers, 0) << "held by the other thread's magazine";
  step = 2;
  while (step < 3) std::this_thread::yield();
  empty_cache(d);
  EXPECT_EQ(fake_counts(d).buffers, 1) << "only the newest is left";
  step = 4;
  other.join();
}

TEST(Allocator, MemoryMayBeFreedByAnotherThread) {
  Device* const d = make_fake_device();
  std::vector<StorageRef> made;
  for (int i = 0; i < 500; ++i) made.push_back(take(d, 200));
  std::thread([moved = std::move(made)]() mutable { moved.clear(); }).join();
  EXPECT_EQ(memory_stats(d).current, 0u);
}

// The storage is released after the cache of the thread is gone.
thread_local StorageRef t_late;
TEST(Allocator, AReleaseAfterTheThreadsCacheIsGoneIsSafe) {
  Device* const d = make_fake_device();
  std::thread([&] {
    t_late = StorageRef{};  // Its destructor is registered first, so it runs last.
    t_late = take(d, 128);
  }).join();
  EXPECT_EQ(memory_stats(d).current, 0u);
  empty_cache(d);
  EXPECT_EQ(fake_counts(d).buffers, 0);
}

TEST(ForeignStorage, CallsItsDeleterOnce) {
  Device* const d = make_fake_device();
  std::vector<std::byte> memory(100);
  int deleted = 0;
  const auto deleter = [](void* ctx) noexcept { ++*static_cast<int*>(ctx); };
  {
    auto s = import_storage(d, memory.data(), memory.size(), true, deleter, &deleted);
    ASSERT_TRUE(s);
    EXPECT_EQ((*s)->ptr, memory.data());
    EXPECT_TRUE((*s)->read_only);
    const StorageRef second = *s;
    EXPECT_EQ(memory_stats(d).foreign, 100u);
    EXPECT_EQ(memory_stats(d).current, 0u);
  }
  EXPECT_EQ(deleted, 1);
  EXPECT_EQ(memory_stats(d).foreign, 0u);
  EXPECT_EQ(fake_counts(d).buffers, 0);
}

TEST(ForeignStorage, LeavesTheMemoryToTheCallerOnFailure) {
  int deleted = 0;
  const auto deleter = [](void* ctx) noexcept { ++*static_cast<int*>(ctx); };
  std::byte memory[8];
  const auto refused = import_storage(make_fake_device({.borrows = false}), memory, 8, false, deleter, &deleted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, FG_E_UNSUPPORTED);
  const auto null = import_storage(make_fake_device(), nullptr, 8, false, deleter, &deleted);
  ASSERT_FALSE(null);
  EXPECT_EQ(null.error().reason, FG_R_NULL_POINTER);
  EXPECT_EQ(deleted, 0);
}

}  // namespace
}  // namespace fg::core
