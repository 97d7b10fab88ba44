// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "core/registry/blob_cache.hpp"
#include "core/trace/log.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::HasSubstr;

std::span<const std::byte> bytes(const std::string& s) { return std::as_bytes(std::span(s.data(), s.size())); }

// Collects warnings while it lives.
class Warnings {
 public:
  Warnings() { log::set_hook(&Warnings::take, this); }
  ~Warnings() { log::set_hook(nullptr, nullptr); }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  static void take(void* self, log::Level level, const char*, std::int32_t, const char* message) noexcept {
    auto* w = static_cast<Warnings*>(self);
    const std::lock_guard lock(w->mutex_);
    if (level >= log::Level::warn) w->lines_.emplace_back(message);
  }
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

class Cache : public ::testing::Test {
 protected:
  std::string text(BlobCache& cache, const std::string& key, const std::string& scope = "plugin") {
    const auto value = cache.get(scope, bytes(key));
    return value ? std::string(reinterpret_cast<const char*>(value->data()), value->size()) : "absent";
  }
  fs::path only_file() {
    for (const auto& entry : fs::directory_iterator(folder_)) return entry.path();
    return {};
  }
  TempDir dir_;
  fs::path folder_ = dir_.path() / "fg/kernels";
};

TEST_F(Cache, KeepsWhatWasPut) {
  {
    BlobCache cache(folder_, 1 << 20);
    EXPECT_EQ(text(cache, "k"), "absent");
    cache.put("plugin", bytes("k"), bytes("value"));
    cache.put("plugin", bytes("empty"), {});
    EXPECT_EQ(text(cache, "k"), "value");
    EXPECT_EQ(text(cache, "empty"), "");
    EXPECT_EQ(text(cache, "k", "other plugin"), "absent");
  }
  BlobCache next(folder_, 1 << 20);
  EXPECT_EQ(text(next, "k"), "value");
  struct stat st {};
  ASSERT_EQ(::stat(folder_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700u);
}

TEST_F(Cache, ScopeAndKeyDoNotRunTogether) {
  BlobCache cache(folder_, 1 << 20);
  cache.put("ab", bytes("c"), bytes("1"));
  EXPECT_EQ(text(cache, "bc", "a"), "absent");
}

TEST_F(Cache, DamagedEntryIsRemovedWithAWarning) {
  for (int damage = 0; damage < 5; ++damage) {
    BlobCache cache(folder_, 1 << 20);
    cache.put("plugin", bytes("k"), bytes("some value that is long enough"));
    const fs::path file = only_file();
    std::string image = read_file(file);
    if (damage == 0) image.back() ^= 1;
    if (damage == 1) image.resize(image.size() - 1);
    if (damage == 2) image.resize(10);
    if (damage == 3) image[0] = 'X';
    if (damage == 4) image.clear();
    write_file(file, image);
    Warnings warnings;
    EXPECT_EQ(text(cache, "k"), "absent") << damage;
    ASSERT_EQ(warnings.lines().size(), 1u) << damage;
    EXPECT_THAT(warnings.lines()[0], HasSubstr("damaged"));
    EXPECT_FALSE(fs::exists(file));
  }
}

TEST_F(Cache, EntryUnderAnotherNameIsNotTaken) {
  BlobCache cache(folder_, 1 << 20);
  cache.put("plugin", bytes("a"), bytes("value of a"));
  const fs::path a = only_file();
  const std::string image = read_file(a);
  fs::remove(a);
  cache.put("plugin", bytes("b"), bytes("value of b"));
  write_file(only_file(), image);
  EXPECT_EQ(text(cache, "b"), "absent");
}

TEST_F(Cache, LinksAreNotFollowed) {
  BlobCache cache(folder_, 1 << 20);
  cache.put("plugin", bytes("k"), bytes("value"));
  const fs::path file = only_file();
  fs::rename(file, dir_.path() / "elsewhere");
  fs::create_symlink(dir_.path() / "elsewhere", file);
  EXPECT_EQ(text(cache, "k"), "absent");
}

TEST_F(Cache, FolderOfOthersIsNotUsed) {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::all);
  BlobCache cache(folder_, 1 << 20);
  Warnings warnings;
  cache.put("plugin", bytes("k"), bytes("value"));
  cache.put("plugin", bytes("k2"), bytes("value"));
  EXPECT_EQ(text(cache, "k"), "absent");
  ASSERT_EQ(warnings.lines().size(), 1u);
  EXPECT_THAT(warnings.lines()[0], HasSubstr("expected owner"));
}

TEST_F(Cache, FullDiskIsAWarning) {
  BlobCache cache(folder_, 1 << 20);
  CacheDir::set_write([](int, const void*, std::size_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  });
  {
    Warnings warnings;
    cache.put("plugin", bytes("k"), bytes("value"));
    cache.put("plugin", bytes("k2"), bytes("value"));
    ASSERT_EQ(warnings.lines().size(), 1u) << "once, not for every kernel";
    EXPECT_THAT(warnings.lines()[0], HasSubstr("No space left on device"));
  }
  CacheDir::set_write(nullptr);
  EXPECT_EQ(text(cache, "k"), "absent");
  EXPECT_TRUE(fs::is_empty(folder_)) << "the half-written file is gone";
  cache.put("plugin", bytes("k"), bytes("value"));
  EXPECT_EQ(text(cache, "k"), "value");
}

TEST_F(Cache, ShortWritesAreContinued) {
  CacheDir::set_write(
      [](int fd, const void* data, std::size_t size) { return ::write(fd, data, std::min<std::size_t>(size, 7)); });
  BlobCache cache(folder_, 1 << 20);
  cache.put("plugin", bytes("k"), bytes(std::string(1000, 'x')));
  CacheDir::set_write(nullptr);
  EXPECT_EQ(text(cache, "k"), std::string(1000, 'x'));
}

TEST_F(Cache, LeastRecentlyUsedGoesFirst) {
  BlobCache cache(folder_, 5000);
  const std::string kilo(1000, 'x');
  for (const char* key : {"a", "b", "c", "d"}) {
    cache.put("plugin", bytes(key), bytes(kilo));
    for (const auto& entry : fs::directory_iterator(folder_)) {  // make them older, one after the other
      struct stat st {};
      ::stat(entry.path().c_str(), &st);
      const timespec older[2] = {{st.st_atim.tv_sec - 100, 0}, {st.st_mtim.tv_sec - 100, 0}};
      ::utimensat(AT_FDCWD, entry.path().c_str(), older, 0);
    }
  }
  EXPECT_EQ(text(cache, "a"), kilo);  // used: now the youngest
  cache.put("plugin", bytes("e"), bytes(kilo));
  EXPECT_EQ(text(cache, "b"), "absent");
  EXPECT_EQ(text(cache, "a"), kilo);
  EXPECT_EQ(text(cache, "c"), kilo);
  EXPECT_EQ(text(cache, "e"), kilo);
  cache.put("plugin", bytes("huge"), bytes(std::string(9000, 'x')));
  EXPECT_EQ(text(cache, "huge"), "absent");
  EXPECT_EQ(text(cache, "e"), kilo);
}

// Counting a folder of many files takes long: one count serves until an eighth of the bytes has gone.
TEST_F(Cache, AFullCacheIsNotCountedAtEveryPut) {
  constexpr std::uint64_t kMax = 64 * 1024;
  BlobCache cache(folder_, kMax);
  const auto put = [&](int k) { cache.put("plugin", bytes(std::to_string(k)), bytes(std::string(1000, 'x'))); };
  const auto held = [&] {
    std::uint64_t sum = 0;
    for (const auto& entry : fs::directory_iterator(folder_)) sum += entry.file_size();
    return sum;
  };
  for (int k = 0; k < 70; ++k) {
    put(k);
    ASSERT_LE(held(), kMax);
  }
  EXPECT_GT(held(), kMax - 2048) << "it is full, and no more went than had to";
  const fs::path stranger = folder_ / std::string(64, '0');
  std::ofstream(stranger) << "old";
  const timespec old[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, stranger.c_str(), old, 0), 0);
  put(70);
  EXPECT_TRUE(fs::exists(stranger)) << "the folder was counted again";
  for (int k = 71; k < 90; ++k) put(k);
  EXPECT_FALSE(fs::exists(stranger)) << "the folder was never counted again";
  EXPECT_LE(held(), kMax);
}

TEST_F(Cache, ThreadsAndProcessesShareIt) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      BlobCache cache(folder_, 1 << 24);
      for (int i = 0; i < 50; ++i) {
        const std::string value(static_cast<std::size_t>(100 + i), 'v');
        cache.put("plugin", bytes("shared"), bytes(value));
        const auto read = cache.get("plugin", bytes("shared"));
        EXPECT_TRUE(!read || read->size() >= 100u);
      }
    });
  }
  for (auto& t : threads) t.join();
  BlobCache cache(folder_, 1 << 24);
  EXPECT_NE(text(cache, "shared"), "absent");
}

// Kills the process at the `g_call`-th write of bytes, after `g_bytes` of them.
int g_call = 0;
std::size_t g_bytes = 0;
ssize_t write_and_die(int fd, const void* data, std::size_t size) {
  if (g_call-- > 0) return ::write(fd, data, std::min<std::size_t>(size, 30));
  const ssize_t n = ::write(fd, data, std::min(size, g_bytes));
  ::kill(::getpid(), SIGKILL);
  return n;
}

// In the header, in the value, and when all is written but not yet in its place.
TEST_F(Cache, AWriterThatIsKilledLosesNothingElse) {
  const std::string large(500, 'n');
  {
    BlobCache cache(folder_, 1 << 20);
    cache.put("plugin", bytes("k"), bytes("old"));
    cache.put("plugin", bytes("other"), bytes("kept"));
  }
  for (const auto& [call, size] : {std::pair{0, 0u}, {0, 20u}, {0, 80u}, {3, 5u}, {0, 580u}}) {
    const pid_t child = ::fork();
    if (child == 0) {
      g_call = call;
      g_bytes = size;
      CacheDir::set_write(write_and_die);
      BlobCache cache(folder_, 1 << 20);
      cache.put("plugin", bytes("k"), bytes(large));
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    BlobCache cache(folder_, 1 << 20);
    EXPECT_EQ(text(cache, "k"), "old") << call << ", " << size;
    EXPECT_EQ(text(cache, "other"), "kept");
    cache.put("plugin", bytes("next"), bytes(large));
    EXPECT_EQ(text(cache, "next"), large);
  }
  Warnings warnings;
  BlobCache cache(folder_, 1 << 20);
  cache.put("plugin", bytes("k"), bytes(large));
  EXPECT_EQ(text(cache, "k"), large);
  EXPECT_TRUE(warnings.lines().empty());
}

// What is left of a process that had this one's number.
TEST_F(Cache, TemporaryFilesOfTheDeadAreNotInTheWay) {
  BlobCache cache(folder_, 1 << 20);
  cache.put("plugin", bytes("k"), bytes("value"));
  for (int serial = 0; serial < 1000; ++serial)
    write_file(folder_ / (".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(serial)), "half");
  Warnings warnings;
  cache.put("plugin", bytes("k2"), bytes("value"));
  EXPECT_EQ(text(cache, "k2"), "value");
  EXPECT_TRUE(warnings.lines().empty());
}

std::promise<void>* g_writing = nullptr;
std::promise<void>* g_go = nullptr;

TEST_F(Cache, ASlowWriteHoldsUpNobody) {
  BlobCache cache(folder_, 1 << 20);
  cache.put("plugin", bytes("k"), bytes("value"));
  std::promise<void> writing, go;
  g_writing = &writing;
  g_go = &go;
  CacheDir::set_write([](int fd, const void* data, std::size_t size) {
    g_writing->set_value();
    g_go->get_future().wait();
    return ::write(fd, data, size);
  });
  std::thread slow([&] { cache.put("plugin", bytes("slow"), bytes("late")); });
  writing.get_future().wait();
  CacheDir::set_write(nullptr);
  EXPECT_EQ(text(cache, "k"), "value");
  cache.put("plugin", bytes("quick"), bytes("soon"));
  EXPECT_EQ(text(cache, "quick"), "soon");
  EXPECT_EQ(text(cache, "slow"), "absent");
  go.set_value();
  slow.join();
  EXPECT_EQ(text(cache, "slow"), "late");
}

TEST_F(Cache, WithoutAFolderNothingIsKept) {
  BlobCache cache("", 1 << 20);
  cache.put("plugin", bytes("k"), bytes("value"));
  EXPECT_EQ(text(cache, "k"), "absent");
}

}  // namespace
}  // namespace fg::core::testing
