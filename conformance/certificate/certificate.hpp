// SPDX-License-Identifier: Apache-2.0
//
// From a run to a certificate, and from a certificate back to the question whether it holds here.
// Its form is core/certificate/'s, which enforces it.

#ifndef FG_CONFORMANCE_CERTIFICATE_CERTIFICATE_HPP_
#define FG_CONFORMANCE_CERTIFICATE_CERTIFICATE_HPP_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/report/report.hpp"
#include "conformance/waivers/waivers.hpp"
#include "core/certificate/certificate.hpp"

namespace fg::conformance {

// --- certify.cpp ---

// Where the report comes from.
struct Provenance {
  std::string journal_head;  // hash of its last line
  std::size_t journal_lines = 0;
  std::string started;  // "2027-01-31T12:00:00Z"
};

// What is certified, not yet signed.  An error with one sentence per reason when the run decides
// nothing: not the whole plan (`plan`: its names), interrupted, a failure, a case without a verdict.
// `uses`: what apply_waivers() gave for this report.
Result<core::Certificate> certify(const Report& report, std::span<const std::string> plan,
                                  const std::vector<WaiverUse>& uses, const Provenance& provenance);

// --- keys.cpp ---

// Wiped when it goes.  Not copied.
class SecretKey {
 public:
  explicit SecretKey(std::string_view seed_hex, std::string name);
  SecretKey(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();

  const core::PublicKey& public_key() const { return public_; }
  const std::string& name() const { return name_; }
  core::Signature sign(std::string_view bytes) const;

 private:
  std::array<std::uint8_t, 64> secret_{};
  core::PublicKey public_{};
  std::string name_;
};

// Makes a pair: the secret in `path`, mode 0600, the public one in `path`.pub.  Neither may exist.
Result<core::TrustedKey> keygen(const std::string& path, const std::string& key_name);
// Refuses a file that others could read or write.
Result<SecretKey> read_secret_key(const std::string& path);

// The text of the certificate's file.
std::string sign(core::Certificate certificate, const SecretKey& key);

// --- verify.cpp ---

struct Finding {
  enum class Kind : std::uint8_t { good, remark, bad } kind = Kind::good;
  std::string text;
};

struct Verification {
  core::Certificate certificate;
  std::vector<Finding> findings;

  bool holds() const;
  int exit_code() const;  // 0 it holds, 1 it does not
};

// Reads the certificate and compares it with the plugin's bytes and with `here`, the subject as this
// machine would write it (nullptr: not compared).  `trusted`: whose signature counts.  An error: the
// certificate is no certificate (FG_E_INVALID, exit code 1), a file is missing (FG_E_NOT_FOUND, exit
// code 2) or is the plugin's (FG_E_UNSUPPORTED, exit code 3).
Result<Verification> verify(const std::string& certificate_path, const std::string& plugin_path,
                            const std::vector<core::TrustedKey>& trusted, const Subject* here);
int exit_code(const Error& error);
// A line for each finding, and what follows from them.
std::string text_of(const Verification& verification);

// --- spot.cpp ---

// A seed that nobody knew before.
std::uint64_t fresh_seed();
// `n` names of `plan` to run again, all when it has fewer; a function of the names and the seed.
std::vector<std::string> spot_choice(std::span<const std::string> plan, std::size_t n, std::uint64_t seed);
// What the new results say against the certificate; empty when nothing.
std::vector<std::string> contradictions(const core::Certificate& certificate, const std::vector<CaseResult>& results);

// --- rows.cpp ---

// Under which row of a certificate a case counts.  Nothing for a case without an operator.
struct RowKey {
  std::string op, dtype, by;
  auto operator<=>(const RowKey&) const = default;
};
Result<std::optional<RowKey>> row_of(std::string_view id);
// The rows that follow from results.
Result<std::vector<core::CertifiedRow>> rows_of(const std::vector<CaseResult>& results);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CERTIFICATE_CERTIFICATE_HPP_
