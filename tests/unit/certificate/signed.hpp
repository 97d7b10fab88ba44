// SPDX-License-Identifier: Apache-2.0
//
// Certificates for tests, signed with keys that are made of one byte.

#ifndef FG_TESTS_UNIT_CERTIFICATE_SIGNED_HPP_
#define FG_TESTS_UNIT_CERTIFICATE_SIGNED_HPP_

#include <fmt/format.h>
#include <sodium/crypto_sign.h>

#include <array>
#include <string>

#include "core/catalogue/op_info.hpp"
#include "core/certificate/certificate.hpp"
#include "core/registry/sha256.hpp"

namespace fg::core::testing {

struct TestKey {
  explicit TestKey(std::uint8_t byte) {
    std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    seed.fill(byte);
    crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  }
  std::string text() const { return hex(key); }

  PublicKey key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
};

inline CertifiedRow row(const std::string& op, const std::string& dtype, std::int64_t waived = 0,
                        std::string_view by = kByPlugin) {
  CertifiedRow r{op,     dtype,   std::string(by), "0123456789abcdef", 10, 10 - waived, waived < 10 ? 1 : 0,
                 waived, "0.4375"};
  if (const OpInfo* info = find_op(op)) r.schema = fmt::format("{:016x}", info->schema_hash);
  return r;
}

// Of the stub plugins' device.
inline Certificate sample_certificate() {
  Certificate c;
  c.subject.plugin = "stub_none";
  c.subject.plugin_version = "1.0";
  c.subject.plugin_sha256 = std::string(64, 'a');
  c.subject.device = "stub_none:0";
  c.subject.description = "stub device";
  c.subject.driver = "stub driver 1.0";
  c.subject.suite = "0.1.0";
  c.subject.tier = "standard";
  c.subject.profile = "core";
  c.subject.planned = 33;
  c.verdicts = {{"PASS", 30}, {"WAIVED", 3}};
  c.operators = {row("add", "f32"), row("mm", "bf16", 10), row("mm", "f32")};
  c.waivers = {{"op.mm/self=bf16*",
                "half a \"tile\" is lost\n",
                "a@b.example",
                "https://a.example/7",
                "2027-03-31",
                {"FAIL"},
                10}};
  c.journal_head = std::string(64, 'b');
  c.journal_lines = 35;
  c.started = "2027-01-31T12:00:00Z";
  c.milliseconds = 1500;
  c.key_name = "test@key";
  return c;
}

inline std::string signed_file(Certificate c, const TestKey& key) {
  c.signer = key.text();
  const std::string bytes = certificate_bytes(c);
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       key.secret.data());
  return certificate_file(c, key.key, signature);
}

}  // namespace fg::core::testing

#endif  // FG_TESTS_UNIT_CERTIFICATE_SIGNED_HPP_
