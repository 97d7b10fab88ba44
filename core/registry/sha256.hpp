// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 of memory and files, as lower-case hex or bytes.

#ifndef FG_CORE_REGISTRY_SHA256_HPP_
#define FG_CORE_REGISTRY_SHA256_HPP_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "fg/sdk/result.hpp"

namespace fg::core {

using Sha256 = std::array<std::uint8_t, 32>;

// Of the parts, one after the other, each preceded by its length: no two lists of parts collide.
Sha256 sha256_of_parts(std::initializer_list<std::span<const std::byte>> parts);
Sha256 sha256(std::span<const std::byte> bytes);
Result<Sha256> sha256_of_file(const std::string& path);
std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_SHA256_HPP_
