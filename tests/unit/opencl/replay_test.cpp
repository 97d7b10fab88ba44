// SPDX-License-Identifier: Apache-2.0
//
// Graphs whose nodes are y = x + by or y = x * by, and how many launches a replay is.

#include "plugins/gpu/replay.hpp"

#include <array>

#include "plugins/gpu/launch.hpp"
#include "tests/unit/opencl/support.hpp"

namespace fg::test {
namespace {

constexpr std::int64_t kElements = 300, kOne = 1, kFar = 4096;

struct Step {
  const gpu::Program* program;
  std::int32_t by;
};

Result<void> run_step(const Step& s, const sdk::Launch& l) {
  const auto items = gpu::itemwise({l.raw().t, 2}, 1, {kElements, 1, 1});
  return gpu::enqueue(l, *s.program, std::array{gpu::ref(l.out()), gpu::ref(l.in())},
                      std::array<gpu::Value, 2>{kElements, s.by}, 2, items ? &*items : nullptr);
}

Result<void> run_fill(const Step& s, const sdk::Launch& l) {
  return l.raw().stream->fill(gpu::ref(l.out()), 4 * kElements, static_cast<std::uint32_t>(s.by));
}

class OpenClReplay : public OpenClTest {
 protected:
  bool open() {
    host_.options.try_emplace("merge_launches", "true");
    if (!have_device()) return false;
    stream_ = stream();
    stream_->device = &device();
    // Both have a helper of the same name.
    add_ = program("FN i32 both(i32 a, i32 b) { return a + b; }\n");
    multiply_ = program("FN i32 both(i32 a, i32 b) { return a * b; }\n");
    return true;
  }
  const gpu::Program* program(const std::string& functions) {
    constexpr std::array kTypes{FG_I32, FG_I32};
    auto s = gpu::parse_source("step",
                               "//@out y\n//@in x\n//@param idx count\n//@param i32 by\n//@main\n"
                               "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\n"
                               "if (at < count) y_store(at, both(x_load(at), by));\n",
                               kTypes);
    s->functions = functions;
    s->helpers = {"both"};
    auto made = device().programs().get(*s);
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  std::unique_ptr<fg_buffer> line(std::int32_t value, std::uint64_t elements = kElements) {
    auto b = buffer(4 * elements);
    EXPECT_TRUE(stream_->fill({b.get(), 0}, 4 * elements, static_cast<std::uint32_t>(value)));
    return b;
  }
  static fg_tensor tensor(fg_buffer& b, std::uint64_t element = 0) {
    fg_tensor t{};
    t.buffer = &b;
    t.byte_offset = 4 * element;
    t.shape = &kElements;
    t.stride = &kOne;
    t.ndim = 1;
    t.dtype = FG_I32;
    return t;
  }
  void node(const fg_tensor& to, const fg_tensor& from, const gpu::Program* program, std::int32_t by) {
    kernels_.push_back(program != nullptr ? sdk::make_kernel<run_step>(Step{program, by})
                                          : sdk::make_kernel<run_fill>(Step{program, by}));
    tensors_.push_back({to, from});
  }
  // How many launches a replay of the nodes is.
  std::size_t build() {
    launches_.resize(kernels_.size());
    std::vector<fg_graph_node> nodes;
    for (std::size_t k = 0; k < kernels_.size(); ++k) {
      launches_[k].t = tensors_[k].data();
      launches_[k].n_out = launches_[k].n_in = 1;
      nodes.push_back({kernels_[k].get(), &launches_[k], nullptr, 0, 0});
    }
    auto made = device().make_graph(nullptr, nodes);
    EXPECT_TRUE(made) << made.error().message;
    graph_ = std::move(*made);
    return enqueued();
  }
  std::size_t enqueued() const { return static_cast<const gpu::ReplayGraph&>(*graph_).enqueued(); }
  void replay(std::span<const fg_rebind> rebinds = {}) {
    const auto r = graph_->launch(*stream_, rebinds);
    ASSERT_TRUE(r) << r.error().message;
  }
  void expect(fg_buffer& b, std::int32_t value) {
    EXPECT_EQ(read<std::int32_t>(*stream_, b, kElements), std::vector<std::int32_t>(kElements, value));
  }
  void TearDown() override {
    graph_.reset();
    stream_.reset();
  }

  std::unique_ptr<fg_stream> stream_;
  const gpu::Program *add_ = nullptr, *multiply_ = nullptr;
  std::vector<sdk::PreparedKernel> kernels_;
  std::vector<std::array<fg_tensor, 2>> tensors_;
  std::vector<fg_launch> launches_;
  std::unique_ptr<fg_graph> graph_;
};

TEST_F(OpenClReplay, AHundredStepsAreFewLaunches) {
  for (const char* addresses : {"false", "true"}) {
    host_.options["addresses"] = addresses;
    if (!open()) return;
    const auto x = line(5), y = line(0);
    for (int k = 0; k < 100; ++k) node(tensor(*y), tensor(k == 0 ? *x : *y), add_, k);
    EXPECT_LE(build(), 7u) << "16 a launch with a device of 1024 bytes of arguments";
    for (int round = 0; round < 2; ++round) replay();
    expect(*y, 5 + 4950);
    kernels_.clear();
    tensors_.clear();
    TearDown();
  }
}

TEST_F(OpenClReplay, ProgramsTakeTurns) {
  if (!open()) return;
  const auto x = line(1), y = line(0), z = line(0);
  for (int k = 0; k < 5; ++k) {
    node(tensor(*y), tensor(k == 0 ? *x : *z), add_, 2);
    node(tensor(*z), tensor(*y), multiply_, 3);
  }
  EXPECT_EQ(build(), 1u);
  replay();
  std::int32_t value = 1;
  for (int k = 0; k < 5; ++k) value = 3 * (value + 2);
  expect(*z, value);
  expect(*y, value / 3);
}

TEST_F(OpenClReplay, ProgramsInNoOrderAreOneLaunchToo) {
  if (!open()) return;
  const auto x = line(7), y = line(0);
  const gpu::Program* list[] = {add_, add_, multiply_, add_, multiply_, multiply_};
  std::int32_t value = 7;
  for (const gpu::Program* p : list) {
    node(tensor(*y), tensor(p == list[0] && value == 7 ? *x : *y), p, 3);
    value = p == add_ ? value + 3 : value * 3;
  }
  EXPECT_EQ(build(), 1u);
  replay();
  expect(*y, value);
}

TEST_F(OpenClReplay, WhatOtherWorkItemsWroteIsAnotherLaunch) {
  if (!open()) return;
  const auto x = line(1, kElements + 1), y = line(0, kElements + 1), z = line(0);
  node(tensor(*y), tensor(*x), add_, 1);
  node(tensor(*z), tensor(*y, 1), add_, 1);
  node(tensor(*x), tensor(*z), add_, 1);
  EXPECT_EQ(build(), 2u) << "the second reads one element on";
  replay();
  auto got = read<std::int32_t>(*stream_, *x, kElements);
  EXPECT_EQ(got.front(), 4);
  EXPECT_EQ(got.back(), 2) << "what stood behind y";
}

TEST_F(OpenClReplay, OtherWorkEndsALaunch) {
  if (!open()) return;
  const auto x = line(1), y = line(0);
  node(tensor(*y), tensor(*x), add_, 1);
  node(tensor(*y), tensor(*y), add_, 1);
  node(tensor(*x), tensor(*y), nullptr, 9);
  node(tensor(*y), tensor(*y), add_, 1);
  node(tensor(*y), tensor(*x), add_, 1);
  EXPECT_EQ(build(), 3u);
  replay();
  expect(*y, 10);
}

TEST_F(OpenClReplay, LargeLaunchesAreNotMerged) {
  if (!open()) return;
  const auto x = line(1), y = line(0, kElements * kFar);
  fg_tensor far = tensor(*y);
  far.stride = &kFar;
  for (int k = 0; k < 4; ++k) node(far, tensor(*x), add_, k);
  EXPECT_EQ(build(), 4u);
}

TEST_F(OpenClReplay, ARebindIsLookedAtAnew) {
  if (!open()) return;
  const auto x = line(1), y = line(0, kElements + 1), w = line(5), z = line(0);
  node(tensor(*y), tensor(*x), add_, 1);
  node(tensor(*z), tensor(*w), add_, 1);
  EXPECT_EQ(build(), 1u);
  replay();
  expect(*z, 6);
  const std::array shifted{fg_rebind{1, 1, y.get(), nullptr, 4}}, same{fg_rebind{1, 1, y.get(), nullptr, 0}};
  replay(shifted);
  EXPECT_EQ(enqueued(), 2u);
  EXPECT_EQ(read<std::int32_t>(*stream_, *z, kElements).front(), 3);
  replay(same);
  EXPECT_EQ(enqueued(), 1u);
  expect(*z, 3);
  replay(shifted);
  replay();
  EXPECT_EQ(enqueued(), 1u);
  expect(*z, 6);
}

TEST_F(OpenClReplay, AnOptionSwitchesItOff) {
  host_.options["merge_launches"] = "false";
  if (!open()) return;
  const auto x = line(1), y = line(0);
  for (int k = 0; k < 9; ++k) node(tensor(*y), tensor(k == 0 ? *x : *y), add_, k);
  EXPECT_EQ(build(), 9u);
  replay();
  expect(*y, 37);
}

TEST_F(OpenClReplay, ProcessorsDoNotMergeUnlessTold) {
  if (!have_device()) return;
  const bool few = device().features().few_kernels;
  stream_ = stream();
  stream_->device = &device();
  add_ = program("FN i32 both(i32 a, i32 b) { return a + b; }\n");
  const auto y = line(1);
  for (int k = 0; k < 4; ++k) node(tensor(*y), tensor(*y), add_, k);
  EXPECT_EQ(build(), few ? 4u : 1u);
}

}  // namespace
}  // namespace fg::test
