// SPDX-License-Identifier: Apache-2.0
//
// Whether a certificate speaks of this plugin on this device, by somebody who is believed.

#ifndef FG_CORE_CERTIFICATE_HOLD_HPP_
#define FG_CORE_CERTIFICATE_HOLD_HPP_

#include <string>
#include <vector>

#include "core/certificate/certificate.hpp"
#include "fg/abi/device.h"

namespace fg::core {

// The certificate beside a plugin whose file has this hash.  Else an error that says why there is
// none: no file, a changed file, a changed plugin, a key that is not trusted.
Result<Certificate> certificate_beside(const std::string& plugin_path, const std::string& plugin_sha256,
                                       const std::vector<TrustedKey>& trusted);

// A device as a certificate describes it.
struct DeviceFacts {
  std::string description, arch, driver;
};
DeviceFacts facts_of(const fg_device_info& info);

// How the device differs from the certified one, empty when it does not.  Another unit of the same
// model with the same driver is the same.
std::string device_mismatch(const CertifiedSubject& certified, const DeviceFacts& here);
// The same texts, once both are UTF-8.
bool same_text(std::string_view a, std::string_view b);

}  // namespace fg::core

#endif  // FG_CORE_CERTIFICATE_HOLD_HPP_
