// SPDX-License-Identifier: Apache-2.0
//
// The runtime on the first device that there is (lavapipe in CI).  Where there is none, each test asserts the reason.

#include <chrono>
#include <thread>

#include "plugins/gpu/launch.hpp"
#include "tests/unit/vulkan/on_device.hpp"

namespace fg::vulkan {
namespace {

// y = sum of `n` parameters, by every work-item.
gpu::Source sum_of(std::uint32_t n) {
  gpu::Source s;
  s.name = "sum_of";
  s.buffers = {{"y", FG_I32, gpu::Access::write}};
  s.params = {{gpu::ParamType::i32, "count"}, {gpu::ParamType::i32, "value", n}};
  s.body = "i32 at = i32(GROUP_ID) * GROUP_SIZE + i32(LOCAL_ID);\ni32 sum = 0;\nfor (i32 k = 0; k < " +
           std::to_string(n) + "; ++k) sum += value[k];\nif (at < count) y_store(at, sum + at);\n";
  return s;
}

TEST_F(OnDevice, ArgumentsArriveByEitherWay) {
  if (!open()) return;
  const auto s = stream();
  const auto t = timeline();
  std::uint64_t step = 0;
  for (const std::uint32_t n : {2u, 200u}) {  // pushed; in memory
    const auto program = device().programs().get(sum_of(n));
    ASSERT_TRUE(program) << program.error().message;
    const auto out = buffer(FG_MEM_STAGING, 1000 * 4);
    // More batches than a chunk of arguments holds.
    for (int round = 0; round < 300; ++round) {
      std::vector<gpu::Value> values{1000};
      std::int32_t sum = 0;
      for (int k = 0; k < static_cast<int>(n); ++k) {
        values.emplace_back(k + round);
        sum += k + round;
      }
      const auto params = gpu::pack_params((*program)->source, values);
      const gpu::BufferRef ref{out.get(), 0};
      ASSERT_TRUE(s->dispatch({*program, {&ref, 1}, *params, 4}));
      if (round != 299) continue;
      finish(*s, *t, ++step);
      for (int k = 0; k < 1000; ++k) ASSERT_EQ(static_cast<std::int32_t*>(out->host)[k], sum + k);
    }
    EXPECT_EQ(s->pending(), 0u);
  }
}

TEST_F(OnDevice, CopiesOfEveryAlignmentOnTheDevice) {
  if (!open()) return;
  constexpr std::uint64_t kBytes = 1024;
  const auto s = stream();
  const auto t = timeline();
  const auto from = buffer(FG_MEM_STAGING, kBytes), back = buffer(FG_MEM_STAGING, kBytes);
  const auto a = buffer(FG_MEM_DEVICE, kBytes), b = buffer(FG_MEM_DEVICE, kBytes);
  for (std::uint64_t k = 0; k < kBytes; ++k)
    static_cast<unsigned char*>(from->host)[k] = static_cast<unsigned char>(k * 7);
  std::uint64_t step = 0;
  for (const std::uint64_t offset : {0u, 1u, 4u, 16u, 30u}) {
    for (const std::uint64_t bytes : {1u, 4u, 16u, 63u, 500u}) {
      ASSERT_TRUE(s->copy({a.get(), 0}, {from.get(), 0}, kBytes));
      ASSERT_TRUE(s->fill({b.get(), 0}, kBytes, 0xEEEEEEEEu));
      ASSERT_TRUE(s->copy({b.get(), offset}, {a.get(), 2 * offset}, bytes));
      ASSERT_TRUE(s->copy({back.get(), 0}, {b.get(), 0}, kBytes));
      finish(*s, *t, ++step);
      for (std::uint64_t k = 0; k < kBytes; ++k) {
        const bool inside = k >= offset && k < offset + bytes;
        const unsigned want = inside ? (k + offset) * 7 % 256 : 0xEEu;
        ASSERT_EQ(static_cast<unsigned char*>(back->host)[k], want) << k << " of " << bytes << " at " << offset;
      }
    }
  }
}

// Streams may share a queue of the driver: a wait must not stop the work that it waits for.
TEST_F(OnDevice, AWaitMayComeBeforeItsSignal) {
  if (!open()) return;
  const auto first = stream(), second = stream(), third = stream();
  const auto gate = timeline(), between = timeline(), done = timeline();
  const auto out = buffer(FG_MEM_STAGING, 64);
  ASSERT_TRUE(first->wait(*between, 5));
  ASSERT_TRUE(first->fill({out.get(), 0}, 64, 1));
  ASSERT_TRUE(first->signal(*done, 1));
  ASSERT_TRUE(second->wait(*gate, 1));
  ASSERT_TRUE(second->fill({out.get(), 0}, 64, 2));
  ASSERT_TRUE(second->signal(*between, 7));
  finish(*third, *timeline(), 1);  // nothing holds the third back
  auto early = done->host_wait(1, 0);
  ASSERT_TRUE(early);
  EXPECT_FALSE(*early);
  EXPECT_GT(first->pending(), 0u);
  ASSERT_TRUE(gate->host_signal(1));
  const auto late = done->host_wait(1, -1);
  ASSERT_TRUE(late && *late);
  EXPECT_EQ(static_cast<std::uint32_t*>(out->host)[15], 1u);
  EXPECT_EQ(*between->read(), 7u);
}

TEST_F(OnDevice, WaitsEndWhenTheTimeIsOver) {
  if (!open()) return;
  const auto t = timeline();
  const auto start = std::chrono::steady_clock::now();
  const auto r = t->host_wait(1, 150'000'000);  // longer than a slice
  ASSERT_TRUE(r);
  EXPECT_FALSE(*r);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(150));
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    (void)t->host_signal(3);
  });
  const auto reached = t->host_wait(2, -1);
  EXPECT_TRUE(reached && *reached);
}

// A timeline has no device until a stream names it.
TEST_F(OnDevice, TheHostAloneMayUseATimeline) {
  if (!open()) return;
  const auto t = timeline(), later = timeline();
  ASSERT_TRUE(t->host_signal(5));
  EXPECT_EQ(*t->read(), 5u);
  EXPECT_TRUE(*t->host_wait(5, -1));
  EXPECT_FALSE(*t->host_wait(6, 1'000'000));
  EXPECT_FALSE(*t->host_wait(6, 0));
  const auto s = stream();
  ASSERT_TRUE(s->wait(*t, 5));  // what the host said before still counts
  ASSERT_TRUE(s->wait(*later, 1));
  ASSERT_TRUE(s->signal(*t, 9));
  EXPECT_EQ(*t->read(), 5u);
  std::jthread raiser([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    (void)later->host_signal(1);
  });
  EXPECT_TRUE(*t->host_wait(9, -1));
  EXPECT_TRUE(*later->host_wait(1, INT64_MAX));
}

TEST_F(OnDevice, AHostThatWaitsFirstIsWokenByAStream) {
  if (!open()) return;
  const auto t = timeline();
  std::jthread work([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto s = stream();
    (void)s->signal(*t, 3);
  });
  EXPECT_TRUE(*t->host_wait(3, -1));
}

TEST_F(OnDevice, CompiledKernelsAreFoundAgainAndDamagedOnesMadeAnew) {
  if (!open()) return;
  const auto compile = [&] {
    const auto made = device().compile(sum_of(3));
    ASSERT_TRUE(made);
    if (made->keep) made->keep();
  };
  compile();
  const int puts = host.puts;
  EXPECT_GE(puts, 1);
  compile();
  EXPECT_EQ(host.puts, puts);
  for (auto& [key, blob] : host.blobs) blob[blob.size() / 2] ^= 0x40;
  compile();
  EXPECT_EQ(host.puts, 2 * puts);
}

TEST_F(OnDevice, MemoryIsAlignedAndItsEndIsSaid) {
  if (!open()) return;
  const fg_device_info info = device().info();
  EXPECT_GT(info.mem_total, 0u);
  for (const std::uint64_t align : {256u, 4096u, 65536u}) {
    const auto b = device().allocate(FG_MEM_STAGING, 1000, align);
    ASSERT_TRUE(b);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>((*b)->host) % align, 0u);
  }
  const auto beyond = device().allocate(FG_MEM_DEVICE, std::uint64_t{1} << 50, 256);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().status, FG_E_OOM_DEVICE);
}

}  // namespace
}  // namespace fg::vulkan
