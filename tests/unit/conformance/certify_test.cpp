// SPDX-License-Identifier: Apache-2.0
//
// Which runs are certified, keys, verifying, the spot check.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "conformance/certificate/certificate.hpp"
#include "core/registry/sha256.hpp"

namespace fg::conformance {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kAdd = "op.add/self=f32:3,other=f32:3/real/new#0";
constexpr const char* kAddHalf = "op.add/self=f16:3,other=f16:3/real/new#0";
constexpr const char* kMm = "op.mm/self=f32:3x3,mat2=f32:3x3/real/new#0";
constexpr const char* kSoftmax = "op.softmax/self=f32:3x3,dim=1/real/new#0";
constexpr const char* kComposed = "op.softmax/self=f32:3x3,dim=1/real/new/composite#0";
constexpr const char* kArange = "op.arange/start=0,end=4,step=1,dtype=i32/exact/new#0";
constexpr const char* kStream = "stream.synchronize";
const std::vector<std::string> kPlan{kAdd, kAddHalf, kMm, kSoftmax, kComposed, kArange, kStream};

Report complete() {
  Report r;
  r.subject.version = "0.1.0";
  r.subject.abi = "1.0";
  r.subject.catalogue = "c0ffee";
  r.subject.vendor = "acme";
  r.subject.plugin_version = "2.0";
  r.subject.plugin_sha256 = std::string(64, 'a');
  r.subject.device = "acme:0";
  r.subject.description = "Acme One";
  r.subject.driver = "22.3";
  r.subject.arch = "a1";
  r.subject.tier = "standard";
  r.subject.planned = r.planned = kPlan.size();
  r.seconds = 1.2345;
  for (const std::string& id : kPlan) {
    CaseResult c;
    c.id = id;
    c.ratio = 0.25;
    r.results.push_back(c);
  }
  return r;
}
const Provenance kJournal{std::string(64, 'b'), 9, "2027-01-31T12:00:00Z"};

std::string refusal(const Report& r, const std::vector<WaiverUse>& uses = {}) {
  const auto c = certify(r, kPlan, uses, kJournal);
  return c ? "certified" : c.error().message;
}

// A waiver of kAddHalf that has waived nothing yet.
WaiverUse halves() {
  WaiverUse use;
  use.waiver = {"w.yaml:2", kAddHalf, {Verdict::fail}, "", "", "", "", "halves", "a@b", "https://b/7", "2027-03-31"};
  use.matched = 1;
  return use;
}

class Certify : public ::testing::Test {
 protected:
  Certify() {
    std::string name = (fs::temp_directory_path() / "fg-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    dir_ = name;
  }
  ~Certify() override {
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  fs::path dir_;
};

TEST_F(Certify, ACompleteRunIsCertified) {
  Report r = complete();
  r.results[0].ratio = 0.5;
  r.results[2].verdict = Verdict::quality_warn;
  r.results[1].verdict = Verdict::not_claimed;
  const auto c = certify(r, kPlan, {}, kJournal);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->subject.plugin, "acme");
  EXPECT_EQ(c->subject.suite, "0.1.0");
  EXPECT_EQ(c->milliseconds, 1235);
  EXPECT_THAT(c->verdicts,
              ElementsAre(std::pair("NOT_CLAIMED", 1), std::pair("PASS", 5), std::pair("QUALITY_WARN", 1)));
  std::vector<std::string> rows;
  for (const core::CertifiedRow& row : c->operators) {
    rows.push_back(fmt::format("{} {} {} {}/{} {}", row.op, row.dtype, row.by, row.passed, row.cases, row.worst));
  }
  EXPECT_THAT(rows,
              ElementsAre("add f16 plugin 0/1 0", "add f32 plugin 1/1 0.5", "arange i32 plugin 1/1 0.25",
                          "mm f32 plugin 1/1 0.25", "softmax f32 composite 1/1 0.25", "softmax f32 plugin 1/1 0.25"));
}

TEST_F(Certify, ACertificateNamesTheAccuracyClass) {
  Report r = complete();
  r.results[2].accuracy = "f32_rz";
  const auto c = certify(r, kPlan, {}, kJournal);
  ASSERT_TRUE(c) << c.error().message;
  for (const core::CertifiedRow& row : c->operators) EXPECT_EQ(row.accuracy, row.op == "mm" ? "f32_rz" : "") << row.op;
  EXPECT_THAT(core::certificate_bytes(*c), HasSubstr("\"accuracy\":\"f32_rz\""));
}

TEST_F(Certify, EveryReasonHasItsSentence) {
  const auto with = [](auto change) {
    Report r = complete();
    change(r);
    return refusal(r);
  };
  EXPECT_THAT(with([](Report& r) { r.interrupted = true; }), HasSubstr("interrupted"));
  EXPECT_THAT(with([](Report& r) { r.subject.filters = {"op.*"}; }), HasSubstr("filtered by op.*"));
  EXPECT_THAT(with([](Report& r) { r.subject.shards = 4; }), HasSubstr("shard 1 of 4: merge"));
  EXPECT_THAT(with([](Report& r) { r.subject.tier = "golden/aten"; }), HasSubstr("recorded results (golden/aten)"));
  EXPECT_THAT(with([](Report& r) { r.subject.plugin_sha256 = ""; }), HasSubstr("which file was judged"));
  EXPECT_THAT(with([](Report& r) { r.results.erase(r.results.begin() + 2); }),
              AllOf(HasSubstr("partial: 1 of 7 cases"), HasSubstr(kMm)));
  EXPECT_THAT(with([](Report& r) { r.results.push_back(r.results[2]); }), HasSubstr("has two results"));
  EXPECT_THAT(with([](Report& r) { r.results[2].id = "op.mm/self=f32:9x9,mat2=f32:9x9/real/new#0"; }),
              HasSubstr("is no case of this suite's plan"));
  EXPECT_THAT(with([](Report& r) {
                for (CaseResult& c : r.results) c.verdict = Verdict::not_claimed;
              }),
              HasSubstr("no case passed"));
}

TEST_F(Certify, NoFailingVerdictPasses) {
  std::set<std::string> sentences;
  for (unsigned k = 0; k <= static_cast<unsigned>(kLastVerdict); ++k) {
    Report r = complete();
    r.results[2].verdict = static_cast<Verdict>(k);
    WaiverUse use = halves();
    use.waived = 1;
    const bool waived = r.results[2].verdict == Verdict::waived;
    const std::string said = refusal(r, waived ? std::vector{use} : std::vector<WaiverUse>{});
    EXPECT_EQ(said == "certified", !fails(r.results[2].verdict)) << name(r.results[2].verdict) << ": " << said;
    if (said == "certified") continue;
    EXPECT_THAT(said, HasSubstr(kMm));
    EXPECT_TRUE(sentences.insert(said).second) << said;
  }
  Report r = complete();
  r.results[0].verdict = Verdict::mistrusted;
  r.results[1].verdict = Verdict::not_run;
  r.results[2].verdict = Verdict::crash;
  EXPECT_THAT(refusal(r), AllOf(HasSubstr("MISTRUSTED"), HasSubstr("not run to a verdict"), HasSubstr("CRASH"),
                                HasSubstr("severe, and not to be waived")));
}

TEST_F(Certify, WaiversAreWrittenDown) {
  Report r = complete();
  r.results[1].verdict = Verdict::waived;
  WaiverUse use = halves();
  EXPECT_THAT(refusal(r, {use}), HasSubstr("w.yaml:2: " + std::string(kAddHalf) + " waived nothing"));
  EXPECT_THAT(refusal(r), HasSubstr("1 cases are WAIVED, the waivers given account for 0"));
  use.waived = 1;
  const auto c = certify(r, kPlan, {use}, kJournal);
  ASSERT_TRUE(c) << c.error().message;
  ASSERT_EQ(c->waivers.size(), 1u);
  EXPECT_EQ(c->waivers[0].reason, "halves");
  EXPECT_THAT(c->waivers[0].verdicts, ElementsAre("FAIL"));
  EXPECT_EQ(c->operators[0].waived, 1);
  EXPECT_FALSE(c->operators[0].holds());
}

TEST_F(Certify, ARefusedMistakeShowsNoNumbers) {
  CaseResult r;
  r.id = "robust.add/self=f32:3,other=f32:4/real/new/bad=shape:1#0";
  ASSERT_TRUE(rows_of({r}));
  EXPECT_TRUE(rows_of({r})->empty());
  r.verdict = Verdict::waived;
  ASSERT_EQ(rows_of({r})->size(), 1u);
  EXPECT_FALSE(rows_of({r})->front().holds());
}

TEST_F(Certify, KeysAreTheOwnersAlone) {
  const auto made = keygen(path("k"), "acme-2027");
  ASSERT_TRUE(made) << made.error().message;
  struct stat st {};
  ASSERT_EQ(::stat(path("k").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777u, 0600u);
  const auto pub = core::read_public_key(path("k.pub"));
  ASSERT_TRUE(pub) << pub.error().message;
  EXPECT_EQ(pub->key, made->key);
  {
    const auto key = read_secret_key(path("k"));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->public_key(), made->key);
    EXPECT_EQ(key->name(), "acme-2027");
  }
  EXPECT_THAT(keygen(path("k"), "again").error().message, HasSubstr("k: exists, a key is never overwritten"));
  fs::remove(path("k"));
  EXPECT_THAT(keygen(path("k"), "again").error().message, HasSubstr("k.pub: exists"));
  EXPECT_FALSE(fs::exists(path("k")));
  EXPECT_THAT(keygen(path("n"), "a b").error().message, HasSubstr("the key's name 'a b'"));
  EXPECT_FALSE(keygen(path("no/such/folder"), "a"));
}

TEST_F(Certify, ASecretThatOthersCanReadIsRefused) {
  ASSERT_TRUE(keygen(path("k"), "acme"));
  for (const unsigned mode : {0640u, 0604u, 0620u, 0610u}) {
    ASSERT_EQ(::chmod(path("k").c_str(), mode), 0);
    const auto key = read_secret_key(path("k"));
    ASSERT_FALSE(key) << mode;
    EXPECT_THAT(key.error().message, HasSubstr(fmt::format("has mode {:04o}", mode)));
  }
  ASSERT_EQ(::chmod(path("k").c_str(), 0400), 0);
  EXPECT_TRUE(read_secret_key(path("k")));
  EXPECT_FALSE(read_secret_key(path("k.pub")));
  EXPECT_EQ(read_secret_key(path("none")).error().status, FG_E_NOT_FOUND);
  EXPECT_FALSE(read_secret_key(dir_.string()));
}

// A plugin, its certificate and the key that signed it.
class Verify : public Certify {
 protected:
  Verify() {
    write("libfg_acme.so", "the plugin's bytes");
    report_ = complete();
    report_.subject.plugin_sha256 = core::hex(*core::sha256_of_file(path("libfg_acme.so")));
    keys_.push_back(*keygen(path("k"), "acme"));
    write("c.json", sign(*certify(report_, kPlan, {}, kJournal), *read_secret_key(path("k"))));
  }
  std::string said(const Subject* here = nullptr) {
    const auto v = verify(path("c.json"), path("libfg_acme.so"), keys_, here);
    if (!v) return fmt::format("error {}: {}", exit_code(v.error()), v.error().message);
    return fmt::format("exit {}\n{}", v->exit_code(), text_of(*v));
  }
  Report report_;
  std::vector<core::TrustedKey> keys_;
};

TEST_F(Verify, HoldsForThePluginItWasMadeFor) {
  EXPECT_THAT(said(&report_.subject), AllOf(HasSubstr("exit 0"), HasSubstr("valid signature by acme"),
                                            HasSubstr("catalogue c0ffee"), HasSubstr("the certificate holds")));
}

TEST_F(Verify, AnUnknownKeyIsNamedAsSuch) {
  keys_.clear();
  EXPECT_THAT(said(),
              AllOf(HasSubstr("exit 1"), HasSubstr("valid signature by unknown key"), HasSubstr("does not hold")));
}

TEST_F(Verify, AChangedPluginIsAnother) {
  write("libfg_acme.so", "the plugin's bytez");
  EXPECT_THAT(said(), AllOf(HasSubstr("exit 1"), HasSubstr("is another file: certified SHA-256")));
}

TEST_F(Verify, AChangedByteIsNoCertificate) {
  std::ifstream in(path("c.json"), std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  text.replace(text.find("\"passed\":1"), 10, "\"passed\":0");
  write("c.json", text);
  EXPECT_THAT(said(), AllOf(HasSubstr("error 1"), HasSubstr("c.json: signature")));
}

TEST_F(Verify, MissingFilesHaveTheirExitCodes) {
  fs::remove(path("libfg_acme.so"));
  EXPECT_THAT(said(), HasSubstr("error 3"));
  fs::remove(path("c.json"));
  EXPECT_THAT(said(), HasSubstr("error 2"));
}

TEST_F(Verify, WhatDiffersHereIsSaid) {
  const auto with = [&](auto change) {
    Subject here = report_.subject;
    change(here);
    return said(&here);
  };
  const auto refused = [](const char* text) { return AllOf(HasSubstr("exit 1"), HasSubstr(text)); };
  const auto noted = [](const char* text) { return AllOf(HasSubstr("exit 0"), HasSubstr(text)); };
  EXPECT_THAT(with([](Subject& s) { s.driver = "22.4"; }), refused("certified on driver '22.3', this is '22.4'"));
  EXPECT_THAT(with([](Subject& s) { s.description = "Acme Two"; }), refused("certified on device 'Acme One'"));
  EXPECT_THAT(with([](Subject& s) { s.arch = "a2"; }), refused("certified on architecture"));
  EXPECT_THAT(with([](Subject& s) { s.catalogue = "beef"; }), refused("catalogue: certified 'c0ffee', here 'beef'"));
  EXPECT_THAT(with([](Subject& s) { s.version = "0.2.0"; }), refused("suite: certified '0.1.0'"));
  EXPECT_THAT(with([](Subject& s) { s.abi = "2.0"; }), refused("interface: certified '1.0'"));
  EXPECT_THAT(with([](Subject& s) { s.device_uuid = "99"; }), noted("note  device UUID"));
  EXPECT_THAT(with([](Subject& s) { s.os = "Linux 9"; }), noted("note  operating system"));
}

TEST(Spot, IsAFunctionOfNamesAndSeed) {
  std::vector<std::string> plan;
  for (int i = 0; i < 100; ++i) plan.push_back("op.add/" + std::to_string(i));
  const auto first = spot_choice(plan, 10, 7);
  EXPECT_EQ(first.size(), 10u);
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), 10u);
  std::reverse(plan.begin(), plan.end());
  EXPECT_EQ(spot_choice(plan, 10, 7), first);
  EXPECT_NE(spot_choice(plan, 10, 8), first);
  EXPECT_EQ(spot_choice(plan, 1000, 7).size(), 100u);
  EXPECT_TRUE(spot_choice({}, 10, 7).empty());
  EXPECT_NE(fresh_seed(), fresh_seed());
}

TEST(Spot, EveryCaseIsChosenAsOften) {
  std::vector<std::string> plan;
  for (int i = 0; i < 20; ++i) plan.push_back(std::string(1, static_cast<char>('a' + i)));
  std::map<std::string, int> chosen;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    for (const std::string& id : spot_choice(plan, 5, seed)) ++chosen[id];
  }
  // 1000 expected, standard deviation 27; six of them.
  for (const auto& [id, n] : chosen) EXPECT_NEAR(n, 1000, 165) << id;
  EXPECT_EQ(chosen.size(), 20u);
}

TEST(Spot, ContradictionsAreNamed) {
  Report r = complete();
  r.results[1].verdict = Verdict::waived;
  WaiverUse use = halves();
  use.waived = 1;
  const auto c = certify(r, kPlan, {use}, kJournal);
  ASSERT_TRUE(c) << c.error().message;
  const auto again = [&](const std::string& id, Verdict v) {
    CaseResult one;
    one.id = id;
    one.verdict = v;
    const auto found = contradictions(*c, {one});
    return found.empty() ? std::string() : found.front();
  };
  EXPECT_EQ(again(kMm, Verdict::pass), "");
  EXPECT_EQ(again(kMm, Verdict::resource), "");
  EXPECT_EQ(again(kAddHalf, Verdict::fail), "");  // as waived
  EXPECT_EQ(again(kStream, Verdict::pass), "");
  EXPECT_THAT(again(kAddHalf, Verdict::bias), HasSubstr("is BIAS, no such failure is in the certificate"));
  EXPECT_THAT(again(kMm, Verdict::fail), HasSubstr("is FAIL"));
  EXPECT_THAT(again(kMm, Verdict::not_claimed), HasSubstr("is NOT_CLAIMED, the certificate has mm f32 passed whole"));
  EXPECT_THAT(again("op.bmm/self=f32:1x3x3,mat2=f32:1x3x3/real/new#0", Verdict::pass),
              HasSubstr("has no passed case of bmm f32"));
}

}  // namespace
}  // namespace fg::conformance
