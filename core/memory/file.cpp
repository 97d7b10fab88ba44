// SPDX-License-Identifier: Apache-2.0

#include "core/memory/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace fg::core {
namespace {

tl::unexpected<Error> errno_error(const char* action, const std::string& path, int code) {
  Error e{code == ENOENT ? FG_E_NOT_FOUND : FG_E_INVALID,
          std::string(action) + " " + path + ": " + std::generic_category().message(code)};
  e.vendor_code = code;
  return tl::unexpected(std::move(e));
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: a FIFO is refused below instead of waited for.
  const Descriptor d{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (d.fd < 0) return errno_error("open", path, errno);
  struct stat st {};
  if (::fstat(d.fd, &st) != 0) return errno_error("stat", path, errno);
  if (!S_ISREG(st.st_mode)) return invalid("open " + path + ": not a regular file");
  MappedFile file;
  if (st.st_size == 0) return file;
  void* p = ::mmap(nullptr, static_cast<std::size_t>(st.st_size), PROT_READ | PROT_WRITE, MAP_PRIVATE, d.fd, 0);
  if (p == MAP_FAILED) return errno_error("map", path, errno);
  file.data_ = static_cast<std::byte*>(p);
  file.size_ = static_cast<std::size_t>(st.st_size);
  return file;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  static std::atomic<std::uint32_t> counter{0};
  AtomicFile file;
  file.path_ = path;
  // O_EXCL and a fresh name: never through somebody else's link.
  for (int attempt = 0; attempt < 64; ++attempt) {
    file.temporary_ = path + ".tmp" + std::to_string(::getpid()) + "." + std::to_string(counter.fetch_add(1));
    file.fd_ = ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file.fd_ >= 0) return file;
    if (errno != EEXIST) break;
  }
  return errno_error("create", file.temporary_, errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<void> AtomicFile::write(std::span<const std::byte> bytes) {
  if (fd_ < 0) return fail(FG_E_STATE, "write " + path_ + ": already committed");
  while (!bytes.empty()) {
    // Linux writes at most 0x7ffff000 bytes in one call.
    const ssize_t n = ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("write", path_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> AtomicFile::commit() {
  if (fd_ < 0) return fail(FG_E_STATE, "commit " + path_ + ": already committed");
  if (::fsync(fd_) != 0) return errno_error("write", path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return errno_error("rename to", path_, errno);
  const int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0) return errno_error("close", path_, errno);
  return {};
}

}  // namespace fg::core
