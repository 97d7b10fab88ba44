// SPDX-License-Identifier: Apache-2.0
//
// Certificates of the plugins that are loaded: believed or not, and what is masked because of it.

#include <fmt/format.h>

#include <utility>

#include "core/certificate/hold.hpp"
#include "core/registry/registry_state.hpp"
#include "core/trace/log.hpp"

namespace fg::core {
namespace {

std::string signed_by(const Certificate& c) {
  return fmt::format("tier {}, profile {}, suite {}, signed by {} ({}), run of {}", c.subject.tier, c.subject.profile,
                     c.subject.suite, c.key_name, c.signer.substr(0, 16), c.started);
}

// What is certified of one device.
OperatorMask mask_of(const Result<Certificate>& certificate, const Device& device) {
  if (!certificate) return OperatorMask(certificate.error().message);
  std::string other = device_mismatch(certificate->subject, facts_of(device.info));
  return other.empty() ? OperatorMask(*certificate) : OperatorMask(std::move(other));
}

std::size_t masked_operators(const OperatorMask& mask) {
  std::size_t n = 0;
  for (const OpInfo& op : catalogue()) n += op.kind != Kind::view && !mask.denial(op, kByPlugin).empty() ? 1 : 0;
  return n;
}

}  // namespace

Result<void> Registry::State::read_trust() {
  if (certificates_ignored) return {};
  FG_TRY_ASSIGN(certificates, certificate_rule(options.env, config));
  if (certificates == CertificateRule::off) return {};
  KeyFolder folder = read_key_folder(options.system_keys);
  notices.insert(notices.end(), folder.notices.begin(), folder.notices.end());
  trusted = std::move(folder.keys);
  for (const std::string& key : config.certificate_keys) {
    trusted.push_back({*bytes_of_hex<PublicKey>(key), key.substr(0, 16), "fg.yaml"});
  }
  return {};
}

void Registry::State::certify(FoundPlugin& found, Plugin& plugin) {
  if (certificates == CertificateRule::off) return;
  const auto certificate = certificate_beside(found.path, found.sha256, trusted);
  found.certificate = certificate ? "valid: " + signed_by(*certificate) : certificate.error().message;
  for (const auto& device : plugin.devices()) {
    OperatorMask mask = mask_of(certificate, *device);
    const std::string& nothing = mask.nothing();
    const bool enforced = certificates == CertificateRule::enforce;
    const std::size_t masked = masked_operators(mask);
    if (masked == 0) continue;
    Notice notice{"CERTIFICATE", nothing.empty() ? fmt::format("{}: {} operators are not in its certificate, or waived",
                                                               device->name, masked)
                                                 : fmt::format("{} is not certified: {}", device->name, nothing)};
    notice.text += enforced ? (nothing.empty() ? "; they are masked" : "; every operator is masked") : "";
    FG_LOG(warn, "{}", notice.text);
    found.notices.push_back(std::move(notice));
    if (enforced) plugin.mask(device->ordinal, std::move(mask));
  }
}

Result<void> Registry::ignore_certificates() {
  const std::lock_guard lock(state_->mutex);
  if (state_->searched && state_->certificates != CertificateRule::off) {
    return fail(FG_E_STATE, "plugins were already loaded by their certificates");
  }
  state_->certificates_ignored = true;
  return {};
}

}  // namespace fg::core
