// SPDX-License-Identifier: Apache-2.0
//
// Every value of every parameter that a device lists, on sizes that fill no tile: it compiles and gives the result of
// the plugin's own choice.  FG_TEST_DEVICE names the device.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fg/fg.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/api/api_call.hpp"
#include "core/memory/plugin_error.hpp"
#include "core/tuning/apply.hpp"

namespace {

using Values = std::vector<std::int64_t>;

struct Point {
  std::string kernel, bucket;
  std::uint64_t hash = 0, launches = 0;
  std::vector<Values> values;
  Values own;
};

class GpuTuned : public testing::Test {
 protected:
  void SetUp() override {
    const char* name = std::getenv("FG_TEST_DEVICE");
    ASSERT_NE(name, nullptr);
    device = fg::Device(name);
    raw = fg::core::from_handle(device.handle());
    table = fg::core::tune_table(*raw);
    ASSERT_NE(table, nullptr);
  }

  std::vector<Point> points() const {
    std::vector<Point> found;
    const auto visit = [](void* ctx, const fg_tune_point* p) {
      Point point{p->kernel, p->bucket, p->kernel_hash, p->launches, {}, {}};
      for (std::uint32_t k = 0; k < p->n_params; ++k) {
        const fg_tune_param& q = p->params[k];
        point.values.emplace_back(q.values, q.values + q.n_values);
        point.own.push_back(q.values[q.default_index]);
      }
      static_cast<std::vector<Point>*>(ctx)->push_back(point);
    };
    EXPECT_GE(table->points(raw->instance, raw->ordinal, visit, &found, nullptr), 0);
    return found;
  }
  void set(const Point& p, const Values& v) const {
    fg::core::PluginError error;
    const fg_status status = table->set(raw->instance, raw->ordinal, p.kernel.c_str(), p.hash, p.bucket.c_str(),
                                        v.data(), static_cast<std::uint32_t>(v.size()), error);
    ASSERT_GE(status, 0) << p.kernel << " " << p.bucket;
  }

  // One parameter after the other, and all with their last values, for the points that `run` meets.  `share`: by how
  // much of the largest a result may differ.
  void try_all(const std::set<std::string>& kernels, double share, const std::function<fg::Tensor()>& run) {
    const std::vector<Point> before = points();
    const std::vector<float> wanted = run().to_vector<float>();
    float most = 0;
    for (const float x : wanted) most = std::max(most, std::abs(x));
    std::set<std::string> met;
    for (const Point& p : points()) {
      if (!kernels.contains(p.kernel) || std::any_of(before.begin(), before.end(), [&](const Point& b) {
            return b.kernel == p.kernel && b.bucket == p.bucket && b.launches == p.launches;
          }))
        continue;
      met.insert(p.kernel);
      std::vector<Values> choices{p.own};
      for (std::size_t k = 0; k < p.values.size(); ++k) {
        for (const std::int64_t v : p.values[k]) {
          choices[0][k] = v;  // Ends as all last values.
          choices.push_back(p.own);
          choices.back()[k] = v;
        }
      }
      for (const Values& choice : choices) {
        set(p, choice);
        const std::vector<float> got = run().to_vector<float>();
        ASSERT_EQ(got.size(), wanted.size());
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < got.size(); ++i) wrong += std::abs(got[i] - wanted[i]) <= share * most ? 0 : 1;
        EXPECT_EQ(wrong, 0u) << p.kernel << " " << p.bucket << " with " << testing::PrintToString(choice);
      }
      set(p, {});
    }
    EXPECT_EQ(met, kernels);
  }

  // -2 to 2, so that sums are exact in any order.
  fg::Tensor whole_numbers(const std::vector<std::int64_t>& shape, fg::Dtype dtype, std::uint32_t seed) const {
    std::int64_t n = 1;
    for (const std::int64_t d : shape) n *= d;
    std::vector<float> values(static_cast<std::size_t>(n));
    for (float& v : values) v = static_cast<float>((seed = seed * 1664525 + 1013904223) >> 16 & 3) - 1;
    return fg::Tensor::from(values, shape, device).to(dtype);
  }

  fg::Device device;
  fg::core::Device* raw = nullptr;
  const fg_tune_table* table = nullptr;
};

TEST_F(GpuTuned, ProductsOfFewRows) {
  const fg::Tensor a = whole_numbers({3, 523}, fg::kF32, 1), b = whole_numbers({67, 523}, fg::kF32, 2);
  try_all({"product", "product_parts", "product_rows"}, 0, [&] { return fg::linear(a, b); });
}

TEST_F(GpuTuned, Products) {
  const fg::Tensor a = whole_numbers({35, 523}, fg::kF32, 3), b = whole_numbers({523, 67}, fg::kF32, 4);
  try_all({"product", "product_parts"}, 0, [&] { return fg::mm(a, b); });
}

TEST_F(GpuTuned, Reductions) {
  const fg::Tensor x = whole_numbers({37, 1043}, fg::kF32, 5);
  try_all({"reduce"}, 0, [&] { return fg::sum(x, {1}); });
  try_all({"reduce"}, 0, [&] { return fg::sum(x, {0}); });
}

TEST_F(GpuTuned, Rows) {
  const fg::Tensor x = whole_numbers({21, 523}, fg::kF32, 6);
  try_all({"rows"}, 1e-6, [&] { return fg::softmax(x, 1); });
  try_all({"rows"}, 1e-6, [&] { return fg::softmax(x, 0); });
  try_all({"rows"}, 1e-5, [&] { return fg::rms_norm(x, {523}); });
}

TEST_F(GpuTuned, Transpositions) {
  const fg::Tensor x = whole_numbers({77, 131}, fg::kF32, 7);
  try_all({"transpose"}, 0, [&] { return x.transpose(0, 1).contiguous(); });
}

// A replay has the workspace of its capture, whatever is chosen later.
TEST_F(GpuTuned, ReplaysAfterAnotherChoice) {
  const fg::Tensor a = whole_numbers({35, 523}, fg::kF32, 8), b = whole_numbers({523, 67}, fg::kF32, 9);
  const std::vector<float> wanted = fg::mm(a, b).to_vector<float>();
  const std::vector<Point> all = points();
  const auto parts = std::find_if(all.begin(), all.end(), [](const Point& p) {
    return p.kernel == "product_parts" && p.bucket == "f32 nn 64x512x64";
  });
  ASSERT_NE(parts, all.end());
  const fg::UseVendor use(std::getenv("FG_TEST_DEVICE"));
  fg::Capture capture;
  const fg::Tensor out = fg::mm(a, b);
  fg::Graph graph = capture.end();
  set(*parts, {4});
  fg::zero_(out);
  graph.replay();
  EXPECT_EQ(out.to_vector<float>(), wanted);
  EXPECT_EQ(fg::mm(a, b).to_vector<float>(), wanted);
  set(*parts, {});
}

}  // namespace
