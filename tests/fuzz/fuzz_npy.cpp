// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a .npy file: refused, or a header that fits the file.

#include <cstdlib>

#include "core/tensor/npy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = fg::core::parse_npy({reinterpret_cast<const std::byte*>(data), size});
  if (!header) return header.error().message.empty() ? (std::abort(), 0) : 0;
  const auto numel = fg::core::checked_numel(header->shape, fg::dtype_bytes(header->dtype));
  if (!numel) std::abort();
  if (header->data_offset + static_cast<std::uint64_t>(*numel * fg::dtype_bytes(header->dtype)) != size) std::abort();
  return 0;
}
