// SPDX-License-Identifier: Apache-2.0
//
// Captures and replays on devices without tables, with "fg.batch/1" and with "fg.graph/1".

#include "core/dispatch/graph.hpp"

#include <thread>

#include "core/memory/copy.hpp"
#include "core/tensor/views.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

using core::Graph;
using core::ReplayWay;
using Floats = std::vector<float>;

// How a device replays, and whether its work is asynchronous.
struct Kind {
  const char* name;
  ReplayWay way;
  bool synchronous;
};

FakeDevice& device_of(const Kind& k) {
  static std::map<std::string, FakeDevice*> made;
  FakeDevice*& d = made[k.name];
  if (d == nullptr) {
    d = new FakeDevice({.named = {"bmm", "nonzero"},
                        .synchronous = k.synchronous,
                        .workspace = 96,
                        .batch = k.way == ReplayWay::batch,
                        .graph = k.way == ReplayWay::graph},
                       std::string(k.name) + ":0");
  }
  return *d;
}

class Graphs : public testing::TestWithParam<Kind> {
 protected:
  ~Graphs() override {
    for (const std::string& c : fake().complaints()) ADD_FAILURE() << c;
    EXPECT_FALSE(core::drop_capture().has_value()) << "a test left a capture open";
  }
  FakeDevice& fake() { return device_of(GetParam()); }
  Tensor f32(std::vector<std::int64_t> shape, const Floats& x) {
    return tensor_of(fake().device(), FG_F32, std::move(shape), x);
  }
  void write(const Tensor& t, const Floats& x) { check(core::copy_from_host(t, std::as_bytes(std::span(x)))); }
  void begin() { check(core::begin_capture(fake().device())); }
  std::unique_ptr<Graph> end() {
    auto g = core::end_capture();
    if (!g) throw std::runtime_error(g.error().message);
    return std::move(*g);
  }
};

TEST_P(Graphs, AReplayComputesWhatTheCallsDid) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  begin();
  Tensor y = get("mul", get("add", x, x), 3.0);
  const Tensor s = get("sum", y);
  const auto g = end();
  EXPECT_EQ(g->way(), GetParam().way);
  EXPECT_EQ(g->launches(), 3u);
  EXPECT_EQ(values_of<float>(y), (Floats{6, 12, 18, 24})) << "a capture is a run, too";
  write(x, {1, 0, 0, 2});
  check(g->replay());
  EXPECT_EQ(values_of<float>(y), (Floats{6, 0, 0, 12}));
  EXPECT_EQ(values_of<float>(s), (Floats{18}));
}

TEST_P(Graphs, AGraphKeepsItsMemory) {
  std::unique_ptr<Graph> g;
  Tensor y;
  {
    const Tensor x = f32({3}, {1, 2, 3});
    begin();
    y = get("neg", get("exp2", x));  // The argument and the intermediate result die here.
    g = end();
  }
  const Tensor other = f32({3}, {9, 9, 9});  // Would take their memory.
  write(y, {0, 0, 0});
  check(g->replay());
  EXPECT_EQ(values_of<float>(y), (Floats{-2, -4, -8}));
  EXPECT_EQ(values_of<float>(other), (Floats{9, 9, 9}));
  EXPECT_EQ(g->workspace_bytes(), 96u);
  EXPECT_EQ(g->memory_bytes(), 3 * 12u + 96u);
}

TEST_P(Graphs, ParametersAndScalarsAreCopied) {
  const Tensor a = f32({1, 2, 2}, {1, 2, 3, 4});
  begin();
  const Tensor y = get("add", get("bmm", a, a), a, 10);  // A named kernel, then a scalar.
  const auto g = end();
  get("add", a, a, 77);  // Other scalars on the same stack.
  write(a, {1, 0, 0, 1});
  check(g->replay());
  EXPECT_EQ(values_of<float>(y), (Floats{11, 0, 0, 11}));
}

TEST_P(Graphs, RebindingReachesViewsAndStays) {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  begin();
  const Tensor turned = core::views::transpose(x, 0, 1).value();
  const Tensor y = get("mul", turned, 2.0);
  const Tensor z = get("add", x, x);
  const auto g = end();
  const Tensor other = f32({2, 3}, {10, 20, 30, 40, 50, 60});
  const Tensor z2 = f32({2, 3}, Floats(6, 0));
  check(g->rebind(x, other));
  check(g->rebind(z, z2));
  for (int k = 0; k < 2; ++k) {
    check(g->replay());
    EXPECT_EQ(values_of<float>(y), (Floats{20, 80, 40, 100, 60, 120}));
    EXPECT_EQ(values_of<float>(z2), (Floats{20, 40, 60, 80, 100, 120}));
    EXPECT_EQ(values_of<float>(z), (Floats{2, 4, 6, 8, 10, 12})) << "the captured result is left alone";
    write(z2, Floats(6, 0));
  }
  check(g->rebind(x, x));  // Back: the captured tensor names the place, whatever is there.
  check(g->replay());
  EXPECT_EQ(values_of<float>(z2), (Floats{2, 4, 6, 8, 10, 12}));
}

TEST_P(Graphs, RebindingRefuses) {
  const Tensor x = f32({4}, {1, 2, 3, 4});
  const Tensor w = f32({4}, {1, 1, 1, 1});
  begin();
  const Tensor y = get("add", x, w);
  const auto g = end();
  expect_error(g->rebind(x, f32({2, 2}, {1, 2, 3, 4})), FG_E_INVALID, FG_R_SHAPE, "shape [2, 2]");
  expect_error(g->rebind(x, tensor_of(fake().device(), FG_I32, {4}, std::vector<std::int32_t>(4))), FG_E_INVALID,
               FG_R_SHAPE, "dtype i32");
  expect_error(g->rebind(f32({4}, Floats(4)), x), FG_E_INVALID, FG_R_PARAMETER, "no captured launch");
  expect_error(g->rebind(y, x), FG_E_INVALID, FG_R_ALIAS, "add would write memory");
  const Tensor wide = f32({5}, Floats(5));
  expect_error(g->rebind(x, core::views::narrow(wide, 0, 1, 4).value()), FG_E_INVALID, FG_R_ALIGNMENT, "16 bytes");
  const Tensor part = core::views::narrow(x, 0, 0, 2).value();
  expect_error(g->rebind(part, f32({2}, {1, 2})), FG_E_INVALID, FG_R_BOUNDS, "around the captured tensor");
  check(g->replay());  // Nothing has changed.
  EXPECT_EQ(values_of<float>(y), (Floats{2, 3, 4, 5}));
}

TEST_P(Graphs, WhatCannotBeCapturedNamesTheOperator) {
  const Tensor x = f32({2}, {1, 0});
  begin();
  get("neg", x);
  expect_error(run("nonzero", x), FG_E_CAPTURE, FG_R_OTHER, "nonzero");
  expect_error(core::end_capture(), FG_E_CAPTURE, FG_R_OTHER, "nonzero");
  begin();
  float to[2];
  expect_error(core::copy_to_host(x, std::as_writable_bytes(std::span(to))), FG_E_CAPTURE, FG_R_OTHER,
               "the application copies to the host");
  static FakeDevice& other = *new FakeDevice({}, "elsewhere:0");
  const Tensor far = tensor_of(other.device(), FG_F32, {2}, Floats{1, 2});
  expect_error(run("neg", far), FG_E_CAPTURE, FG_R_DEVICE, "neg runs on elsewhere:0");
  expect_error(core::end_capture(), FG_E_CAPTURE, FG_R_DEVICE, "neg runs on elsewhere:0");
  get("neg", far);  // After the capture all is as before.
}

TEST_P(Graphs, AFailedCallLeavesNothingBehind) {
  const Tensor x = f32({2}, {1, 2});
  const Tensor longer = f32({3}, {1, 2, 3});
  begin();
  const Tensor y = get("neg", x);
  EXPECT_FALSE(run("add", x, longer).has_value());
  fake().next_launch = FG_E_OOM_HOST;
  EXPECT_FALSE(run("exp", x).has_value());
  const auto g = end();
  EXPECT_EQ(g->launches(), 1u);
  check(g->replay());
  EXPECT_EQ(values_of<float>(y), (Floats{-1, -2}));
}

TEST_P(Graphs, StatesAreChecked) {
  expect_error(core::end_capture(), FG_E_STATE, FG_R_OTHER, "never began");
  begin();
  expect_error(core::begin_capture(fake().device()), FG_E_STATE, FG_R_OTHER, "already");
  const auto empty = end();
  check(empty->replay());
  begin();
  expect_error(empty->replay(), FG_E_CAPTURE, FG_R_OTHER, "inside a capture");
  check(core::drop_capture());
}

TEST_P(Graphs, OtherThreadsRunAndReplay) {
  const Tensor x = f32({2}, {1, 2});
  begin();
  const Tensor y = get("add", x, 1);
  std::thread([&] { get("neg", x); }).join();  // Not of this capture.
  const auto g = end();
  EXPECT_EQ(g->launches(), 1u);
  const Tensor n = f32({1}, {0});
  begin();
  check(run_inplace("add", n, 1));
  const auto counter = end();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) check(counter->replay());
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(values_of<float>(n), (Floats{201}));
}

TEST_P(Graphs, AFailedReplaySaysWhere) {
  const Tensor x = f32({2}, {1, 2});
  begin();
  get("neg", x);
  const auto g = end();
  fake().next_launch = FG_E_OOM_DEVICE;
  const auto r = g->replay();
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().status, FG_E_OOM_DEVICE);
  EXPECT_NE(r.error().message.find("replay"), std::string::npos) << r.error().message;
  check(g->replay());
}

TEST_P(Graphs, CountersTellReplaysFromLaunches) {
  const Tensor x = f32({2}, {1, 2});
  begin();
  get("neg", get("neg", x));
  const auto g = end();
  const auto before = core::counter_sums();
  check(g->replay());
  const auto after = core::counter_sums();
  using C = core::ThreadCounters;
  EXPECT_EQ(after[C::graph_replays], before[C::graph_replays] + 1);
  EXPECT_EQ(after[C::graph_launches], before[C::graph_launches] + 2);
  EXPECT_EQ(after[C::launches], before[C::launches]);
  EXPECT_EQ(after[C::calls], before[C::calls]);
}

INSTANTIATE_TEST_SUITE_P(Ways, Graphs,
                         testing::Values(Kind{"plain", ReplayWay::launches, true},
                                         Kind{"plain_async", ReplayWay::launches, false},
                                         Kind{"batch", ReplayWay::batch, false},
                                         Kind{"graph", ReplayWay::graph, false}),
                         [](const auto& i) { return std::string(i.param.name); });

TEST(GraphTables, AreUsedAndGivenBack) {
  static FakeDevice& batch = *new FakeDevice({.batch = true}, "tables_batch:0");
  static FakeDevice& graph = *new FakeDevice({.batch = true, .graph = true}, "tables_graph:0");
  const auto capture = [](FakeDevice& d) {
    const Tensor x = tensor_of(d.device(), FG_F32, {2}, Floats{1, 2});
    check(core::begin_capture(d.device()));
    get("neg", get("neg", x));
    return core::end_capture().value();
  };
  check(capture(batch)->replay());
  EXPECT_EQ(batch.submits, 1);
  {
    const auto g = capture(graph);
    check(g->replay());
    EXPECT_EQ(graph.graphs, 1);
    EXPECT_EQ(graph.graph_launches, 1);
    EXPECT_EQ(graph.submits, 0);
  }
  EXPECT_EQ(graph.graphs, 0);
  graph.next_build = FG_E_UNSUPPORTED;  // A list that the plugin will not build goes the next way.
  EXPECT_EQ(capture(graph)->way(), ReplayWay::batch);
}

TEST(GraphTables, KernelsMustBeCapturable) {
  static FakeDevice& d = *new FakeDevice({.capturable = false}, "uncapturable:0");
  const Tensor x = tensor_of(d.device(), FG_F32, {1}, Floats{1});
  check(core::begin_capture(d.device()));
  expect_error(run("neg", x), FG_E_CAPTURE, FG_R_OTHER, "neg on uncapturable:0: kernel fake cannot be captured");
  expect_error(core::end_capture(), FG_E_CAPTURE, FG_R_OTHER, "neg");
}

}  // namespace
}  // namespace fg::test
