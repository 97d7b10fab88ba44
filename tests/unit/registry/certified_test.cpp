// SPDX-License-Identifier: Apache-2.0
//
// FG_REQUIRE_CERT: what is believed, what is masked, and what is said about it.

#include <gmock/gmock.h>

#include "core/certificate/mask.hpp"
#include "fg/abi/ops.h"
#include "tests/unit/certificate/signed.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Certified : public RegistryTest {
 protected:
  Certified() {
    plugin_ = install("stub_none");
    certificate_ = sample_certificate();
    certificate_.subject.plugin_sha256 = hex(*sha256_of_file(plugin_.string()));
    trust(key_);
    set("FG_REQUIRE_CERT", "enforce");
  }
  void trust(const TestKey& key) { configure("certificates: {keys: [" + key.text() + "]}\n"); }
  fs::path beside() const { return dir_.path() / "plugins/libfg_stub_none.cert.json"; }
  void certify() { write_file(beside(), signed_file(certificate_, key_)); }

  // What became of the plugin; its device serves mm of f32 or not.
  struct Outcome {
    Candidate candidate;
    bool claims = false;
    std::string denial;  // of mm in f32
  };
  Outcome look(Registry& registry) {
    Outcome out;
    out.candidate = candidate_named(registry, "stub_none");
    const auto device = registry.find_device("stub_none");
    if (!device) {
      ADD_FAILURE() << device.error().message;
      return out;
    }
    out.claims = registry.claim(**device, FG_OP_MM_UID) != nullptr;
    if ((*device)->mask != nullptr) out.denial = (*device)->mask->denial(*find_op("mm"), "f32", kByPlugin);
    return out;
  }
  Outcome look() {
    registry_ = make();
    return look(*registry_);
  }
  void expect_masked(const std::string& why) {
    const Outcome o = look();
    EXPECT_FALSE(o.claims);
    EXPECT_THAT(o.denial, HasSubstr(why));
    EXPECT_THAT(o.candidate.certificate + o.denial, HasSubstr(why));
    ASSERT_TRUE(has_notice(o.candidate, "CERTIFICATE"));
    EXPECT_THAT(o.candidate.notices.back().text, AllOf(HasSubstr(why), HasSubstr("every operator is masked")));
  }

  TestKey key_{1};
  fs::path plugin_;
  Certificate certificate_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(Certified, ServesWhatIsCertified) {
  certify();
  const Outcome o = look();
  EXPECT_TRUE(o.claims);
  EXPECT_EQ(o.denial, "");
  EXPECT_THAT(o.candidate.certificate, AllOf(HasSubstr("valid: tier standard"), HasSubstr("signed by test@key")));
  EXPECT_THAT(o.candidate.notices.back().text, HasSubstr("they are masked"));
  const Device* device = *registry_->find_device("stub_none");
  EXPECT_THAT(device->mask->denial(*find_op("mm"), "bf16", kByPlugin), HasSubstr("waived"));
}

TEST_F(Certified, AnOperatorThatIsNotListedIsNotServed) {
  certificate_.operators = {row("add", "f32")};
  certify();
  const Outcome o = look();
  EXPECT_FALSE(o.claims);
  EXPECT_THAT(o.denial, HasSubstr("mm is not in the certificate"));
}

TEST_F(Certified, WithoutACertificateNothingIsServed) { expect_masked("it has no certificate"); }

TEST_F(Certified, AChangedPluginIsAnother) {
  certify();
  std::ofstream(plugin_, std::ios::binary | std::ios::app) << '\0';
  expect_masked("is for a file with SHA-256 " + certificate_.subject.plugin_sha256);
}

TEST_F(Certified, AChangedByteIsRefused) {
  certify();
  std::string text = read_file(beside());
  text.replace(text.find("\"waived\":10"), 11, "\"waived\":11");
  write_file(beside(), text);
  expect_masked("libfg_stub_none.cert.json: signature: is not that of key");
}

TEST_F(Certified, OnlyTrustedKeysCount) {
  certify();
  trust(TestKey(2));
  expect_masked("which is not trusted");
}

TEST_F(Certified, KeysOfTheSystemCountWhenNobodyElseCouldWriteThem) {
  certify();
  configure("fallback: warn\n");
  const fs::path file = dir_.path() / "etc/keys.d/acme.pub";
  write_file(file, key_line(kPublicKeyLabel, key_.text(), "acme"));
  write_file(file.parent_path() / "bad.pub", "nonsense\n");
  RegistryOptions o = options();
  o.system_keys = file.parent_path().string();
  Registry registry(o);
  // Folders of tests lie below /tmp, which others can write.
  EXPECT_THAT(look(registry).denial, HasSubstr("not trusted"));
  std::string notices;
  for (const std::string& line : registry.log_lines()) notices += line;
  EXPECT_THAT(notices, HasSubstr("acme.pub is not trusted"));
}

TEST_F(Certified, AnotherDriverIsAnotherDevice) {
  certificate_.subject.driver = "stub driver 0.9";
  certify();
  expect_masked("certified on driver 'stub driver 0.9', this is 'stub driver 1.0'");
}

TEST_F(Certified, AnotherModelIsAnotherDevice) {
  certificate_.subject.description = "stub device pro";
  certify();
  expect_masked("certified on device 'stub device pro'");
}

TEST_F(Certified, AnotherUnitOfTheModelIsTheSame) {
  certificate_.subject.device_uuid = std::string(32, '9');
  certify();
  EXPECT_EQ(look().denial, "");
}

TEST_F(Certified, WarnSaysSoAndServes) {
  set("FG_REQUIRE_CERT", "warn");
  const Outcome o = look();
  EXPECT_TRUE(o.claims);
  EXPECT_TRUE(has_notice(o.candidate, "CERTIFICATE"));
  EXPECT_THAT(o.candidate.certificate, HasSubstr("no certificate"));
}

TEST_F(Certified, OffReadsNothing) {
  set("FG_REQUIRE_CERT", "off");
  const Outcome o = look();
  EXPECT_TRUE(o.claims);
  EXPECT_EQ(o.candidate.certificate, "");
  EXPECT_FALSE(has_notice(o.candidate, "CERTIFICATE"));
}

TEST_F(Certified, TheStricterOfEnvironmentAndFileDecides) {
  set("FG_REQUIRE_CERT", "off");
  configure("certificates: {require: enforce}\n");
  expect_masked("no certificate");
  set("FG_REQUIRE_CERT", "enforce");
  configure("certificates: {require: warn}\n");
  expect_masked("no certificate");
}

TEST_F(Certified, AnElevatedProcessDoesNotAskTheEnvironment) {
  write_file(dir_.path() / "etc/fg.yaml", "plugin_path: [" + dir_.str("plugins") + "]\n");
  Registry registry(options(true));
  (void)registry.default_device();
  bool said = false;
  for (const std::string& line : registry.log_lines()) said |= line.find("FG_REQUIRE_CERT is ignored") != line.npos;
  EXPECT_TRUE(said);
  for (const Candidate& c : registry.candidates()) EXPECT_EQ(c.certificate, "");
}

TEST_F(Certified, AMistypedWordIsNotOff) {
  set("FG_REQUIRE_CERT", "enforced");
  const auto device = make()->default_device();
  ASSERT_FALSE(device);
  EXPECT_THAT(device.error().message, HasSubstr("FG_REQUIRE_CERT=enforced, expected off | warn | enforce"));
}

TEST_F(Certified, AMistypedKeyIsAnError) {
  configure("certificates:\n  keys: [12ab]\n");
  const auto device = make()->default_device();
  ASSERT_FALSE(device);
  EXPECT_THAT(device.error().message, HasSubstr("fg.yaml:2: expected keys of 64 lower-case hex digits"));
}

TEST_F(Certified, TheSuiteLoadsWhatIsNotCertified) {
  registry_ = make();
  ASSERT_TRUE(registry_->ignore_certificates());
  EXPECT_TRUE(look(*registry_).claims);
  const auto late = make();
  (void)late->default_device();
  EXPECT_FALSE(late->ignore_certificates());
}

TEST_F(Certified, AMaskedDeviceComesLast) {
  install("stub_cpu");
  const fs::path other = dir_.path() / "plugins/libfg_stub_cpu.so";
  certificate_.subject.plugin_sha256 = hex(*sha256_of_file(other.string()));
  write_file(dir_.path() / "plugins/libfg_stub_cpu.cert.json", signed_file(certificate_, key_));
  install("stub_gpu");
  const auto registry = make();
  const auto chosen = registry->default_device();
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ((*chosen)->name, "stub_cpu:0");
}

}  // namespace
}  // namespace fg::core::testing
