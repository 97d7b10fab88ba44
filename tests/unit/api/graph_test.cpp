// SPDX-License-Identifier: Apache-2.0
//
// Captures through the applications' API, on the cpu plugin.

#include <gtest/gtest.h>

#include <fg/fg.hpp>

namespace {

using Floats = std::vector<float>;

// What one layer of a model does: products, a norm, an activation, attention.
fg::Tensor layer(const fg::Tensor& x, const fg::Tensor& w) {
  const auto h = fg::rms_norm(fg::mm(x, w), {4});
  const auto q = fg::silu(h).view({1, 1, 3, 4});
  return fg::scaled_dot_product_attention(q, q, q).view({3, 4}) + x;
}

fg::Tensor ramp(float step) {
  Floats v(12);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = 0.25f + step * static_cast<float>(i);
  return fg::Tensor::from(v, {3, 4});
}

TEST(GraphApi, ALayerReplaysOnOtherTensors) {
  const auto w = fg::eye(4) + 0.5;
  const auto x = ramp(0.5f);
  fg::Capture capture;
  const auto y = layer(x, w);
  fg::Graph graph = capture.end();
  EXPECT_EQ(y.to_vector<float>(), layer(x, w).to_vector<float>());
  const auto other = ramp(-0.125f);
  graph.rebind(x, other);
  graph.replay();
  EXPECT_EQ(y.to_vector<float>(), layer(other, w).to_vector<float>());
  EXPECT_GT(graph.info().launches, 3u);
  EXPECT_EQ(graph.info().way, std::uint32_t{FG_REPLAY_LAUNCHES});
}

TEST(GraphApi, ReplaysDrawTheSameNumbers) {
  auto x = fg::Tensor::empty({8});
  fg::Generator g(7);
  fg::Capture capture;
  fg::uniform_(x, 0, 1, &g);
  fg::Graph graph = capture.end();
  const auto first = x.to_vector<float>();
  const auto offset = g.offset;
  fg::zero_(x);
  graph.replay();
  EXPECT_EQ(x.to_vector<float>(), first);
  EXPECT_EQ(g.offset, offset);
}

TEST(GraphApi, ErrorsNameTheOperator) {
  const auto x = fg::Tensor::from({1.0f, 0.0f});
  const auto one = fg::Tensor::from({1.0f});
  const auto refused = [](auto&& body, const char* text) {
    fg::Capture capture;
    try {
      body();
      ADD_FAILURE() << "captured: " << text;
    } catch (const fg::Exception& e) {
      EXPECT_EQ(e.status(), FG_E_CAPTURE);
      EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << e.what();
    }
  };
  refused([&] { fg::nonzero(x); }, "nonzero");
  refused([&] { fg::masked_select(x, x.to(fg::kBool)); }, "masked_select");
  refused([&] { one.item<float>(); }, "the application copies to the host");
  refused([&] { x.to_vector<float>(); }, "copies to the host");
  refused([&] { fg::Tensor::from({1.0f}); }, "writes from the host");
  EXPECT_EQ(fg::neg(x).to_vector<float>(), (Floats{-1, 0})) << "a capture that was dropped leaves nothing open";
}

TEST(GraphApi, NullsAndStates) {
  fg_error err = FG_ERROR_INIT;
  EXPECT_EQ(fg_capture_end(nullptr, &err), FG_E_STATE);
  EXPECT_EQ(fg_graph_replay(nullptr, &err), FG_E_INVALID);
  EXPECT_EQ(fg_graph_rebind(nullptr, nullptr, nullptr, &err), FG_E_INVALID);
  fg_graph_release(nullptr);
  const auto before = fg::stats();
  fg::Capture capture;
  const auto y = fg::neg(fg::full({2}, 3));
  fg::Graph graph = capture.end();
  graph.replay();
  const auto after = fg::stats();
  EXPECT_EQ(after.graph_replays, before.graph_replays + 1);
  EXPECT_EQ(after.graph_launches, before.graph_launches + graph.info().launches);
}

}  // namespace
