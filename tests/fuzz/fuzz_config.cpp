// SPDX-License-Identifier: Apache-2.0
//
// Any text as fg.yaml and as a plugin's sidecar: refused with a message that names the file, or taken.

#include <cstdlib>
#include <string_view>

#include "core/config/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto named = [](const fg::Error& e) { return e.message.find("a.yaml") != std::string::npos; };
  fg::core::Config config;
  if (const auto merged = fg::core::merge_config(config, text, "a.yaml"); !merged && !named(merged.error()))
    std::abort();
  if (const auto side = fg::core::parse_sidecar(text, "a.yaml"); !side && !named(side.error())) std::abort();
  return 0;
}
