// SPDX-License-Identifier: Apache-2.0
//
// The names of a plan's cases: what identifies them all, and the part of a shard.

#ifndef FG_CONFORMANCE_JOURNAL_SELECTION_HPP_
#define FG_CONFORMANCE_JOURNAL_SELECTION_HPP_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fg::conformance {

// SHA-256 over the names in their order, hex.
std::string root_of(const std::vector<std::string>& names);

struct Shard {
  unsigned number = 1, of = 1;  // 1 to `of`
};
// "2/8"; nothing when it is no such text.
std::optional<Shard> parse_shard(std::string_view text);
// Decided by the name alone: shards are disjoint, and together they are everything.
bool in_shard(std::string_view name, const Shard& shard);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_JOURNAL_SELECTION_HPP_
