// SPDX-License-Identifier: Apache-2.0
#include "core/registry/search.hpp"

#include <gmock/gmock.h>

#include "core/registry/permissions.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Environment env(std::map<std::string, std::string> values, bool elevated = false) {
  return Environment(std::move(values), elevated);
}

std::vector<std::string> paths(const SearchPlan& plan) {
  std::vector<std::string> out;
  for (const SearchFolder& f : plan.folders) out.push_back(f.path);
  return out;
}

TEST(Search, OrderIsApiEnvironmentConfiguration) {
  Config config;
  config.plugin_path = {"/opt/acme", "/b"};
  const SearchPlan plan = plan_search({"/api/"}, env({{"FG_PLUGIN_PATH", "/a:/b"}}), config, false);
  EXPECT_THAT(paths(plan), ElementsAre("/api", "/a", "/b", "/opt/acme"));
  EXPECT_TRUE(plan.notices.empty());
}

TEST(Search, EmptyAndRelativeElementsAreIgnoredWithANotice) {
  const SearchPlan plan = plan_search({}, env({{"FG_PLUGIN_PATH", ":plugins:./x:/a:"}}), {}, false);
  EXPECT_THAT(paths(plan), ElementsAre("/a"));
  EXPECT_EQ(plan.notices.size(), 4u);
}

TEST(Search, EnvironmentIsIgnoredWhenElevated) {
  const SearchPlan plan = plan_search({}, env({{"FG_PLUGIN_PATH", "/a"}}, true), {}, false);
  EXPECT_TRUE(plan.folders.empty());
  ASSERT_EQ(plan.notices.size(), 1u);
  EXPECT_THAT(plan.notices[0], HasSubstr("elevated"));
}

TEST(Search, SystemFoldersAreAbsoluteAndStartBesideTheCore) {
  const SearchPlan plan = plan_search({}, env({}), {}, true);
  ASSERT_FALSE(plan.folders.empty());
  EXPECT_EQ(plan.folders.front().origin, "beside the core");
  EXPECT_EQ(plan.folders.front().path, fs::canonical("/proc/self/exe").parent_path().string() + "/fg/plugins");
  EXPECT_EQ(plan.folders.back().path, "/usr/local/lib/fg/plugins");
  for (const SearchFolder& f : plan.folders) EXPECT_TRUE(f.path.starts_with('/')) << f.path;
}

TEST(Search, FindsPluginFilesOnly) {
  const TempDir dir;
  for (const char* name : {"libfg_b.so", "libfg_a.so", "libother.so", "libfg_c.so.1", "libfg_a.yaml"}) {
    write_file(dir.path() / name, "x");
  }
  fs::create_symlink("/nowhere", dir.path() / "libfg_dangling.so");
  EXPECT_THAT(plugins_in(dir.path()),
              ElementsAre(dir.str("libfg_a.so"), dir.str("libfg_b.so"), dir.str("libfg_dangling.so")));
  EXPECT_TRUE(plugins_in("/nowhere").empty());
}

TEST(Permissions, FileAndEveryFolderAboveAreLookedAt) {
  const TempDir dir;
  const fs::path file = dir.path() / "sub/file";
  write_file(file, "x");
  fs::permissions(dir.path() / "sub", fs::perms::owner_all);
  fs::permissions(file, fs::perms::owner_read | fs::perms::others_write);
  EXPECT_THAT(writable_by_others(file).value_or(""), HasSubstr("sub/file is writable by others (mode 0402)"));
  fs::permissions(file, fs::perms::owner_read);
  fs::permissions(dir.path() / "sub", fs::perms::owner_all | fs::perms::group_write);
  EXPECT_THAT(writable_by_others(file).value_or(""), HasSubstr("/sub is writable by others"));
  EXPECT_TRUE(writable_by_others("relative/path"));
  EXPECT_TRUE(writable_by_others("/nowhere/at/all"));
  // A file that every system keeps to itself.
  EXPECT_EQ(writable_by_others(fs::canonical("/bin/sh")), std::nullopt);
}

class Permission : public RegistryTest {
 protected:
  void SetUp() override { fs::permissions(install("stub_none"), fs::perms::owner_all | fs::perms::others_write); }
};

TEST_F(Permission, WritablePluginLoadsWithANotice) {
  const auto registry = make();
  const Candidate c = candidate_named(*registry, "stub_none");
  EXPECT_EQ(c.state, CandidateState::loaded);
  EXPECT_TRUE(has_notice(c, "WRITABLE_BY_OTHERS"));
}

TEST_F(Permission, StrictSecurityRefusesIt) {
  configure("security: strict\n");
  const Candidate c = candidate_named(*make(), "stub_none");
  EXPECT_EQ(c.state, CandidateState::refused);
  EXPECT_EQ(c.reason, Refusal::permissions);
  EXPECT_THAT(c.text, HasSubstr("writable by others"));
}

TEST_F(Permission, ElevatedProcessRefusesIt) {
  Registry registry(options(true));
  EXPECT_TRUE(registry.candidates().empty()) << "FG_PLUGIN_PATH is not read";
  Registry named(options(true));
  const auto loaded = named.load_plugin(dir_.str("plugins/libfg_stub_none.so"));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("PERMISSIONS"));
}

}  // namespace
}  // namespace fg::core::testing
