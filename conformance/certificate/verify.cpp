// SPDX-License-Identifier: Apache-2.0
//
// Does a certificate hold for this plugin, here?

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "conformance/certificate/certificate.hpp"
#include "conformance/cli.hpp"
#include "core/certificate/hold.hpp"
#include "core/registry/sha256.hpp"

namespace fg::conformance {
namespace {

using Kind = Finding::Kind;

Finding judge_key(const core::SignedCertificate& file, const std::vector<core::TrustedKey>& trusted) {
  const core::Certificate& c = file.content;
  if (const core::TrustedKey* known = core::find_key(trusted, file.key)) {
    return {Kind::good, fmt::format("valid signature by {} ({})", known->name, known->source)};
  }
  return {
      Kind::bad,
      fmt::format("valid signature by unknown key {} that calls itself {}: anybody can sign so; name the public key "
                  "that you trust with --key",
                  c.signer, c.key_name)};
}

// What must be the same, and what may differ and is said.
void compare(const core::CertifiedSubject& c, const Subject& here, std::vector<Finding>& out) {
  const std::string device = core::device_mismatch(c, {here.description, here.arch, here.driver});
  out.push_back(device.empty() ? Finding{Kind::good, fmt::format("device {} {}, driver '{}'", here.device,
                                                                 here.description, here.driver)}
                               : Finding{Kind::bad, device});
  const auto same = [&](std::string_view what, std::string_view then, std::string_view now, Kind otherwise) {
    if (core::same_text(then, now)) {
      if (otherwise == Kind::bad) out.push_back({Kind::good, fmt::format("{} {}", what, now)});
    } else {
      out.push_back({otherwise, fmt::format("{}: certified '{}', here '{}'", what, then, now)});
    }
  };
  same("interface", c.abi, here.abi, Kind::bad);
  same("catalogue", c.catalogue, here.catalogue, Kind::bad);
  same("suite", c.suite, here.version, Kind::bad);
  same("device UUID (another unit)", c.device_uuid, here.device_uuid, Kind::remark);
  same("operating system", c.os, here.os, Kind::remark);
  same("processor", c.processor, here.processor, Kind::remark);
}

Finding judge_tier(const core::CertifiedSubject& c) {
  if (c.tier == "quick") return {Kind::remark, "tier quick is a first look: the core enforces standard or full only"};
  return {Kind::good, fmt::format("tier {}, profile {}, {} cases", c.tier, c.profile, c.planned)};
}

}  // namespace

bool Verification::holds() const {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.kind == Kind::bad; });
}

int Verification::exit_code() const { return holds() ? kConformant : kFailures; }

Result<Verification> verify(const std::string& certificate_path, const std::string& plugin_path,
                            const std::vector<core::TrustedKey>& trusted, const Subject* here) {
  FG_TRY_ASSIGN(core::SignedCertificate file, core::read_certificate(certificate_path));
  const auto digest = core::sha256_of_file(plugin_path);
  if (!digest) return fail(FG_E_UNSUPPORTED, digest.error().message, FG_R_DEVICE);
  Verification v;
  v.findings.push_back(judge_key(file, trusted));
  v.certificate = std::move(file.content);
  const core::CertifiedSubject& c = v.certificate.subject;
  const std::string sha256 = core::hex(*digest);
  v.findings.push_back(
      sha256 == c.plugin_sha256
          ? Finding{Kind::good, fmt::format("plugin {} {}, SHA-256 {}", c.plugin, c.plugin_version, sha256)}
          : Finding{Kind::bad, fmt::format("{} is another file: certified SHA-256 {}, this one has {}", plugin_path,
                                           c.plugin_sha256, sha256)});
  v.findings.push_back(judge_tier(c));
  if (here != nullptr) compare(c, *here, v.findings);
  for (const core::CertifiedWaiver& w : v.certificate.waivers) {
    v.findings.push_back({Kind::remark, fmt::format("{} cases of {} waived until {}: {} ({})", w.waived, w.cases,
                                                    w.expires, w.reason, w.issue)});
  }
  return v;
}

int exit_code(const Error& error) {
  switch (error.status) {
    case FG_E_INVALID: return kFailures;
    case FG_E_NOT_FOUND: return kUsage;
    case FG_E_UNSUPPORTED: return kUnavailable;
    default: return kInternal;
  }
}

std::string text_of(const Verification& verification) {
  std::string out;
  for (const Finding& f : verification.findings) {
    const char* mark = f.kind == Kind::good ? "ok    " : f.kind == Kind::remark ? "note  " : "NO    ";
    out += mark + f.text + "\n";
  }
  return out + (verification.holds() ? "the certificate holds\n" : "the certificate does not hold here\n");
}

}  // namespace fg::conformance
