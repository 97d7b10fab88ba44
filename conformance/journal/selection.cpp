// SPDX-License-Identifier: Apache-2.0

#include "conformance/journal/selection.hpp"

#include <charconv>
#include <span>

#include "conformance/data/rng.hpp"
#include "core/registry/sha256.hpp"

namespace fg::conformance {

std::string root_of(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& n : names) all.append(n).append("\n");
  return core::hex(core::sha256(std::as_bytes(std::span(all))));
}

std::optional<Shard> parse_shard(std::string_view text) {
  Shard s;
  const char* end = text.data() + text.size();
  const auto [slash, bad_number] = std::from_chars(text.data(), end, s.number);
  if (bad_number != std::errc() || slash == end || *slash != '/') return std::nullopt;
  const auto [rest, bad_of] = std::from_chars(slash + 1, end, s.of);
  if (bad_of != std::errc() || rest != end || s.number == 0 || s.number > s.of) return std::nullopt;
  return s;
}

bool in_shard(std::string_view name, const Shard& shard) { return hash(name) % shard.of == shard.number - 1; }

}  // namespace fg::conformance
