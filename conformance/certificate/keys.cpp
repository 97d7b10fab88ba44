// SPDX-License-Identifier: Apache-2.0
//
// Secret keys: made, kept from others, used.

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium/core.h>
#include <sodium/crypto_sign.h>
#include <sodium/utils.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "conformance/certificate/certificate.hpp"
#include "core/registry/sha256.hpp"

namespace fg::conformance {
namespace {

constexpr std::string_view kSecretKeyLabel = "fg-ed25519-secret";
constexpr std::size_t kMaxKeyFile = 256;
using Seed = std::array<std::uint8_t, crypto_sign_SEEDBYTES>;

// Text that is wiped when it goes.
struct Secret {
  std::string text;
  ~Secret() { sodium_memzero(text.data(), text.size()); }
};

Error system_error(const std::string& path, int number) {
  const fg_status status = number == ENOENT ? FG_E_NOT_FOUND : FG_E_INVALID;
  return Error{status, fmt::format("{}: {}", path, std::strerror(number))};
}

// A file that was not there before.
Result<void> write_new(const std::string& path, std::string_view text, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return tl::unexpected(system_error(path, errno));
  // The mode is exact, whatever the umask.
  const bool written =
      ::fchmod(fd, mode) == 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (::close(fd) == 0 && written) return {};
  ::unlink(path.c_str());
  return tl::unexpected(system_error(path, error));
}

// Why others could read or write an open file; empty when they could not.
std::string exposed(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return "is no regular file";
  if (st.st_uid != ::geteuid()) return fmt::format("belongs to user {}, expected {}", st.st_uid, ::geteuid());
  if ((st.st_mode & 077u) != 0) {
    return fmt::format(
        "has mode {:04o}: others can read or write it, expected 0600 (make a new key: this one is known)",
        st.st_mode & 07777u);
  }
  return {};
}

}  // namespace

SecretKey::SecretKey(std::string_view seed_hex, std::string name) : name_(std::move(name)) {
  auto seed = core::bytes_of_hex<Seed>(seed_hex).value_or(Seed{});
  crypto_sign_seed_keypair(public_.data(), secret_.data(), seed.data());
  sodium_memzero(seed.data(), seed.size());
}

SecretKey::SecretKey(SecretKey&& other) noexcept
    : secret_(other.secret_), public_(other.public_), name_(std::move(other.name_)) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

SecretKey::~SecretKey() { sodium_memzero(secret_.data(), secret_.size()); }

core::Signature SecretKey::sign(std::string_view bytes) const {
  core::Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       secret_.data());
  return signature;
}

Result<core::TrustedKey> keygen(const std::string& path, const std::string& key_name) {
  if (!core::is_key_name(key_name))
    return invalid(fmt::format("the key's name '{}', expected 1 to 64 letters, digits and ._@+-", key_name));
  if (sodium_init() < 0) return fail(FG_E_INTERNAL, "keygen: libsodium cannot be used: no random numbers");
  const std::string public_path = path + ".pub";
  for (const std::string& file : {path, public_path}) {
    struct stat st {};
    if (::lstat(file.c_str(), &st) == 0) return invalid(fmt::format("{}: exists, a key is never overwritten", file));
  }
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  core::TrustedKey made{{}, key_name, public_path};
  crypto_sign_keypair(made.key.data(), secret.data());
  Seed seed{};
  crypto_sign_ed25519_sk_to_seed(seed.data(), secret.data());
  Secret digits{core::hex(seed)};
  const Secret line{core::key_line(kSecretKeyLabel, digits.text, key_name)};
  sodium_memzero(secret.data(), secret.size());
  sodium_memzero(seed.data(), seed.size());
  FG_TRY(write_new(path, line.text, 0600));
  const std::string public_line = core::key_line(core::kPublicKeyLabel, core::hex(made.key), key_name);
  if (auto written = write_new(public_path, public_line, 0644); !written) {
    ::unlink(path.c_str());
    return tl::unexpected(std::move(written).error());
  }
  return made;
}

Result<SecretKey> read_secret_key(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return tl::unexpected(system_error(path, errno));
  Secret file{std::string(kMaxKeyFile, '\0')};
  const std::string why = exposed(fd);
  const ssize_t n = why.empty() ? ::read(fd, file.text.data(), file.text.size()) : 0;
  ::close(fd);
  if (!why.empty()) return invalid(fmt::format("{} {}", path, why));
  const std::string_view text(file.text.data(), static_cast<std::size_t>(n < 0 ? 0 : n));
  FG_TRY_ASSIGN(core::KeyLine line, core::parse_key_line(text, kSecretKeyLabel, path));
  const Secret seed{std::move(line.hex)};
  return SecretKey(seed.text, std::move(line.name));
}

std::string sign(core::Certificate certificate, const SecretKey& key) {
  certificate.signer = core::hex(key.public_key());
  certificate.key_name = key.name();
  return core::certificate_file(certificate, key.public_key(), key.sign(core::certificate_bytes(certificate)));
}

}  // namespace fg::conformance
