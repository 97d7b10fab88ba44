// SPDX-License-Identifier: Apache-2.0
//
// Timelines, alone and between streams: what rises when, and who waits for whom.

#include <chrono>
#include <thread>

#include "tests/unit/opencl/support.hpp"

namespace fg::test {
namespace {

using OpenClTimeline = OpenClTest;
using namespace std::chrono_literals;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kLong = 20'000 * kMillisecond;

TEST_F(OpenClTimeline, TheHostRaisesIt) {
  if (!have_device()) return;
  const auto t = timeline(5);
  EXPECT_EQ(t->read().value(), 5u);
  EXPECT_TRUE(t->host_wait(5, 0).value());
  EXPECT_FALSE(t->host_wait(6, 0).value());
  ASSERT_TRUE(t->host_signal(9));
  EXPECT_EQ(t->read().value(), 9u);
  EXPECT_TRUE(t->host_wait(8, -1).value());
}

TEST_F(OpenClTimeline, AWaitEndsWhenItsTimeIsOver) {
  if (!have_device()) return;
  const auto t = timeline();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(t->host_wait(1, 30 * kMillisecond).value());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
}

TEST_F(OpenClTimeline, AWaitHearsOfAnotherThreadsSignal) {
  if (!have_device()) return;
  const auto t = timeline();
  std::thread other([&] {
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(t->host_signal(3));
  });
  EXPECT_TRUE(t->host_wait(2, kLong).value());
  other.join();
}

TEST_F(OpenClTimeline, AStreamRaisesItAfterItsWork) {
  if (!have_device()) return;
  const auto s = stream();
  const auto b = buffer(4096);
  const auto t = timeline();
  for (std::uint64_t k = 1; k <= 10; ++k) {
    ASSERT_TRUE(s->fill({b.get(), 0}, 4096, static_cast<std::uint32_t>(k)));
    ASSERT_TRUE(s->signal(*t, k));
  }
  EXPECT_TRUE(t->host_wait(10, kLong).value());
  EXPECT_EQ(t->read().value(), 10u);
  EXPECT_EQ(read<std::uint32_t>(*s, *b, 1)[0], 10u);
}

TEST_F(OpenClTimeline, AStreamWaitsForTheHost) {
  if (!have_device()) return;
  const auto s = stream();
  const auto gate = timeline(), done = timeline();
  const auto b = buffer(64);
  ASSERT_TRUE(s->wait(*gate, 2));
  ASSERT_TRUE(s->fill({b.get(), 0}, 64, 1));
  ASSERT_TRUE(s->signal(*done, 1));
  EXPECT_FALSE(done->host_wait(1, 20 * kMillisecond).value());
  ASSERT_TRUE(gate->host_signal(1));
  EXPECT_FALSE(done->host_wait(1, 20 * kMillisecond).value()) << "1 opens no gate for 2";
  ASSERT_TRUE(gate->host_signal(2));
  EXPECT_TRUE(done->host_wait(1, kLong).value());
}

// The waits come before the signals that they wait for, in a ring through three streams.
TEST_F(OpenClTimeline, StreamsWaitForValuesNotYetEnqueued) {
  if (!have_device()) return;
  const auto first = stream(), second = stream(), third = stream();
  const auto t = timeline(), u = timeline(), done = timeline();
  const auto b = buffer(64);
  ASSERT_TRUE(third->wait(*u, 1));
  ASSERT_TRUE(third->fill({b.get(), 0}, 64, 3));
  ASSERT_TRUE(third->signal(*done, 1));
  ASSERT_TRUE(second->wait(*t, 4));
  ASSERT_TRUE(second->fill({b.get(), 0}, 64, 2));
  ASSERT_TRUE(second->signal(*u, 1));
  EXPECT_FALSE(done->host_wait(1, 20 * kMillisecond).value());
  ASSERT_TRUE(first->fill({b.get(), 0}, 64, 1));
  ASSERT_TRUE(first->signal(*t, 7));
  ASSERT_TRUE(done->host_wait(1, kLong).value());
  EXPECT_EQ(read<std::uint32_t>(*first, *b, 1)[0], 3u);
  EXPECT_EQ(t->read().value(), 7u);
}

TEST_F(OpenClTimeline, AStreamWaitsForASignalThatIsEnqueued) {
  if (!have_device()) return;
  const auto first = stream(), second = stream();
  const auto gate = timeline(), t = timeline();
  const auto b = buffer(64);
  ASSERT_TRUE(first->wait(*gate, 1));
  ASSERT_TRUE(first->fill({b.get(), 0}, 64, 1));
  ASSERT_TRUE(first->signal(*t, 1));
  ASSERT_TRUE(first->wait(*t, 1));  // its own signal: nothing to wait for
  ASSERT_TRUE(second->wait(*t, 1));
  ASSERT_TRUE(second->fill({b.get(), 0}, 64, 2));
  ASSERT_TRUE(gate->host_signal(1));
  EXPECT_EQ(read<std::uint32_t>(*second, *b, 1)[0], 2u);
}

TEST_F(OpenClTimeline, CountsWorkUntilItIsDone) {
  if (!have_device()) return;
  const auto s = stream();
  const auto gate = timeline(), done = timeline();
  const auto b = buffer(64);
  ASSERT_TRUE(s->wait(*gate, 1));
  for (int k = 0; k < 3; ++k) ASSERT_TRUE(s->fill({b.get(), 0}, 64, 1));
  EXPECT_EQ(s->pending(), 3u);
  ASSERT_TRUE(s->signal(*done, 1));
  EXPECT_EQ(s->pending(), 3u);
  ASSERT_TRUE(gate->host_signal(1));
  ASSERT_TRUE(done->host_wait(1, kLong).value());
  EXPECT_EQ(s->pending(), 0u);
}

// A timeline that goes can be raised by nobody: who waits for it fails, and says so downstream.
TEST_F(OpenClTimeline, AStreamThatWaitsForALostTimelinePoisonsItsOwn) {
  if (!have_device()) return;
  const auto s = stream();
  const auto done = timeline();
  {
    const auto lost = timeline();
    ASSERT_TRUE(s->wait(*lost, 1));
    ASSERT_TRUE(s->signal(*done, 1));
  }
  const auto waited = done->host_wait(1, kLong);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().status, FG_E_DEVICE_LOST);
  EXPECT_EQ(waited.error().reason, static_cast<fg_reason>(FG_R_STREAM));
  EXPECT_LT(waited.error().vendor_code, 0);
  EXPECT_NE(waited.error().message.find("CL_"), std::string::npos) << waited.error().message;
  EXPECT_EQ(done->read().value(), UINT64_MAX);
  EXPECT_FALSE(stream()->wait(*done, 1)) << "a stream may not go on behind poisoned work";
}

}  // namespace
}  // namespace fg::test
