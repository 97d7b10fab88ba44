// SPDX-License-Identifier: Apache-2.0
//
// fg-info as people and scripts meet it: output, exit codes, suggestions.

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/unit/certificate/signed.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Reply {
  int exit = -1;
  std::string out, err;
};

class Info : public RegistryTest {
 protected:
  Reply info(const std::string& arguments) {
    // fg-info meets every driver of the machine; what they keep for ever is not our leak.
    std::string command = "env -i ASAN_OPTIONS=detect_leaks=0 XDG_CONFIG_HOME=" + dir_.str("config") +
                          " XDG_CACHE_HOME=" + dir_.str("cache") + " FG_PLUGIN_PATH=" + dir_.str("plugins");
    for (const auto& [name, value] : env_) command += " '" + name + "=" + value + "'";
    command += " " FG_INFO " " + arguments + " >" + dir_.str("out") + " 2>" + dir_.str("err");
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(dir_.path() / "out"),
            read_file(dir_.path() / "err")};
  }
  nlohmann::json json(const std::string& arguments = "--json") {
    const Reply r = info(arguments);
    return nlohmann::json::parse(r.out);
  }
  static nlohmann::json plugin(const nlohmann::json& j, const std::string& name) {
    for (const auto& p : j["plugins"]) {
      if (p["name"] == name) return p;
    }
    ADD_FAILURE() << "no plugin " << name << " in " << j.dump(1);
    return {};
  }
};

TEST_F(Info, SummaryNamesDevicesPluginsAndReasons) {
  install("stub_gpu");
  install("stub_wrong_epoch");
  const Reply r = info("");
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_THAT(r.out,
              AllOf(HasSubstr("* stub_gpu:0"), HasSubstr("WRONG_EPOCH: built for epoch 2"), Not(HasSubstr("\x1b["))));
}

TEST_F(Info, JsonHasPluginsDevicesActive) {
  for (const char* name :
       {"stub_gpu", "stub_no_note", "stub_no_driver", "stub_crash", "stub_print", "stub_lies_schema"}) {
    install(name);
  }
  const nlohmann::json j = json();
  for (const char* key : {"plugins", "devices", "active"}) EXPECT_TRUE(j.contains(key)) << key;
  EXPECT_EQ(j["active"]["device"], "stub_gpu:0");
  EXPECT_EQ(plugin(j, "stub_gpu")["state"], "loaded");
  EXPECT_FALSE(plugin(j, "stub_gpu").contains("reason"));
  EXPECT_EQ(plugin(j, "stub_no_note")["reason"], "NO_NOTE");
  EXPECT_EQ(plugin(j, "stub_no_driver")["reason"], "NO_DRIVER");
  EXPECT_EQ(plugin(j, "stub_crash")["reason"], "CRASHED");
  EXPECT_EQ(plugin(j, "stub_crash")["state"], "quarantined");
  EXPECT_EQ(plugin(j, "stub_print")["reason"], "PRINTED");
  const nlohmann::json liar = plugin(j, "stub_lies_schema");
  bool lie = false;
  for (const auto& n : liar["notices"]) lie = lie || n["id"] == "CLAIM_SCHEMA";
  EXPECT_TRUE(lie);
}

TEST_F(Info, UnknownVendorExitsWithThreeAndSuggests) {
  set("GEMS_VENDOR", "vulcan");
  const Reply r = info("");
  EXPECT_EQ(r.exit, 3);
  EXPECT_THAT(r.out, HasSubstr("did you mean 'vulkan'?"));
  const Reply j = info("--json");
  EXPECT_EQ(j.exit, 3);
  EXPECT_THAT(j.err, HasSubstr("did you mean 'vulkan'?"));
  EXPECT_TRUE(nlohmann::json::parse(j.out)["active"]["device"].is_null());
}

TEST_F(Info, WrongUseExitsWithTwo) {
  EXPECT_EQ(info("--nonsense").exit, 2);
  EXPECT_EQ(info("--color sometimes").exit, 2);
  set("GEMS_VENDOR", "cpu");
  set("GEMS_BACKEND", "vulkan");
  const Reply r = info("");
  EXPECT_EQ(r.exit, 2);
  EXPECT_THAT(r.out, HasSubstr("disagree"));
  env_.clear();
  configure("vendor: cpu\nprobe: {timeout: -1}\n");
  EXPECT_EQ(info("").exit, 2);
  EXPECT_THAT(info("").out, HasSubstr("fg.yaml:2: expected a number"));
}

TEST_F(Info, HelpStartsWithAnExample) {
  const Reply r = info("--help");
  EXPECT_EQ(r.exit, 0);
  EXPECT_THAT(r.out, StartsWith("Examples:\n  fg-info"));
  EXPECT_THAT(r.out, HasSubstr("Exit codes"));
}

TEST_F(Info, WhyTellsAllAboutOnePlugin) {
  install("stub_gpu");
  install("stub_no_driver");
  EXPECT_THAT(info("--why stub_gpu").out, AllOf(HasSubstr("rank 1 of"), HasSubstr("sha256"), HasSubstr("chosen")));
  EXPECT_THAT(info("--why stub_no_driver").out,
              HasSubstr("NO_DRIVER: FG_E_UNSUPPORTED: libstubdriver.so.1 is not installed"));
  const Reply r = info("--why stub_gup");
  EXPECT_EQ(r.exit, 3);
  EXPECT_THAT(r.err, HasSubstr("did you mean 'stub_gpu'?"));
}

TEST_F(Info, LiftEndsAQuarantine) {
  install("stub_crash");
  info("");
  const Reply r = info("--lift stub_crash");
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_EQ(info("--lift stub_crash").exit, 3);
}

TEST_F(Info, OpsSayWhoServesAndWhyNobodyDoes) {
  install("stub_gpu");
  set("GEMS_VENDOR", "stub_gpu");
  const nlohmann::json j = json("--ops --json");
  std::map<std::string, nlohmann::json> served;
  for (const auto& op : j["operators"]) served[op["name"]] = op["served"]["stub_gpu:0"];
  EXPECT_EQ(served["mm"]["by"], "kernel");
  EXPECT_EQ(served["bmm"]["by"], "none");
  EXPECT_EQ(served["bmm"]["reason"], "stub_gpu:0 does not claim it");
  EXPECT_EQ(served["add"]["by"], "none");
  EXPECT_THAT(served["add"]["reason"].get<std::string>(), HasSubstr("fg.map/1"));
  EXPECT_THAT(info("--ops").out, HasSubstr("mm "));
}

TEST_F(Info, WhyAndOpsSayWhatIsNotCertified) {
  const fs::path file = install("stub_gpu");
  set("FG_REQUIRE_CERT", "enforce");
  EXPECT_THAT(info("--why stub_gpu").out,
              AllOf(HasSubstr("certified it has no certificate"), HasSubstr("every operator is masked")));
  EXPECT_THAT(json("--ops --json").dump(), HasSubstr("stub_gpu:0: not certified: it has no certificate"));
  const TestKey key(1);
  configure("certificates: {keys: [" + key.text() + "]}\n");
  Certificate c = sample_certificate();
  c.subject.plugin_sha256 = hex(*sha256_of_file(file.string()));
  write_file(dir_.path() / "plugins/libfg_stub_gpu.cert.json", signed_file(c, key));
  EXPECT_THAT(info("--why stub_gpu").out, HasSubstr("certified valid: tier standard"));
  EXPECT_THAT(plugin(json(), "stub_gpu")["certificate"].get<std::string>(), StartsWith("valid: "));
  std::map<std::string, nlohmann::json> served;
  const nlohmann::json ops = json("--ops --json");
  for (const auto& op : ops["operators"]) served[op["name"]] = op["served"]["stub_gpu:0"];
  EXPECT_EQ(served["mm"]["by"], "kernel");
  EXPECT_THAT(served["bmm"]["reason"].get<std::string>(), HasSubstr("bmm is not in the certificate"));
}

TEST_F(Info, PluginsCanBeNamedOnTheCommandLine) {
  const fs::path elsewhere = install("stub_gpu", "elsewhere");
  EXPECT_EQ(plugin(json("--json --plugin " + elsewhere.string()), "stub_gpu")["state"], "loaded");
  EXPECT_EQ(plugin(json("--json --plugin-path " + elsewhere.parent_path().string()), "stub_gpu")["origin"],
            "the application");
  EXPECT_EQ(info("--plugin /nowhere/libfg_x.so").exit, 3);
}

TEST_F(Info, ColoursAreAskedFor) {
  install("stub_gpu");
  EXPECT_THAT(info("--color always").out, HasSubstr("\x1b["));
  set("FORCE_COLOR", "1");
  EXPECT_THAT(info("").out, HasSubstr("\x1b["));
  set("NO_COLOR", "1");
  EXPECT_THAT(info("").out, Not(HasSubstr("\x1b[")));
}

TEST_F(Info, EnvironmentPageIsUpToDate) {
  EXPECT_EQ(info("--env-markdown").out, read_file(FG_ENVIRONMENT_PAGE))
      << "fg-info --env-markdown > docs/environment.md";
  EXPECT_THAT(info("--env").out, HasSubstr("GEMS_VENDOR"));
}

}  // namespace
}  // namespace fg::core::testing
