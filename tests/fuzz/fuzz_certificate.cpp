// SPDX-License-Identifier: Apache-2.0
//
// Any text as a certificate, as canonical JSON and as a key: refused with a message that names the
// file, or taken, and what was taken is written back as the same bytes.

#include <cstdlib>
#include <string_view>

#include "core/certificate/canonical_json.hpp"
#include "core/certificate/certificate.hpp"
#include "core/certificate/mask.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto named = [](const fg::Error& e) { return e.message.find("a.json") != std::string::npos; };
  const auto json = fg::core::parse_canonical(text, "a.json");
  if (json ? fg::core::to_canonical(*json) != text : !named(json.error())) std::abort();
  const auto file = fg::core::parse_certificate(text, "a.json");
  if (!file && !named(file.error())) std::abort();
  if (file) {
    if (text.find(fg::core::certificate_bytes(file->content)) == std::string_view::npos) std::abort();
    const fg::core::OperatorMask mask(file->content);
  }
  if (const auto key = fg::core::parse_public_key(text, "a.json"); !key && !named(key.error())) std::abort();
  return 0;
}
