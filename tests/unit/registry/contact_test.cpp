// SPDX-License-Identifier: Apache-2.0
//
// First contact and what is remembered of it.

#include <gmock/gmock.h>

#include <csignal>
#include <cstdio>

#include "core/registry/contact_memory.hpp"
#include "core/registry/first_contact.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::HasSubstr;

ContactReport meet(const std::string& name, const std::string& helper) {
  return first_contact(stub(name), {helper, std::chrono::seconds(name == "stub_hang" ? 1 : 60)});
}

TEST(FirstContact, PlainForkGivesTheSameAnswersAsTheHelper) {
  for (const char* name : {"stub_none", "stub_crash", "stub_exit", "stub_print", "stub_no_driver", "stub_throws"}) {
    const ContactReport helper = meet(name, FG_PROBE);
    const ContactReport fork = meet(name, "");
    EXPECT_EQ(refusal_name(helper.refusal), refusal_name(fork.refusal)) << name;
    EXPECT_EQ(helper.text, fork.text) << name;
    EXPECT_EQ(helper.identity, fork.identity) << name;
    EXPECT_EQ(helper.quarantine, fork.quarantine) << name;
  }
  EXPECT_TRUE(meet("stub_hang", FG_PROBE).conclusive);
  EXPECT_FALSE(meet("stub_hang", "").conclusive) << "the child may wait for a lock of this process";
}

TEST(FirstContact, WhatTheProgramHasNotWrittenYetIsNotThePlugins) {
  std::fputs("kept in the program's buffer ", stdout);
  const ContactReport report = meet("stub_none", "");
  std::puts("");
  EXPECT_EQ(refusal_name(report.refusal), refusal_name(Refusal::none)) << report.text;
}

TEST(FirstContact, IdentityNamesDeviceAndDriver) {
  EXPECT_EQ(meet("stub_none", FG_PROBE).identity, "51515151515151515151515151515151 stub driver 1.0;");
}

TEST(FirstContact, MissingHelperIsANotice) {
  const ContactReport report = first_contact(stub("stub_none"), {"/nowhere/fg-probe", std::chrono::seconds(60)});
  EXPECT_FALSE(report.conclusive);
  EXPECT_EQ(report.refusal, Refusal::none);
  ASSERT_EQ(report.notices.size(), 1u);
  EXPECT_EQ(report.notices[0].id, "NO_FIRST_CONTACT");
}

TEST(FirstContact, WorksWhereChildrenAreReapedByOthers) {
  struct sigaction ignore {
  }, old{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &old);
  EXPECT_EQ(meet("stub_none", FG_PROBE).refusal, Refusal::none);
  EXPECT_EQ(meet("stub_crash", FG_PROBE).refusal, Refusal::crashed);
  ::sigaction(SIGCHLD, &old, nullptr);
}

TEST(ContactMemory, RecordsSurviveTheTextForm) {
  RememberedContact c;
  c.stamp = {1, 2, 3, -4, 5};
  c.sha256 = std::string(64, 'a');
  c.surroundings = "here";
  c.report.refusal = Refusal::crashed;
  c.report.text = "crashed in probe:\ttwo\nlines";
  c.report.quarantine = true;
  c.report.identity = "id";
  c.report.notices = {{"STDERR", "some text"}, {"X", ""}};
  const std::string text = format_contact(c);
  const auto back = parse_contact(text);
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->stamp == c.stamp);
  EXPECT_EQ(back->sha256, c.sha256);
  EXPECT_EQ(back->report.refusal, Refusal::crashed);
  EXPECT_EQ(back->report.text, "crashed in probe: two lines");
  EXPECT_TRUE(back->report.quarantine);
  ASSERT_EQ(back->report.notices.size(), 2u);
  EXPECT_EQ(back->report.notices[0].text, "some text");
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(parse_contact(text.substr(0, n))) << n;
  EXPECT_FALSE(parse_contact("garbage"));
}

class Memory : public RegistryTest {
 protected:
  // Counts first contacts: a helper that notes each start and then is fg-probe.
  void SetUp() override {
    write_file(dir_.path() / "helper", "#!/bin/sh\necho x >> " + dir_.str("contacts") + "\nexec " FG_PROBE " \"$@\"\n");
    fs::permissions(dir_.path() / "helper", fs::perms::owner_all);
  }
  std::unique_ptr<Registry> start() {
    RegistryOptions o = options();
    o.helper = dir_.str("helper");
    auto registry = std::make_unique<Registry>(std::move(o));
    registry->candidates();
    return registry;
  }
  long contacts() {
    return std::count_if(log_.begin(), log_.end(), [](char c) { return c == 'x'; });
  }
  long count() {
    log_ = read_file(dir_.path() / "contacts");
    return contacts();
  }
  std::string log_;
};

TEST_F(Memory, ContactHappensOncePerFileEnvironmentAndBoot) {
  const fs::path plugin = install("stub_none");
  EXPECT_EQ(start()->devices().size(), 1u);
  EXPECT_EQ(start()->devices().size(), 1u);
  EXPECT_EQ(count(), 1);
  set("VK_DRIVER_FILES", "/other/driver.json");
  start();
  EXPECT_EQ(count(), 2);
  fs::last_write_time(plugin, fs::file_time_type::clock::now());  // touched: hashed again, contents are the same
  start();
  EXPECT_EQ(count(), 2);
  fs::remove(plugin);
  fs::copy_file(stub("stub_none"), plugin);
  std::ofstream(plugin, std::ios::app | std::ios::binary) << "another build";
  start();
  EXPECT_EQ(count(), 3);
}

TEST_F(Memory, MissingDriversAreAskedForAgain) {
  install("stub_no_driver");
  start();
  start();
  EXPECT_EQ(count(), 2);
}

TEST_F(Memory, QuarantineHoldsUntilLiftedOrChanged) {
  const fs::path plugin = install("stub_crash");
  for (int i = 0; i < 3; ++i) {
    const auto registry = start();
    const Candidate c = candidate_named(*registry, "stub_crash");
    EXPECT_EQ(c.state, CandidateState::quarantined);
    EXPECT_EQ(c.reason, Refusal::crashed);
    EXPECT_THAT(c.text, HasSubstr("fg-info --lift stub_crash"));
  }
  EXPECT_EQ(count(), 1);
  set("POCL_DEVICES", "changed");  // a quarantine does not depend on the surroundings
  start();
  EXPECT_EQ(count(), 1);
  EXPECT_FALSE(start()->lift_quarantine("another"));
  EXPECT_TRUE(start()->lift_quarantine("stub_crash"));
  start();
  EXPECT_EQ(count(), 2);
  std::ofstream(plugin, std::ios::app | std::ios::binary) << "another build";
  start();
  EXPECT_EQ(count(), 3);
}

TEST_F(Memory, DamagedRecordMeansANewContact) {
  install("stub_none");
  start();
  for (const auto& entry : fs::directory_iterator(dir_.path() / "cache/fg/contact"))
    write_file(entry.path(), "garbage");
  EXPECT_EQ(start()->devices().size(), 1u);
  EXPECT_EQ(count(), 2);
}

TEST_F(Memory, WithoutACacheEveryStartIsAFirstContact) {
  configure("cache: {enabled: false}\n");
  install("stub_crash");
  for (int i = 0; i < 2; ++i) {
    const auto registry = start();
    const Candidate c = candidate_named(*registry, "stub_crash");
    EXPECT_EQ(c.state, CandidateState::refused);
    EXPECT_EQ(c.reason, Refusal::crashed);
  }
  EXPECT_EQ(count(), 2);
  EXPECT_FALSE(fs::exists(dir_.path() / "cache"));
}

}  // namespace
}  // namespace fg::core::testing
