// SPDX-License-Identifier: Apache-2.0
//
// What a signed report of a conformance run says: which bytes of a plugin were judged, on which
// device, by which suite, and what came of every operator.
//
//   {"certificate":{...},"key":"<hex>","signature":"<hex>"}\n
//
// in canonical form; the signature is Ed25519 over the bytes of the member `certificate`.  Fields,
// one by one: docs/certification.md.

#ifndef FG_CORE_CERTIFICATE_CERTIFICATE_HPP_
#define FG_CORE_CERTIFICATE_CERTIFICATE_HPP_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/certificate/keys.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

inline constexpr std::int64_t kCertificateFormat = 1;
inline constexpr std::size_t kMaxCertificateBytes = std::size_t{4} << 20;

// Who runs an operator: the plugin's own kernel or engine, or a function of the core made of other
// operators.
inline constexpr std::string_view kByPlugin = "plugin", kByComposition = "composite";
// Of an operator without tensors and without an argument that is a dtype.
inline constexpr std::string_view kNoDtype = "none";

// The cases of one operator whose first tensor has one dtype.
struct CertifiedRow {
  std::string op, dtype, by;
  std::string schema;  // of the operator, 16 hex digits
  std::int64_t cases = 0, passed = 0, warned = 0, waived = 0;
  std::string accuracy;  // class that the bounds followed, empty: the standard one
  std::string worst;     // greatest error over what is allowed, of those that passed: "0.4375"

  bool holds() const { return passed > 0 && waived == 0; }
};

struct CertifiedWaiver {
  std::string cases, reason, owner, issue, expires;  // as in the waiver file
  std::vector<std::string> verdicts;
  std::int64_t waived = 0;  // cases that failed and were accepted
};

// What was judged: conformance/report/subject.hpp without what only that machine has.
struct CertifiedSubject {
  std::string plugin, plugin_version, build_id, plugin_sha256;
  std::string device, device_uuid, description, arch, driver;
  std::string os, processor;
  std::string suite, abi, catalogue, profile, tier, plan_root;
  std::int64_t operators = 0, planned = 0, seed = 0;
};

struct Certificate {
  std::int64_t format = kCertificateFormat;
  CertifiedSubject subject;
  std::map<std::string, std::int64_t> verdicts;  // "PASS": how many
  std::vector<CertifiedRow> operators;           // by op, dtype, by; no two alike
  std::vector<CertifiedWaiver> waivers;
  std::string journal_head;  // hex
  std::int64_t journal_lines = 0;
  std::string started;  // "2027-01-31T12:00:00Z"
  std::int64_t milliseconds = 0;
  std::string signer;    // public key, hex
  std::string key_name;  // what its owner calls the key
};

// The bytes that are signed.
std::string certificate_bytes(const Certificate& certificate);
// The text of the file.
std::string certificate_file(const Certificate& certificate, const PublicKey& key, const Signature& signature);

struct SignedCertificate {
  Certificate content;
  PublicKey key{};
};
// A file whose form is right to the byte and whose signature is that of its own key.  Whether to
// believe the key is the caller's question.  Errors name the file and the field.  Never throws.
Result<SignedCertificate> parse_certificate(std::string_view text, const std::string& file);
// FG_E_NOT_FOUND when there is no such file.
Result<SignedCertificate> read_certificate(const std::string& path);

// "/x/libfg_acme.cert.json" of "/x/libfg_acme.so".
std::string certificate_path(const std::string& plugin_path);

}  // namespace fg::core

#endif  // FG_CORE_CERTIFICATE_CERTIFICATE_HPP_
