// SPDX-License-Identifier: Apache-2.0
//
// The runtime on the first device that there is (lavapipe in CI).  Where there is none, each test asserts the reason.

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <map>
#include <thread>

#include "plugins/gpu/launch.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::vulkan {
namespace {

using Blobs = std::map<std::string, std::string>;

// A host that keeps blobs, and counts what is asked and put.
struct Host : fg_host {
  Host() : fg_host{} {
    hdr.struct_size = sizeof(fg_host);
    ctx = this;
    blob_get = [](void* self, const void* key, std::size_t n, void* to, std::size_t* len) noexcept -> fg_status {
      const Blobs& kept = static_cast<Host*>(self)->blobs;
      const auto it = kept.find(std::string(static_cast<const char*>(key), n));
      if (it == kept.end()) return FG_E_NOT_FOUND;
      *len = it->second.size();
      if (to != nullptr) std::memcpy(to, it->second.data(), it->second.size());
      return FG_OK;
    };
    blob_put = [](void* self, const void* key, std::size_t n, const void* data, std::size_t len) noexcept -> fg_status {
      static_cast<Host*>(self)->puts += 1;
      static_cast<Host*>(self)->blobs[std::string(static_cast<const char*>(key), n)] =
          std::string(static_cast<const char*>(data), len);
      return FG_OK;
    };
    config_get = [](void* self, const char* key, char* to, std::size_t* len) noexcept -> fg_status {
      if (!static_cast<Host*>(self)->validate || std::strcmp(key, "validation") != 0) return FG_E_NOT_FOUND;
      *len = 5;
      std::memcpy(to, "true", 5);
      return FG_OK;
    };
    log = [](void* self, std::int32_t level, const char*, std::int32_t, const char* text) noexcept {
      if (level >= FG_LOG_ERROR) static_cast<Host*>(self)->errors += std::string(text) + "\n";
    };
  }
  Blobs blobs;
  int puts = 0;
  bool validate = true;
  std::string errors;
};

class OnDevice : public testing::Test {
 protected:
  // False: there is no device, and the reason was the right one.
  bool open() {
    auto opened = gpu::open_runtime(host);
    if (!opened && host.validate) {  // perhaps without the layer
      host.validate = false;
      opened = gpu::open_runtime(host);
    }
    if (!opened) {
      EXPECT_EQ(opened.error().status, FG_E_UNSUPPORTED);
      EXPECT_EQ(opened.error().reason, static_cast<fg_reason>(FG_R_NO_DRIVER));
      EXPECT_NE(opened.error().message.find("install"), std::string::npos) << opened.error().message;
      return false;
    }
    runtime = std::move(*opened);
    const auto counted = gpu::count_devices(host);
    EXPECT_TRUE(counted);
    EXPECT_EQ(*counted, runtime->devices().size());
    return !runtime->devices().empty();
  }
  void TearDown() override {
    runtime.reset();
    EXPECT_EQ(host.errors, "");  // what the validation layer said
  }
  gpu::Device& device() { return *runtime->devices()[0]; }
  std::unique_ptr<fg_buffer> buffer(std::uint32_t kind, std::uint64_t bytes) {
    auto b = device().allocate(kind, bytes, 256);
    EXPECT_TRUE(b) << b.error().message;
    (*b)->bytes = bytes;
    return std::move(*b);
  }
  std::unique_ptr<fg_stream> stream() { return std::move(*device().make_stream(0)); }
  std::unique_ptr<fg_timeline> timeline() { return std::move(*device().make_timeline(0)); }
  static void finish(fg_stream& s, fg_timeline& t, std::uint64_t value) {
    ASSERT_TRUE(s.signal(t, value));
    const auto done = t.host_wait(value, -1);
    ASSERT_TRUE(done && *done);
  }

  Host host;
  std::unique_ptr<gpu::Runtime> runtime;
};

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
