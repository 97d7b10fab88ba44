// SPDX-License-Identifier: Apache-2.0
//
// The tuner against a plugin whose launches take as long as its parameters say.

#include "core/tuning/tuner.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "core/tuning/apply.hpp"

namespace fg::test {
namespace {

// A kernel "work" with tile 1, 2, 4, 8 (default 2) and a switch.  Tile 8 is fastest and wrong, tile 4 the
// fastest of the right ones, tile 1 fails when it is set.
struct Plugin {
  std::int64_t tile = 2, on = 0;
  std::uint64_t launches = 0;
} g_plugin;
std::chrono::steady_clock::time_point g_now;  // Launches alone take time.

fg_status points(fg_instance*, std::uint32_t, fg_tune_visit_fn visit, void* ctx, fg_error*) noexcept {
  static constexpr std::int64_t kTiles[] = {1, 2, 4, 8}, kSwitch[] = {0, 1};
  static constexpr fg_tune_param kParams[] = {{"tile", kTiles, 4, 1}, {"on", kSwitch, 2, 0}};
  const fg_tune_point p{"work", "f16 row", 42, kParams, 2, 0, g_plugin.launches};
  if (g_plugin.launches > 0) visit(ctx, &p);
  const fg_tune_point unused{"fill", "arguments", 1, kParams, 2, 0, 3};  // Met, but not by the work.
  visit(ctx, &unused);
  return FG_OK;
}
fg_status set(fg_instance*, std::uint32_t, const char*, std::uint64_t, const char*, const std::int64_t* v,
              std::uint32_t n, fg_error*) noexcept {
  if (n == 2 && v[0] == 1) return FG_E_INVALID;
  g_plugin.tile = n == 2 ? v[0] : 2;
  g_plugin.on = n == 2 ? v[1] : 0;
  return FG_OK;
}
const void* get_table(fg_instance*, const char* id) noexcept {
  static constexpr fg_tune_table kTable{{sizeof(fg_tune_table), 0, nullptr}, points, set};
  return std::string_view(id) == FG_TABLE_TUNE ? &kTable : nullptr;
}
const void* no_table(fg_instance*, const char*) noexcept { return nullptr; }

core::TuningWork work() {
  return {[]() -> Result<void> {
            ++g_plugin.launches;
            g_now += std::chrono::milliseconds(8 / g_plugin.tile + 2 * g_plugin.on);
            return {};
          },
          []() -> Result<std::vector<float>> {
            const float rounded = 1.0f + 0.001f * static_cast<float>(g_plugin.tile);
            return std::vector<float>{g_plugin.tile == 8 ? -1.0f : rounded, 100.0f};
          }};
}

class TunerTest : public testing::Test {
 protected:
  TunerTest() {
    std::string name = (std::filesystem::temp_directory_path() / "fg-tuner-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    api_.name = "acme";
    api_.build_id = "1";
    api_.get_table = get_table;
    device_.api = &api_;
    device_.name = "acme:0";
    device_.info.caps = FG_D_SYNCHRONOUS;
    g_plugin = {};
  }
  ~TunerTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  fg_api api_{};
  core::Device device_;
};

TEST_F(TunerTest, KeepsTheFastestOfTheRightOnes) {
  auto store = core::TuningStore::open(folder_);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  auto tuner = core::Tuner::make(&device_, *store, [] { return g_now; });
  ASSERT_TRUE(tuner.has_value());
  const auto tuned = tuner->tune(work());
  ASSERT_TRUE(tuned.has_value()) << tuned.error().message;
  ASSERT_EQ(tuned->size(), 1u);
  const core::TunedPoint& t = (*tuned)[0];
  EXPECT_EQ(t.row.values, (std::vector<std::int64_t>{4, 0}));
  EXPECT_EQ(t.parameters, (std::vector<std::string>{"tile", "on"}));
  EXPECT_FALSE(t.is_default);
  EXPECT_EQ(t.tried, 7u);
  EXPECT_EQ(t.wrong, 4u);  // Tiles 1 and 8, with and without the switch.
  EXPECT_LT(t.row.best_us, t.row.default_us);
  EXPECT_EQ(g_plugin.tile, 4) << "the best is set at the end";
  EXPECT_TRUE(tuner->tune(work())->empty()) << "a point is tuned once";

  g_plugin = {};  // The next process.
  EXPECT_EQ(core::apply_tuning(device_, folder_), 1u);
  EXPECT_EQ(g_plugin.tile, 4);
}

TEST_F(TunerTest, APluginWithoutTheTableSaysSo) {
  auto store = core::TuningStore::open(folder_);
  ASSERT_TRUE(store.has_value());
  api_.get_table = no_table;
  const auto tuner = core::Tuner::make(&device_, *store);
  ASSERT_FALSE(tuner.has_value());
  EXPECT_EQ(tuner.error().status, FG_E_UNSUPPORTED);
  EXPECT_NE(tuner.error().message.find("fg.tune/1"), std::string::npos);
}

}  // namespace
}  // namespace fg::test
