// SPDX-License-Identifier: Apache-2.0
#include "core/registry/cache_dir.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace fg::core {
namespace {

constexpr std::string_view kTemporary = ".tmp-";
constexpr std::int64_t kStaleNs = std::int64_t{3600} * 1'000'000'000;  // A temporary file this old has no writer.

std::atomic<CacheDir::WriteFn> g_write{&::write};
std::atomic<std::uint64_t> g_serial{0};

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool good() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

tl::unexpected<Error> failed(std::string_view what, int error) {
  const fg_status status = error == ENOENT ? FG_E_NOT_FOUND : FG_E_UNSUPPORTED;
  return tl::unexpected(Error{status, fmt::format("{}: {}", what, std::strerror(error)), FG_R_OTHER, -1, error});
}

std::int64_t nanoseconds(const timespec& t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

void make_parents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0700);  // failure shows when the folder itself is opened
  }
}

Result<void> write_all(int fd, std::span<const std::byte> bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = g_write.load()(fd, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed("write", n == 0 ? ENOSPC : errno);
    at += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0) return failed("fsync", errno);
  return {};
}

}  // namespace

Result<CacheDir> CacheDir::open(const std::string& path) {
  if (!path.starts_with('/'))
    return fail(FG_E_UNSUPPORTED, fmt::format("cache folder '{}': expected an absolute path", path));
  make_parents(path);
  ::mkdir(path.c_str(), 0700);
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.good()) {
    const int error = errno;
    return tl::unexpected(Error{FG_E_UNSUPPORTED, fmt::format("cache folder {}: {}", path, std::strerror(error))});
  }
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return failed(path, errno);
  if (st.st_uid != ::geteuid() || (st.st_mode & 077) != 0) {
    return fail(FG_E_UNSUPPORTED,
                fmt::format("cache folder {}: owner {} and mode {:04o}, expected owner {} and mode 0700", path,
                            st.st_uid, st.st_mode & 07777u, ::geteuid()));
  }
  return CacheDir(fd.release(), path);
}

CacheDir::CacheDir(CacheDir&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
CacheDir& CacheDir::operator=(CacheDir&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}
CacheDir::~CacheDir() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::vector<std::byte>> CacheDir::read(const std::string& name, std::size_t max_bytes) const {
  const Fd fd(::openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd.good()) return failed(name, errno);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return failed(name, errno);
  if (!S_ISREG(st.st_mode) || st.st_uid != ::geteuid() || static_cast<std::uint64_t>(st.st_size) > max_bytes) {
    return fail(FG_E_UNSUPPORTED, fmt::format("{}: expected an own regular file of at most {} bytes", name, max_bytes));
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(st.st_size));
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    at += static_cast<std::size_t>(n);
  }
  bytes.resize(at);
  const timespec now_and_keep[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  ::futimens(fd.get(), now_and_keep);  // mount options may keep access times from moving
  return bytes;
}

Result<void> CacheDir::write(const std::string& name, std::span<const std::byte> bytes) const {
  // With the time: a killed process may have left a file, and process numbers come again, in containers at once.
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::string temporary =
      fmt::format("{}{}-{:x}-{}", kTemporary, ::getpid(), nanoseconds(now), g_serial.fetch_add(1));
  const Fd fd(::openat(fd_, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.good()) return failed("create", errno);
  if (auto written = write_all(fd.get(), bytes); !written) {
    ::unlinkat(fd_, temporary.c_str(), 0);
    return written;
  }
  if (::renameat(fd_, temporary.c_str(), fd_, name.c_str()) != 0) {
    const int error = errno;
    ::unlinkat(fd_, temporary.c_str(), 0);
    return failed("rename", error);
  }
  return {};
}

void CacheDir::remove(const std::string& name) const { ::unlinkat(fd_, name.c_str(), 0); }

std::vector<CacheEntry> CacheDir::list() const {
  std::vector<CacheEntry> out;
  const int copy = ::openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(copy), &::closedir);
  if (dir == nullptr) {
    ::close(copy);
    return out;
  }
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    struct stat st {};
    if (::fstatat(fd_, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) continue;
    const std::int64_t used = std::max(nanoseconds(st.st_atim), nanoseconds(st.st_mtim));
    if (name.starts_with(kTemporary)) {
      if (nanoseconds(now) - used > kStaleNs) remove(name);
      continue;
    }
    out.push_back({name, static_cast<std::uint64_t>(st.st_size), used});
  }
  return out;
}

void CacheDir::set_write(WriteFn write) { g_write = write == nullptr ? &::write : write; }

}  // namespace fg::core
