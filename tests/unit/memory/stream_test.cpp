// SPDX-License-Identifier: Apache-2.0

#include "core/memory/stream.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "core/memory/allocator.hpp"
#include "tests/unit/memory/fake_device.hpp"

namespace fg::core {
namespace {

using test::fake_bytes;
using test::fake_counts;
using test::fake_enqueue;
using test::fake_pause;
using test::fake_resume;
using test::make_fake_device;

Device* async_device() { return make_fake_device({.synchronous = false}); }

// A "kernel" that writes one byte of the storage.
void launch_write(Stream& stream, Storage* s, std::byte value) {
  Submission work(stream);
  work.use(s);
  fake_enqueue(stream, [buffer = s->buffer, at = s->buffer_offset, value] { fake_bytes(buffer)[at] = value; });
}
void launch_read(Stream& stream, Storage* s, std::byte* to) {
  Submission work(stream);
  work.use(s);
  fake_enqueue(stream, [buffer = s->buffer, at = s->buffer_offset, to] { *to = fake_bytes(buffer)[at]; });
}

// Takes a stream of its own, as another thread would have.
Stream* stream_of_another_thread(Device* d) {
  Stream* found = nullptr;
  static std::vector<std::thread>* const threads = new std::vector<std::thread>;
  std::atomic<bool> ready{false};
  threads->emplace_back([&, d] {
    found = *thread_stream(d);
    ready = true;
    ready.notify_all();
    std::this_thread::sleep_for(std::chrono::hours(24));  // Keeps its stream; ends with the process.
  });
  threads->back().detach();
  ready.wait(false);
  return found;
}

TEST(Stream, EachThreadHasOneOfItsOwn) {
  Device* const d = make_fake_device();
  EXPECT_EQ(cached_thread_stream(d), nullptr);
  Stream* const mine = *thread_stream(d);
  EXPECT_EQ(*thread_stream(d), mine);
  EXPECT_EQ(cached_thread_stream(d), mine);
  Stream* other = nullptr;
  std::thread([&] { other = *thread_stream(d); }).join();
  EXPECT_NE(other, mine);
  Stream* third = nullptr;
  std::thread([&] { third = *thread_stream(d); }).join();
  EXPECT_EQ(third, other) << "the stream of an ended thread is passed on";
  EXPECT_EQ(fake_counts(d).streams, 2);
}

TEST(Submission, OrdersUsesOfOneStorageAcrossStreams) {
  Device* const d = async_device();
  Stream* const a = *thread_stream(d);
  Stream* const b = stream_of_another_thread(d);
  ASSERT_NE(a, b);
  const StorageRef s = *allocate(d, 64);
  fake_pause(*a);
  launch_write(*a, s.get(), std::byte{7});
  std::byte seen{0};
  launch_read(*b, s.get(), &seen);
  fake_resume(*a);
  ASSERT_TRUE(synchronize(*b));
  EXPECT_EQ(seen, std::byte{7}) << "stream b did not wait for stream a";
}

TEST(Submission, UnrelatedStoragesDoNotWait) {
  Device* const d = async_device();
  Stream* const a = *thread_stream(d);
  Stream* const b = stream_of_another_thread(d);
  const StorageRef x = *allocate(d, 64);
  const StorageRef y = *allocate(d, 64);
  fake_pause(*a);
  launch_write(*a, x.get(), std::byte{1});
  launch_write(*b, y.get(), std::byte{2});
  ASSERT_TRUE(synchronize(*b)) << "would hang if b waited for a";
  fake_resume(*a);
  ASSERT_TRUE(synchronize(d));
}

TEST(Submission, MemoryReusedOnAnotherStreamIsOrdered) {
  Device* const d = async_device();
  Stream* const a = *thread_stream(d);
  Stream* const b = stream_of_another_thread(d);
  StorageRef s = *allocate(d, 64);
  Storage* const block = s.get();
  fake_pause(*a);
  launch_write(*a, s.get(), std::byte{1});
  s = {};  // Freed while its work is pending: the host does not wait.
  const StorageRef again = *allocate(d, 64);
  ASSERT_EQ(again.get(), block);
  launch_write(*b, again.get(), std::byte{2});
  fake_resume(*a);
  ASSERT_TRUE(again->wait_idle());
  EXPECT_EQ(fake_bytes(again->buffer)[again->buffer_offset], std::byte{2}) << "the old write came last";
}

TEST(Submission, FreesInStreamOrder) {
  Device* const d = async_device();
  Stream* const a = *thread_stream(d);
  StorageRef large = *allocate(d, 20 << 20);
  StorageRef small = *allocate(d, 64);
  fake_pause(*a);
  launch_write(*a, large.get(), std::byte{1});
  launch_write(*a, small.get(), std::byte{1});
  large = {};
  small = {};
  empty_cache(d);  // Neither waits nor frees under the pending work (an error under ASan if it did).
  EXPECT_EQ(fake_counts(d).buffers, 2);
  fake_resume(*a);
  ASSERT_TRUE(synchronize(d));
  EXPECT_EQ(fake_counts(d).buffers, 0);
}

TEST(Submission, MergesBlocksOfSeveralStreamsWhenItFreesThem) {
  Device* const d = async_device();
  Stream* const a = *thread_stream(d);
  Stream* const b = stream_of_another_thread(d);
  StorageRef x = *allocate(d, 2 << 20);
  StorageRef y = *allocate(d, 2 << 20);
  ASSERT_EQ(x->buffer, y->buffer);
  launch_write(*a, x.get(), std::byte{1});
  launch_write(*b, y.get(), std::byte{2});
  x = {};
  y = {};
  empty_cache(d);
  ASSERT_TRUE(synchronize(d));
  EXPECT_EQ(fake_counts(d).buffers, 0);
}

TEST(Synchronize, WaitsForTheStreamsOfAllThreads) {
  Device* const d = async_device();
  std::atomic<bool> done{false};
  std::thread([&] {
    Stream* const s = *thread_stream(d);
    Submission work(*s);
    fake_enqueue(*s, [&] {
      std::this_thread::yield();
      done = true;
    });
  }).join();
  ASSERT_TRUE(synchronize(d));
  EXPECT_TRUE(done);
}

TEST(Workspace, GrowsAndIsReused) {
  Device* const d = make_fake_device();
  Stream* const s = *thread_stream(d);
  EXPECT_EQ(workspace(*s, 0)->buffer, nullptr);
  const Workspace first = *workspace(*s, 1000);
  EXPECT_EQ(first.bytes, 1000u);
  const Workspace second = *workspace(*s, 20'000);
  EXPECT_EQ(first.storage, second.storage);
  const Workspace large = *workspace(*s, 5 << 20);
  EXPECT_NE(large.storage, first.storage);
  EXPECT_GE(large.storage->bytes, std::uint64_t{5} << 20);
  EXPECT_EQ(workspace(*s, 100)->storage, large.storage);
}

TEST(Workspace, ReportsWhatTheDeviceHasNot) {
  Device* const d = make_fake_device({.capacity = 1 << 20});
  const auto w = workspace(**thread_stream(d), 64 << 20);
  ASSERT_FALSE(w);
  EXPECT_EQ(w.error().status, FG_E_OOM_DEVICE);
}

TEST(Stream, ManyThreadsShareStoragesWithoutDeadlock) {
  Device* const d = async_device();
  const StorageRef x = *allocate(d, 64);
  const StorageRef y = *allocate(d, 64);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Stream* const s = *thread_stream(d);
      for (int i = 0; i < 200; ++i) {
        launch_write(*s, t % 2 == 0 ? x.get() : y.get(), std::byte{1});
        launch_write(*s, t % 2 == 0 ? y.get() : x.get(), std::byte{2});
        const StorageRef scratch = *allocate(d, 256);
        launch_write(*s, scratch.get(), std::byte{3});
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(synchronize(d));
}

}  // namespace
}  // namespace fg::core
