// SPDX-License-Identifier: Apache-2.0
//
// Graphs of forty nodes, each of which adds 1 to what the one before made.

#include "plugins/vulkan/graph.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "fg/sdk/kernel_table.hpp"
#include "plugins/gpu/launch.hpp"
#include "tests/unit/vulkan/on_device.hpp"

namespace fg::vulkan {
namespace {

constexpr std::int64_t kElements = 1000;
constexpr std::uint32_t kNodes = 40;

struct Adding {
  const gpu::Program* program;
};

std::atomic<int> g_launches{0};

// out = in + 1
Result<void> add_one(const Adding& k, const sdk::Launch& l) {
  ++g_launches;
  if (l.out().byte_offset % 16 != 0) return invalid("the test's kernel wants 16 bytes", FG_R_ALIGNMENT, 0);
  return gpu::enqueue(l, *k.program, {gpu::ref(l.out()), gpu::ref(l.in())}, {kElements}, 4);
}

class OnGraph : public OnDevice {
 protected:
  // False: no device.  A chain: node k reads what k - 1 wrote, the first memory_[0].
  bool build() {
    if (!open()) return false;
    gpu::Source s;
    s.name = "add_one";
    s.buffers = {{"y", FG_I32, gpu::Access::write}, {"x", FG_I32}};
    s.params = {{gpu::ParamType::i64, "count"}};
    s.wide_index = true;
    s.body = "idx at = GROUP_ID * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (at < count) y_store(at, x_load(at) + 1);\n";
    const auto program = device().programs().get(s);
    EXPECT_TRUE(program) << program.error().message;
    kernel_ = sdk::make_kernel<add_one>(Adding{*program});
    for (std::uint32_t k = 0; k <= kNodes; ++k) memory_.push_back(buffer(FG_MEM_STAGING, kElements * 4));
    for (std::uint32_t k = 0; k < kNodes; ++k) {
      tensors_.push_back({tensor(*memory_[k + 1]), tensor(*memory_[k])});
      launches_.push_back({});
    }
    std::vector<fg_graph_node> nodes;
    for (std::uint32_t k = 0; k < kNodes; ++k) {
      launches_[k].t = tensors_[k].data();
      launches_[k].n_out = launches_[k].n_in = 1;
      nodes.push_back({kernel_.get(), &launches_[k], nullptr, 0, 0});
    }
    g_launches = 0;
    auto made = device().make_graph(nullptr, nodes);
    EXPECT_TRUE(made) << made.error().message;
    graph_ = std::move(*made);
    stream_ = stream();
    stream_->device = &device();
    timeline_ = timeline();
    return true;
  }
  fg_tensor tensor(fg_buffer& b) const {
    fg_tensor t{};
    t.buffer = &b;
    t.shape = &kCount;
    t.stride = &kOne;
    t.ndim = 1;
    t.dtype = FG_I32;
    return t;
  }
  static fg_rebind to(std::uint32_t node, std::uint32_t which, fg_buffer& b, std::uint64_t offset = 0) {
    return {node, which, &b, nullptr, offset};
  }
  void set(fg_buffer& b, std::int32_t x) { std::fill_n(static_cast<std::int32_t*>(b.host), kElements, x); }
  static std::int32_t at(const fg_buffer& b, int k) { return static_cast<const std::int32_t*>(b.host)[k]; }
  void finish_all() { finish(*stream_, *timeline_, ++step_); }
  std::uint64_t recorded() const { return static_cast<const Graph&>(*graph_).recorded(); }
  fg_buffer& last() { return *memory_.back(); }

  static constexpr std::int64_t kCount = kElements, kOne = 1;
  sdk::PreparedKernel kernel_;
  std::vector<std::unique_ptr<fg_buffer>> memory_;
  std::vector<std::array<fg_tensor, 2>> tensors_;
  std::vector<fg_launch> launches_;
  std::unique_ptr<fg_stream> stream_;
  std::unique_ptr<fg_timeline> timeline_;
  std::unique_ptr<fg_graph> graph_;
  std::uint64_t step_ = 0;

  void TearDown() override {
    graph_.reset();
    stream_.reset();
    timeline_.reset();
    memory_.clear();
    OnDevice::TearDown();
  }
};

TEST_F(OnGraph, IsRecordedOnceAndReplayed) {
  if (!build()) return;
  const std::uint64_t parts = recorded();
  EXPECT_GT(parts, 1u);
  EXPECT_LT(parts, kNodes);
  EXPECT_EQ(g_launches, static_cast<int>(kNodes));
  for (int round = 1; round < 4; ++round) {
    set(*memory_[0], 100 * round);
    ASSERT_TRUE(graph_->launch(*stream_, {}));
    finish_all();
    EXPECT_EQ(at(last(), 0), 100 * round + static_cast<int>(kNodes));
    EXPECT_EQ(at(last(), kElements - 1), 100 * round + static_cast<int>(kNodes));
  }
  EXPECT_EQ(recorded(), parts);
  EXPECT_EQ(g_launches, static_cast<int>(kNodes)) << "a replay launches nothing";
}

TEST_F(OnGraph, StandsInOrderWithTheWorkAroundIt) {
  if (!build()) return;
  const auto between = buffer(FG_MEM_DEVICE, kElements * 4);
  set(*memory_[0], 0);
  for (int round = 0; round < 5; ++round) {  // last -> between -> first, without a wait
    ASSERT_TRUE(graph_->launch(*stream_, {}));
    ASSERT_TRUE(stream_->copy({between.get(), 0}, {&last(), 0}, kElements * 4));
    ASSERT_TRUE(stream_->copy({memory_[0].get(), 0}, {between.get(), 0}, kElements * 4));
  }
  ASSERT_TRUE(graph_->launch(*stream_, {}));
  finish_all();
  EXPECT_EQ(at(last(), 17), 6 * static_cast<int>(kNodes));
}

TEST_F(OnGraph, ARebindRecordsItsPartAlone) {
  if (!build()) return;
  const std::uint64_t parts = recorded();
  const auto other = buffer(FG_MEM_STAGING, kElements * 8), out = buffer(FG_MEM_STAGING, kElements * 4);
  set(*memory_[0], 1);
  std::fill_n(static_cast<std::int32_t*>(other->host), 2 * kElements, 500);
  const std::array there{to(0, 1, *other, 64)};
  ASSERT_TRUE(graph_->launch(*stream_, there));
  finish_all();
  EXPECT_EQ(at(last(), 3), 500 + static_cast<int>(kNodes));
  EXPECT_EQ(recorded(), parts + 1);
  ASSERT_TRUE(graph_->launch(*stream_, there));
  EXPECT_EQ(recorded(), parts + 1) << "the same list again";
  const std::array both{to(0, 1, *other, 64), to(kNodes - 1, 0, *out)};
  ASSERT_TRUE(graph_->launch(*stream_, both));
  EXPECT_EQ(recorded(), parts + 2);
  ASSERT_TRUE(graph_->launch(*stream_, {}));  // as captured
  EXPECT_EQ(recorded(), parts + 4);
  finish_all();
  EXPECT_EQ(at(*out, 3), 500 + static_cast<int>(kNodes));
  EXPECT_EQ(at(last(), 3), 1 + static_cast<int>(kNodes));
}

// Command buffers in use are not written: replays with other memory may follow at once.
TEST_F(OnGraph, RebindsDoNotWait) {
  if (!build()) return;
  std::vector<std::unique_ptr<fg_buffer>> in, out;
  for (int k = 0; k < 24; ++k) {
    in.push_back(buffer(FG_MEM_STAGING, kElements * 4));
    out.push_back(buffer(FG_MEM_STAGING, kElements * 4));
    set(*in.back(), 1000 * k);
  }
  const auto gate = timeline();
  ASSERT_TRUE(stream_->wait(*gate, 1));  // all are held back
  for (std::size_t k = 0; k < in.size(); ++k) {
    const std::array list{to(0, 1, *in[k]), to(kNodes - 1, 0, *out[k])};
    ASSERT_TRUE(graph_->launch(*stream_, list));
  }
  EXPECT_GE(stream_->pending(), in.size() * kNodes);
  ASSERT_TRUE(gate->host_signal(1));
  finish_all();
  for (std::size_t k = 0; k < in.size(); ++k)
    EXPECT_EQ(at(*out[k], 5), 1000 * static_cast<int>(k) + static_cast<int>(kNodes)) << k;
}

TEST_F(OnGraph, TwoStreamsReplayItInTurns) {
  if (!build()) return;
  const auto second = stream();
  second->device = &device();
  set(*memory_[0], 7);
  for (std::uint64_t k = 0; k < 10; ++k) {
    fg_stream& s = k % 2 == 0 ? *stream_ : *second;
    ASSERT_TRUE(s.wait(*timeline_, step_));
    ASSERT_TRUE(graph_->launch(s, {}));
    ASSERT_TRUE(s.signal(*timeline_, ++step_));
  }
  EXPECT_TRUE(*timeline_->host_wait(step_, -1));
  EXPECT_EQ(at(last(), 0), 7 + static_cast<int>(kNodes));
  graph_.reset();  // before the streams
}

TEST_F(OnGraph, MistakesAreSaidAndForgotten) {
  if (!build()) return;
  const std::array beyond{to(kNodes, 0, last())};
  const auto r = graph_->launch(*stream_, beyond);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().message.find("node 40, there are 40 nodes"), std::string::npos) << r.error().message;
  const auto odd = buffer(FG_MEM_STAGING, kElements * 8);
  const std::array unaligned{to(20, 0, *odd, 4), to(21, 1, *odd, 4)};
  const auto refused = graph_->launch(*stream_, unaligned);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, static_cast<fg_reason>(FG_R_ALIGNMENT));
  EXPECT_NE(refused.error().message.find("launch 20 of a graph"), std::string::npos) << refused.error().message;
  set(*memory_[0], 3);
  ASSERT_TRUE(graph_->launch(*stream_, {}));
  finish_all();
  EXPECT_EQ(at(last(), 9), 3 + static_cast<int>(kNodes));
}

}  // namespace
}  // namespace fg::vulkan
