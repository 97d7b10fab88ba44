// SPDX-License-Identifier: Apache-2.0

#include "conformance/journal/journal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "conformance/journal/merge.hpp"
#include "conformance/journal/selection.hpp"

namespace fg::conformance {
namespace {

namespace fs = std::filesystem;

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("fg-journal-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const char* name = "run.jsonl") const { return (folder_ / name).string(); }
  static std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static CaseResult result(std::string id, Verdict v) {
    CaseResult r;
    r.id = std::move(id);
    r.op = "add";
    r.verdict = v;
    r.milliseconds = 1.5;
    return r;
  }
  static Subject subject(const std::vector<std::string>& names, unsigned shard = 1, unsigned shards = 1) {
    Subject s;
    s.version = "0.1.0";
    s.vendor = "acme \"quoted\" \n";
    s.tier = "quick";
    s.filters = {"op.*"};
    s.plan_root = root_of(names);
    s.planned = names.size();
    s.shard = shard;
    s.shards = shards;
    return s;
  }
  // A journal of these cases, all of which passed but for those named "bad…".
  void write(const std::string& to, const Subject& s, const std::vector<std::string>& names) const {
    Result<JournalWriter> w = JournalWriter::create(to, s);
    ASSERT_TRUE(w) << w.error().message;
    for (const std::string& n : names)
      ASSERT_TRUE(w->add(result(n, n.rfind("bad", 0) == 0 ? Verdict::fail : Verdict::pass)));
    Report end;
    end.seconds = 2;
    end.left_out["conv2d"] = 3;
    ASSERT_TRUE(w->end(end));
  }

  fs::path folder_;
};

TEST_F(JournalTest, ReadsWhatWasWritten) {
  const Subject s = subject({"a", "bad"});
  write(path(), s, {"a", "bad"});
  const Result<Journal> j = read_journal(path());
  ASSERT_TRUE(j) << j.error().message;
  EXPECT_EQ(j->report.subject, s);
  ASSERT_EQ(j->report.results.size(), 2u);
  EXPECT_EQ(j->report.results[1].verdict, Verdict::fail);
  EXPECT_EQ(j->report.left_out.at("conv2d"), 3u);
  EXPECT_TRUE(j->ended);
  EXPECT_EQ(j->lines, 4u);
}

TEST_F(JournalTest, RefusesToOverwrite) {
  write(path(), subject({"a"}), {"a"});
  const Result<JournalWriter> again = JournalWriter::create(path(), subject({"a"}));
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("--resume"), std::string::npos);
}

TEST_F(JournalTest, AnyChangedByteIsFound) {
  write(path(), subject({"a", "bad"}), {"a", "bad"});
  const std::string whole = text_of(path());
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const Result<Journal> j = parse_journal(changed);
    EXPECT_FALSE(j) << "byte " << i << " '" << whole[i] << "'";
  }
}

TEST_F(JournalTest, MissingAndSwappedLinesAreFound) {
  write(path(), subject({"a", "b", "c"}), {"a", "b", "c"});
  std::vector<std::string> lines;
  std::istringstream text(text_of(path()));
  for (std::string line; std::getline(text, line);) lines.push_back(line + "\n");
  EXPECT_FALSE(parse_journal(lines[0] + lines[2] + lines[3] + lines[4]));
  EXPECT_FALSE(parse_journal(lines[0] + lines[2] + lines[1] + lines[3] + lines[4]));
  EXPECT_FALSE(parse_journal(lines[1]));
  EXPECT_TRUE(parse_journal(lines[0] + lines[1]));
}

TEST_F(JournalTest, ContinuesAfterALineThatWasCutOff) {
  write(path(), subject({"a", "b"}), {"a"});
  std::ofstream(path(), std::ios::app) << R"({"id":"b","verd)";
  Result<Journal> j = read_journal(path());
  ASSERT_TRUE(j) << j.error().message;
  Result<JournalWriter> w = JournalWriter::resume(path(), *j);
  ASSERT_TRUE(w) << w.error().message;
  ASSERT_TRUE(w->add(result("b", Verdict::pass)));
  Report end;
  end.seconds = 3;
  ASSERT_TRUE(w->end(end));
  j = read_journal(path());
  ASSERT_TRUE(j) << j.error().message;
  EXPECT_EQ(j->report.results.size(), 2u);
  EXPECT_EQ(j->report.seconds, 5) << "of both parts";
  EXPECT_EQ(j->head, w->head());
}

class MergeTest : public JournalTest {
 protected:
  const std::vector<std::string> names_{"a", "b", "bad", "c"};
  Journal shard(unsigned i, const std::vector<std::string>& names, Subject s) {
    const std::string to = path(("shard" + std::to_string(i) + names.front()).c_str());
    write(to, s, names);
    Result<Journal> j = read_journal(to);
    EXPECT_TRUE(j) << j.error().message;
    return std::move(*j);
  }
};

TEST_F(MergeTest, JoinsShardsInTheOrderOfThePlan) {
  const std::vector<Journal> shards{shard(1, {"bad", "a"}, subject(names_, 1, 2)),
                                    shard(2, {"c", "b"}, subject(names_, 2, 2))};
  const Result<Report> all = merge(shards, names_);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->results.size(), 4u);
  for (std::size_t i = 0; i < names_.size(); ++i) EXPECT_EQ(all->results[i].id, names_[i]);
  EXPECT_EQ(all->subject.shards, 1u);
  EXPECT_EQ(all->seconds, 4);
}

TEST_F(MergeTest, ACaseWithoutAVerdictIsAnError) {
  const std::vector<Journal> shards{shard(1, {"bad", "a"}, subject(names_, 1, 2)),
                                    shard(2, {"c"}, subject(names_, 2, 2))};
  const Result<Report> all = merge(shards, names_);
  ASSERT_FALSE(all);
  EXPECT_NE(all.error().message.find("1 of 4 cases"), std::string::npos) << all.error().message;
}

TEST_F(MergeTest, AnotherPluginPlanOrCaseIsAnError) {
  Subject other = subject(names_, 2, 2);
  other.plugin_sha256 = "00";
  EXPECT_FALSE(
      merge(std::vector<Journal>{shard(1, {"bad", "a"}, subject(names_, 1, 2)), shard(2, {"c", "b"}, other)}, names_));
  EXPECT_FALSE(merge(std::vector<Journal>{shard(3, {"a"}, subject({"a"}))}, names_));
  EXPECT_FALSE(merge(std::vector<Journal>{shard(4, {"zz", "a", "b", "bad", "c"}, subject(names_))}, names_));
}

}  // namespace
}  // namespace fg::conformance
