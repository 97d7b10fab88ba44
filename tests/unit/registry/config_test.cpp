// SPDX-License-Identifier: Apache-2.0
#include "core/config/config.hpp"

#include <gmock/gmock.h>

#include "core/config/yaml_tree.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view yaml) {
  Config config;
  const auto merged = merge_config(config, yaml, "fg.yaml");
  return merged ? "accepted" : merged.error().message;
}

TEST(Config, ReadsEveryKey) {
  Config c;
  const auto merged = merge_config(c,
                                   "vendor: [vulkan, cpu]\n"
                                   "fallback: forbid\n"
                                   "log: debug\n"
                                   "security: strict\n"
                                   "plugin_path: [/opt/acme/fg]\n"
                                   "probe: {timeout: 2.5}\n"
                                   "cache: {enabled: true, dir: /var/cache/fg, max_size: 512 MiB}\n"
                                   "deny:\n"
                                   "  - {op: sort, plugin: vulkan, reason: wrong for NaN, expires: 2999-06-30}\n"
                                   "plugins:\n"
                                   "  vulkan: {disable: false, priority: 5, options: {tile: 64}}\n"
                                   "certificates: {require: warn, keys: [" +
                                       std::string(64, '7') + "]}\n",
                                   "fg.yaml");
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(c.vendor, "vulkan,cpu");
  EXPECT_EQ(c.vendor_source, "fg.yaml:1");
  EXPECT_EQ(c.fallback, FallbackPolicy::forbid);
  EXPECT_EQ(c.log_level, FG_LOG_DEBUG);
  EXPECT_TRUE(c.strict);
  EXPECT_EQ(c.plugin_path, std::vector<std::string>{"/opt/acme/fg"});
  EXPECT_EQ(c.probe_timeout, std::chrono::milliseconds(2500));
  EXPECT_EQ(c.cache_dir, "/var/cache/fg");
  EXPECT_EQ(c.cache_max_bytes, std::uint64_t{512} << 20);
  ASSERT_EQ(c.deny.size(), 1u);
  EXPECT_EQ(c.deny[0].op, "sort");
  EXPECT_EQ(c.deny[0].plugin, "vulkan");
  EXPECT_EQ(c.plugins["vulkan"].priority, 5);
  EXPECT_EQ(c.plugins["vulkan"].options["tile"], "64");
  EXPECT_EQ(c.certificates, CertificateRule::warn);
  EXPECT_EQ(c.certificate_keys, std::vector<std::string>{std::string(64, '7')});
}

struct BadConfig {
  const char* yaml;
  const char* message;
};

TEST(Config, MistakesAreReportedWithFileLineAndExpectation) {
  const BadConfig kBad[] = {
      {"fallback: warn\nvender: cpu\n", "fg.yaml:2: unknown key vender, did you mean 'vendor'?"},
      {"fallback: maybe\n", "fg.yaml:1: expected forbid | warn | allow, not 'maybe'"},
      {"fallback: alow\n", "did you mean 'allow'?"},
      {"log: loud\n", "fg.yaml:1: expected trace | debug"},
      {"\nprobe: {timeout: .nan}\n", "fg.yaml:2: expected a number between"},
      {"probe: {timeout: nan}\n", "expected a number between"},
      {"probe: {timeout: inf}\n", "expected a number between"},
      {"probe: {timeout: -3}\n", "expected a number between 0.05 and 600, not '-3'"},
      {"probe: {timeout: [1]}\n", "not a list"},
      {"cache: {max_size: -1}\n", "fg.yaml:1: expected a size such as 4096, 512 MiB or 2 GB, not '-1'"},
      {"cache: {max_size: nan}\n", "expected a size"},
      {"cache: {max_size: 12 parsecs}\n", "expected a size"},
      {"cache: {max_size: 1e300}\n", "expected a size"},
      {"cache: {dir: cache}\n", "expected an absolute path, not 'cache'"},
      {"cache: {enabled: yes please}\n", "expected true or false"},
      {"plugin_path: plugins\n", "expected absolute paths"},
      {"deny: {op: sort}\n", "expected a list"},
      {"deny:\n  - {op: sort}\n", "fg.yaml:2: a denied operator needs reason"},
      {"deny:\n  - {reason: bad}\n", "needs op"},
      {"deny:\n  - {op: sort, reason: r, expires: soon}\n", "expected a date such as 2027-06-30"},
      {"deny:\n  - {op: sort, reason: r, expires: 2027-13-01}\n", "expected a date"},
      {"plugins:\n  vulkan: {priorty: 1}\n", "fg.yaml:2: unknown key priorty, did you mean 'priority'?"},
      {"plugins: {vulkan: {priority: 1.5}}\n", "expected a whole number between -1000 and 1000"},
      {"plugins: {vulkan: {priority: 99999999999999999999}}\n", "expected a whole number"},
      {"plugins: [vulkan]\n", "expected a map from plugin names"},
      {"log: warn\nlog: debug\n", "fg.yaml:2: log is given twice, first in line 1"},
      {"- a\n- b\n", "expected a map, not a list"},
      {"just text\n", "expected a map, not 'just text'"},
      {"a: [1, 2\n", "fg.yaml:2: not YAML"},
      {"a: *nowhere\n", "not YAML"},
  };
  for (const BadConfig& bad : kBad) EXPECT_THAT(error_of(bad.yaml), HasSubstr(bad.message)) << bad.yaml;
}

TEST(Config, EmptyFileIsFine) {
  EXPECT_EQ(error_of(""), "accepted");
  EXPECT_EQ(error_of("# nothing here\n"), "accepted");
}

TEST(Config, HostileYamlIsRefused) {
  // Ten levels of ten references each: 10^10 values when expanded.
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i <= 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j != 0 ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(error_of(bomb), HasSubstr("more than 100000 values"));
  EXPECT_THAT(error_of(std::string(100'000, '[')), HasSubstr("fg.yaml"));
  EXPECT_THAT(error_of(std::string(2 << 20, '#')), HasSubstr("more than 1048576 bytes"));
}

TEST(Config, ExpiredDenialHasNoEffect) {
  Config c;
  ASSERT_TRUE(merge_config(c, "deny:\n  - {op: sort, reason: old bug, expires: 2001-01-01}\n", "fg.yaml"));
  EXPECT_TRUE(c.deny.empty());
  ASSERT_EQ(c.notices.size(), 1u);
  EXPECT_THAT(c.notices[0], HasSubstr("expired on 2001-01-01"));
}

class ConfigFiles : public RegistryTest {};

TEST_F(ConfigFiles, UserWinsOverSystemButCannotLoosenSecurity) {
  configure("log: debug\nsecurity: normal\nplugins: {cpu: {priority: 3}}\n");
  write_file(dir_.path() / "etc/fg.yaml",
             "log: error\nvendor: cpu\nsecurity: strict\nprobe: {timeout: 7}\nplugins: {cpu: {priority: 1, options: "
             "{threads: 2}}}\n");
  const RegistryOptions o = options();
  const auto c = load_config(o.env, o.system_config);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->log_level, FG_LOG_DEBUG);
  EXPECT_EQ(c->vendor, "cpu");
  EXPECT_TRUE(c->strict);
  EXPECT_EQ(c->probe_timeout, std::chrono::seconds(7));
  EXPECT_EQ(c->plugins.at("cpu").priority, 3);
  EXPECT_EQ(c->plugins.at("cpu").options.at("threads"), "2");
  EXPECT_EQ(c->sources.size(), 2u);
}

TEST_F(ConfigFiles, UserPartIsIgnoredWhenElevated) {
  configure("log: debug\n");
  write_file(dir_.path() / "etc/fg.yaml", "vendor: cpu\n");
  const RegistryOptions o = options(true);
  const auto c = load_config(o.env, o.system_config);
  ASSERT_TRUE(c);
  EXPECT_FALSE(c->log_level);
  EXPECT_EQ(c->vendor, "cpu");
  EXPECT_FALSE(c->notices.empty());
}

TEST_F(ConfigFiles, NamedFileReplacesAllOthersAndMustExist) {
  configure("log: debug\n");
  write_file(dir_.path() / "mine.yaml", "log: error\n");
  set("FG_CONFIG", dir_.str("mine.yaml"));
  EXPECT_EQ(load_config(options().env, dir_.str("etc/fg.yaml"))->log_level, FG_LOG_ERROR);
  set("FG_CONFIG", dir_.str("absent.yaml"));
  const auto c = load_config(options().env, dir_.str("etc/fg.yaml"));
  ASSERT_FALSE(c);
  EXPECT_THAT(c.error().message, HasSubstr("absent.yaml: no such file"));
}

TEST_F(ConfigFiles, BrokenFileIsTheAnswerToEveryQuestion) {
  configure("vendor: cpu\nprobe: {timeout: nan}\n");
  install("stub_none");
  const auto registry = make();
  for (int i = 0; i < 2; ++i) {
    const auto device = registry->default_device();
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().status, FG_E_INVALID);
    EXPECT_THAT(device.error().message, HasSubstr("fg.yaml:2"));
  }
  EXPECT_FALSE(registry->find_device("stub_none"));
}

TEST(Environment, PageListsWhatTheCodeReads) {
  const std::string page = read_file(FG_ENVIRONMENT_PAGE);
  for (const EnvVariable& v : env_variables()) EXPECT_THAT(page, HasSubstr("`" + std::string(v.name) + "`"));
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = page.find("\n| `", at)) != std::string::npos; ++at) ++rows;
  EXPECT_EQ(rows, env_variables().size());
}

TEST(Refusals, PageExplainsEveryReason) {
  const std::string page = read_file(FG_SOURCE_DIR "/docs/plugins-and-devices.md");
  for (int i = 1; i <= static_cast<int>(Refusal::name_taken); ++i) {
    const std::string name(refusal_name(static_cast<Refusal>(i)));
    EXPECT_THAT(page, HasSubstr("| `" + name + "` |"));
    EXPECT_EQ(refusal_from_name(name), static_cast<Refusal>(i));
  }
}

TEST(Environment, UnknownVariablesAreNotRead) {
  using Values = std::map<std::string, std::string>;
  EXPECT_FALSE(Environment(Values{{"OTHER", "x"}}).get("OTHER"));
  const Environment elevated(Values{{"NO_COLOR", "1"}, {"FG_PLUGIN_PATH", "/x"}}, true);
  EXPECT_EQ(elevated.get("NO_COLOR"), "1");
  EXPECT_FALSE(elevated.get("FG_PLUGIN_PATH"));
  EXPECT_TRUE(elevated.hides("FG_PLUGIN_PATH"));
}

// No other file of the project reads the environment.
TEST(Environment, IsReadInOnePlace) {
  for (const char* folder : {"core", "tools/info", "plugins"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(FG_SOURCE_DIR) / folder)) {
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file() || name == "secure_env.cpp") continue;
      EXPECT_EQ(read_file(entry.path()).find("getenv("), std::string::npos) << entry.path();
    }
  }
}

}  // namespace
}  // namespace fg::core::testing
