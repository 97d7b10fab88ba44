// SPDX-License-Identifier: Apache-2.0
//
// The tuning database: what is kept, what damage, locks, several processes and kill -9 do to it.

#include "core/tuning/store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/tuning/apply.hpp"

namespace fg::test {
namespace {

namespace fs = std::filesystem;
using core::TuningRow;
using core::TuningStore;

TuningRow row(int k, const std::string& driver = "1.0") {
  return {{"acme", "build-1", "00ff", driver},
          "map",
          "f16x" + std::to_string(k),
          0xFEDCBA9876543210u,
          {4, -1, k},
          2.5,
          1.25};
}

class Tuning : public testing::Test {
 protected:
  Tuning() {
    std::string name = (fs::temp_directory_path() / "fg-tuning-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root_ = name;
  }
  ~Tuning() override { fs::remove_all(root_); }
  std::string folder() const { return (root_ / "tuning").string(); }
  fs::path file() const { return root_ / "tuning" / TuningStore::kFileName; }
  TuningStore open() {
    auto s = TuningStore::open(folder());
    if (!s) throw std::runtime_error(s.error().message);
    return std::move(*s);
  }
  std::size_t rows() { return open().all().value().size(); }
  std::size_t damaged_files() const {
    const auto is = [](const fs::directory_entry& e) {
      return e.path().string().find(".damaged-") != std::string::npos;
    };
    return static_cast<std::size_t>(std::count_if(fs::directory_iterator(folder()), fs::directory_iterator(), is));
  }
  void write(const std::string& text) {
    fs::create_directory(folder());
    fs::permissions(folder(), fs::perms::owner_all);
    std::ofstream(file(), std::ios::binary) << text;
  }
  fs::path root_;
};

TEST_F(Tuning, KeepsRowsUnderTheirWholeKey) {
  {
    TuningStore s = open();
    ASSERT_TRUE(s.put(row(1)));
    ASSERT_TRUE(s.put(row(2, "2.0")));
    TuningRow better = row(1);
    better.best_us = 1.0;
    ASSERT_TRUE(s.put(better));  // Replaces.
  }
  auto s = TuningStore::open_existing(folder());
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(s->all()->size(), 2u);
  const auto mine = s->of(row(1).identity).value();
  ASSERT_EQ(mine.size(), 1u);
  TuningRow wanted = row(1);
  wanted.best_us = 1.0;
  EXPECT_EQ(mine[0], wanted);
  EXPECT_TRUE(s->of({"acme", "build-2", "00ff", "1.0"})->empty());
}

TEST_F(Tuning, AnAbsentFileIsNotMadeByReading) {
  const auto s = TuningStore::open_existing(folder());
  ASSERT_FALSE(s.has_value());
  EXPECT_EQ(s.error().status, FG_E_NOT_FOUND);
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(Tuning, WhatIsNoDatabaseIsMovedAside) {
  write("this is not SQLite, and long enough to be looked at as a header of one hundred bytes at the very least....");
  TuningStore s = open();
  EXPECT_TRUE(s.put(row(1)));
  EXPECT_EQ(s.all()->size(), 1u);
  EXPECT_EQ(damaged_files(), 1u);
}

TEST_F(Tuning, ADamagedDatabaseIsMovedAside) {
  {
    TuningStore s = open();
    for (int k = 0; k < 500; ++k) ASSERT_TRUE(s.put(row(k)));
  }
  const auto size = fs::file_size(file());
  ASSERT_GT(size, 16384u);
  {
    std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(4096);
    const std::string garbage(size - 4096, '\xA5');
    f.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }
  EXPECT_EQ(rows(), 0u);
  EXPECT_EQ(damaged_files(), 1u);
}

TEST_F(Tuning, AnotherFormatIsMovedAside) {
  open();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA user_version=99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_EQ(rows(), 0u);
  EXPECT_EQ(damaged_files(), 1u);
}

// Runs `body` in a child process; its id.
template <class Body>
pid_t child(Body&& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    body();
    ::_exit(0);
  }
  return pid;
}

TEST_F(Tuning, SeveralProcessesWriteAtOnce) {
  open();
  std::vector<pid_t> children;
  for (int p = 0; p < 3; ++p) {
    children.push_back(child([&] {
      TuningStore s = open();
      for (int k = 0; k < 40; ++k) {
        if (!s.put(row(100 * p + k))) ::_exit(1);
      }
    }));
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(rows(), 120u);
}

TEST_F(Tuning, KillInTheMiddleOfAWriteLosesNothingElse) {
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t pid = child([&] {
      TuningStore s = open();
      for (int k = 0;; ++k) {
        if (!s.put(row(1000 * round + k)) || ::write(ends[1], "x", 1) != 1) ::_exit(1);
      }
    });
    ::close(ends[1]);
    char told = 0;
    int acknowledged = 0;
    while (acknowledged < 25 + round && ::read(ends[0], &told, 1) == 1) ++acknowledged;
    ::kill(pid, SIGKILL);
    while (::read(ends[0], &told, 1) == 1) ++acknowledged;
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto all = open().all().value();
    for (int k = 0; k < acknowledged; ++k)
      ASSERT_NE(std::find(all.begin(), all.end(), row(1000 * round + k)), all.end()) << round << " " << k;
  }
  EXPECT_EQ(damaged_files(), 0u);
}

TEST_F(Tuning, ALockedFileIsAnErrorThatSaysSo) {
  TuningStore s = open();
  ASSERT_TRUE(s.put(row(1)));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto r = s.put(row(2));
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().status, FG_E_TIMEOUT) << r.error().message;
  EXPECT_EQ(s.all()->size(), 1u) << "readers go on";
  sqlite3_close(other);
  EXPECT_TRUE(s.put(row(2)));
}

// What a plugin's table was told.
struct Told {
  std::vector<std::string> kernels;
  std::vector<std::int64_t> values;
} g_told;

fg_status points(fg_instance*, std::uint32_t, fg_tune_visit_fn, void*, fg_error*) noexcept { return FG_OK; }
fg_status set(fg_instance*, std::uint32_t, const char* kernel, std::uint64_t hash, const char* bucket,
              const std::int64_t* values, std::uint32_t n, fg_error*) noexcept {
  if (hash != row(0).kernel_hash) return FG_E_NOT_FOUND;
  g_told.kernels.push_back(std::string(kernel) + " " + bucket);
  g_told.values.assign(values, values + n);
  return FG_OK;
}
const void* get_table(fg_instance*, const char* id) noexcept {
  static constexpr fg_tune_table kTable{{sizeof(fg_tune_table), 0, nullptr}, points, set};
  return std::string_view(id) == FG_TABLE_TUNE ? &kTable : nullptr;
}

TEST_F(Tuning, ADeviceGetsItsOwnResults) {
  fg_api api{};
  api.name = "acme";
  api.build_id = "build-1";
  api.get_table = get_table;
  core::Device device;
  device.api = &api;
  device.name = "acme:0";
  std::copy_n("1.0", 4, device.info.driver);
  EXPECT_EQ(core::apply_tuning(device, folder()), 0u) << "no file";
  TuningRow mine = row(7);
  mine.identity.device_uuid = core::tuning_identity(device).device_uuid;
  TuningRow stale = mine;
  stale.kernel_hash = 1;
  {
    TuningStore s = open();
    ASSERT_TRUE(s.put(mine));
    ASSERT_TRUE(s.put(stale));
    ASSERT_TRUE(s.put(row(8)));  // Of another device.
  }
  g_told = {};
  EXPECT_EQ(core::apply_tuning(device, folder()), 1u);
  EXPECT_EQ(g_told.kernels, std::vector<std::string>{"map f16x7"});
  EXPECT_EQ(g_told.values, mine.values);
  write("garbage that is no database but has more than the hundred bytes of a header, whatever is in them, really....");
  EXPECT_EQ(core::apply_tuning(device, folder()), 0u) << "a warning, not a failure";
  EXPECT_EQ(damaged_files(), 0u) << "reading moves nothing";
}

}  // namespace
}  // namespace fg::test
