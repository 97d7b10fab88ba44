// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a safetensors file: refused, or a header whose every claim holds.

#include <cstdlib>

#include "core/tensor/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = fg::core::parse_safetensors({reinterpret_cast<const std::byte*>(data), size});
  if (!header) return header.error().message.empty() ? (std::abort(), 0) : 0;
  std::uint64_t at = 0;
  for (const fg::core::SafetensorsEntry& e : header->entries) {
    const std::int64_t width = e.dtype == 0 ? 1 : fg::dtype_bytes(e.dtype);  // 0: a dtype that is not ours.
    const auto numel = fg::core::checked_numel(e.shape, width);
    if (!numel || e.begin != at || e.end < e.begin || e.dtype_name.empty()) std::abort();
    if (e.dtype != 0 && e.end - e.begin != static_cast<std::uint64_t>(*numel * width)) std::abort();
    at = e.end;
  }
  if (header->data_offset + at != size) std::abort();
  return 0;
}
