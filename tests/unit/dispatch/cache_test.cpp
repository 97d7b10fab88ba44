// SPDX-License-Identifier: Apache-2.0
//
// Caches, guards, threads.

#include <thread>

#include "core/dispatch/state.hpp"
#include "core/tensor/views.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

using Floats = std::vector<float>;

class Cache : public DispatchTest {};

std::uint64_t hits() { return core::counter_sums()[core::ThreadCounters::cache_hits]; }

TEST_F(Cache, TheSecondCallIsAHitOfAnyShape) {
  get("silu", f32({2}, {1, 2}));
  const std::uint64_t before = hits();
  const int prepares = fake().prepares;
  get("silu", f32({3}, {1, 2, 3}));
  EXPECT_EQ(hits(), before + 1);
  EXPECT_EQ(fake().prepares, prepares);
}

TEST_F(Cache, AnotherDtypeRankOrDensityIsNoHit) {
  get("tanh", f32({4}, {1, 2, 3, 4}));
  const std::uint64_t before = hits();
  get("tanh", f32({2, 2}, {1, 2, 3, 4}));
  get("tanh", tensor_of<double>(device(), FG_F64, {4}, {1, 2, 3, 4}));
  get("tanh", core::views::slice(f32({4}, {1, 2, 3, 4}), 0, 0, 4, 2).value());
  EXPECT_EQ(hits(), before);
}

TEST_F(Cache, ANewGenerationDropsTheLines) {
  get("relu", f32({1}, {1}));
  core::g_generation.fetch_add(1);
  const std::uint64_t before = hits();
  get("relu", f32({1}, {1}));
  EXPECT_EQ(hits(), before);
  get("relu", f32({1}, {1}));
  EXPECT_EQ(hits(), before + 1);
}

// Calls `add` on tensors of these sizes and says how many kernels were prepared.
int prepared(FakeDevice& d, const std::vector<std::int64_t>& sizes, double number) {
  const int before = d.prepares;
  for (const std::int64_t n : sizes) {
    const Tensor x = tensor_of(d.device(), FG_F32, {n}, Floats(static_cast<std::size_t>(n), 1.0f));
    const Tensor r = get("add", x, v(number));
    EXPECT_EQ(values_of<float>(r)[0], 1.0f + static_cast<float>(number));
  }
  return d.prepares - before;
}

TEST(Guards, ShapeGuardPreparesPerShape) {
  static FakeDevice& d = *new FakeDevice({.guards = FG_GUARD_SHAPE}, "shapes:0");
  EXPECT_EQ(prepared(d, {3, 4, 3, 4, 3}, 2.0), 2);
}

TEST(Guards, ParameterGuardPreparesPerNumber) {
  static FakeDevice& d = *new FakeDevice({.guards = FG_GUARD_PARAMS}, "params:0");
  EXPECT_EQ(prepared(d, {3, 4}, 2.0), 1);
  EXPECT_EQ(prepared(d, {3}, 5.0), 1);
  EXPECT_EQ(prepared(d, {3}, 2.0), 0);
}

TEST(Guards, AlignmentAndDensity) {
  static FakeDevice& d = *new FakeDevice({.guards = FG_GUARD_STRIDE}, "strides:0");
  const Tensor x = tensor_of(d.device(), FG_F32, {4, 4}, Floats(16, 1.0f));
  const int before = d.prepares;
  get("exp", core::views::slice(x, 1, 0, 2, 1).value());
  get("exp", core::views::slice(x, 1, 0, 2, 1).value());
  get("exp", core::views::slice(x, 1, 0, 3, 2).value());
  EXPECT_EQ(d.prepares - before, 2);
}

TEST_F(Cache, ThreadsShareKernelsAndKeepTheirOwnLines) {
  const Tensor x = f32({64}, Floats(64, 1.0f));
  get("mul", x, v(3));
  const int prepares = fake().prepares;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 200; ++k) {
        const Tensor r = get("mul", x, v(t));
        if (values_of<float>(r)[5] != static_cast<float>(t)) ++wrong;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(fake().prepares, prepares);
}

TEST_F(Cache, CountersOfEndedThreadsAreKept) {
  const std::uint64_t before = core::counter_sums()[core::ThreadCounters::calls];
  std::thread([&] { get("exp", f32({1}, {1})); }).join();
  EXPECT_EQ(core::counter_sums()[core::ThreadCounters::calls], before + 1);
}

TEST(Streams, WorkspaceAndWaitsOnAnAsynchronousDevice) {
  static FakeDevice& d = *new FakeDevice({.synchronous = false, .flat = false, .workspace = 1000}, "async:0");
  const Tensor x = tensor_of(d.device(), FG_F32, {8}, Floats(8, 2.0f));
  const Tensor y = get("exp", x);
  Tensor z;
  std::thread([&] { z = get("add", y, y); }).join();
  EXPECT_GT(d.waits, 0) << "another thread's stream must wait for the first";
  EXPECT_FLOAT_EQ(values_of<float>(z)[0], 2.0f * std::exp(2.0f));
  for (const std::string& c : d.complaints()) ADD_FAILURE() << c;
}

TEST_F(Cache, PrepareThatRefusesIsAnError) {
  static FakeDevice& d = *new FakeDevice({}, "refusing:0");
  d.next_prepare = FG_E_OOM_DEVICE;
  const auto r = run("exp", tensor_of(d.device(), FG_F32, {1}, Floats{1}));
  expect_error(r, FG_E_OOM_DEVICE, FG_R_OTHER, "prepare was told to fail");
  EXPECT_TRUE(run("exp", tensor_of(d.device(), FG_F32, {1}, Floats{1})).has_value());
}

}  // namespace
}  // namespace fg::test
