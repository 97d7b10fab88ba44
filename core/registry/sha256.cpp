// SPDX-License-Identifier: Apache-2.0
#include "core/registry/sha256.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium/crypto_hash_sha256.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace fg::core {
namespace {

class Hasher {
 public:
  Hasher() { crypto_hash_sha256_init(&state_); }
  void add(const void* data, std::size_t size) {
    crypto_hash_sha256_update(&state_, static_cast<const unsigned char*>(data), size);
  }
  Sha256 finish() {
    Sha256 out{};
    crypto_hash_sha256_final(&state_, out.data());
    return out;
  }

 private:
  crypto_hash_sha256_state state_{};
};

}  // namespace

Sha256 sha256_of_parts(std::initializer_list<std::span<const std::byte>> parts) {
  Hasher h;
  for (const std::span<const std::byte> part : parts) {
    const std::uint64_t size = part.size();
    h.add(&size, sizeof size);
    h.add(part.data(), part.size());
  }
  return h.finish();
}

Sha256 sha256(std::span<const std::byte> bytes) {
  Hasher h;
  h.add(bytes.data(), bytes.size());
  return h.finish();
}

Result<Sha256> sha256_of_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(FG_E_NOT_FOUND, fmt::format("{}: {}", path, std::strerror(errno)));
  Hasher h;
  std::vector<char> block(std::size_t{1} << 16);
  ssize_t n = 0;
  while ((n = ::read(fd, block.data(), block.size())) > 0 || (n < 0 && errno == EINTR)) {
    if (n > 0) h.add(block.data(), static_cast<std::size_t>(n));
  }
  const int error = errno;
  ::close(fd);
  if (n < 0) return fail(FG_E_INTERNAL, fmt::format("{}: {}", path, std::strerror(error)));
  return h.finish();
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) out += fmt::format("{:02x}", b);
  return out;
}

}  // namespace fg::core
