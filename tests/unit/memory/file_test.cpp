// SPDX-License-Identifier: Apache-2.0

#include "core/memory/file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace fg::core {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("fg_file_test_" + std::to_string(::getpid()));
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  std::string path(const char* name) const { return (dir_ / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir_), fs::directory_iterator{}));
  }
  static std::string content(const std::string& p) {
    std::ifstream in(p, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

  fs::path dir_;
};

TEST_F(Files, AppearsOnlyWhenCommitted) {
  {
    auto f = AtomicFile::create(path("a"));
    ASSERT_TRUE(f);
    ASSERT_TRUE(f->write(bytes("hello ")));
    EXPECT_FALSE(fs::exists(path("a")));
    ASSERT_TRUE(f->write(bytes("world")));
    ASSERT_TRUE(f->commit());
    EXPECT_EQ(f->commit().error().status, FG_E_STATE);
  }
  EXPECT_EQ(content(path("a")), "hello world");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, LeavesTheOldFileWhenAbandoned) {
  std::ofstream(path("a")) << "old";
  {
    auto f = AtomicFile::create(path("a"));
    ASSERT_TRUE(f && f->write(bytes("half")));
  }
  EXPECT_EQ(content(path("a")), "old");
  EXPECT_EQ(entries(), 1u) << "a temporary file was left";
}

TEST_F(Files, ReportsAFullDiskAndLeavesNothing) {
  // A file size limit stands for the full disk: write() fails in the middle.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{1000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Result<void> wrote;
  {
    auto f = AtomicFile::create(path("a"));
    ASSERT_TRUE(f);
    wrote = f->write(bytes(std::string(5000, 'x')));
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  ASSERT_FALSE(wrote);
  EXPECT_EQ(wrote.error().vendor_code, EFBIG);
  EXPECT_NE(wrote.error().message.find(path("a")), std::string::npos);
  EXPECT_EQ(entries(), 0u);
}

TEST_F(Files, SaysWhichFolderIsMissing) {
  const auto f = AtomicFile::create(path("no/such/file"));
  ASSERT_FALSE(f);
  EXPECT_EQ(f.error().status, FG_E_NOT_FOUND);
  EXPECT_NE(f.error().message.find("No such file or directory"), std::string::npos);
}

TEST_F(Files, MapsPrivately) {
  std::ofstream(path("a")) << "abc";
  {
    auto m = MappedFile::open(path("a"));
    ASSERT_TRUE(m);
    ASSERT_EQ(m->bytes().size(), 3u);
    m->bytes()[0] = std::byte{'X'};
    EXPECT_EQ(std::memcmp(m->bytes().data(), "Xbc", 3), 0);
  }
  EXPECT_EQ(content(path("a")), "abc");
}

TEST_F(Files, MapsOnlyRegularFiles) {
  std::ofstream(path("empty")).flush();
  EXPECT_TRUE(MappedFile::open(path("empty"))->bytes().empty());
  EXPECT_EQ(MappedFile::open(path("missing")).error().status, FG_E_NOT_FOUND);
  EXPECT_FALSE(MappedFile::open(dir_.string()));
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const auto fifo = MappedFile::open(path("fifo"));
  ASSERT_FALSE(fifo);
  EXPECT_NE(fifo.error().message.find("not a regular file"), std::string::npos);
}

}  // namespace
}  // namespace fg::core
