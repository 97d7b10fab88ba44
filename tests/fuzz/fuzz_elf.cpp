// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a plugin's file: refused with a reason, or facts that can be judged.

#include <cstdlib>

#include "core/registry/elf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = fg::core::read_elf({reinterpret_cast<const std::byte*>(data), size});
  if (!facts) return facts.error().text.empty() ? (std::abort(), 0) : 0;
  for (const bool strict : {false, true}) {
    const auto judged = fg::core::judge_elf(*facts, "libfg_acme.so", {.allow_unnoted = !strict, .strict = strict});
    if (!judged && judged.error().text.empty()) std::abort();
  }
  return 0;
}
