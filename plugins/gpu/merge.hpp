// SPDX-License-Identifier: Apache-2.0
//
// Several launches of a graph as one, where each work-item can do its part of them one after the other (itemwise.hpp).
// The merged program is made of theirs (Source::parts): what they compute, and its bits, are the same.

#ifndef FG_PLUGINS_GPU_MERGE_HPP_
#define FG_PLUGINS_GPU_MERGE_HPP_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "plugins/gpu/recording.hpp"

namespace fg::gpu {

// More save little.
inline constexpr std::size_t kMostMerged = 64;

struct MergeLimits {
  std::uint64_t argument_bytes = 0;  // Of all of a kernel's arguments; 0: nothing is merged.
  bool pointers = false;             // Each buffer is an argument of its own.
};

// How many launches from the first one on are one: `parts` programs in turn, `rounds` times.
struct MergePlan {
  std::size_t parts = 1, rounds = 1;
  std::size_t launches() const { return parts * rounds; }
};

// [per-object]
class Merger {
 public:
  Merger(Device& device, const MergeLimits& limits) : device_(device), limits_(limits) {}
  MergePlan plan(std::span<const RecordedDispatch* const> list) const;
  // What was planned for `list`, as one launch.  None where it does not compile: then nothing is merged any more.
  std::optional<RecordedDispatch> merge(std::span<const RecordedDispatch* const> list, const MergePlan& plan);

 private:
  std::size_t most_rounds(std::span<const RecordedDispatch* const> parts) const;
  Result<const Program*> program_of(std::span<const RecordedDispatch* const> parts, std::size_t rounds);

  Device& device_;
  MergeLimits limits_;
  std::map<std::pair<std::vector<const Program*>, std::size_t>, const Program*> programs_;  // By parts and rounds.
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_MERGE_HPP_
