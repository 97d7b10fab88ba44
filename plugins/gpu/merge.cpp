// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/merge.hpp"

#include <algorithm>
#include <bit>

namespace fg::gpu {
namespace {

// More texts take long to compile.
constexpr std::size_t kMostParts = 8;
// Memory of a launch beyond which the device, not the host, takes the time: an H200 moves as much in 1 to 2 us.
constexpr std::uint64_t kMostBytes = 4 << 20;

bool alike(const RecordedDispatch& a, const RecordedDispatch& b) {
  const Source &s = a.program->source, &t = b.program->source;
  return a.groups == b.groups && a.large == b.large && s.group_size == t.group_size && s.wide_index == t.wide_index &&
         s.uses_f64 == t.uses_f64 && s.divides == t.divides && s.busy == t.busy;
}

std::uint64_t bytes_of(const ItemWise& items) {
  std::uint64_t sum = 0;
  for (const ItemPlace& p : items.places) sum += p.end - p.begin;
  return sum;
}

// Launches from the first on that a work-item may do one after the other.
std::size_t run_of(std::span<const RecordedDispatch* const> list) {
  const auto plain = [](const RecordedDispatch& d) {
    return d.items && bytes_of(*d.items) <= kMostBytes && d.program->source.shared.empty() && !d.program->source.own;
  };
  if (list.empty() || !plain(*list[0])) return 0;
  std::size_t n = 1;
  for (; n < std::min(list.size(), kMostMerged); ++n) {
    const RecordedDispatch& next = *list[n];
    if (!plain(next) || !alike(*list[0], next)) break;
    const auto stays = [&](const RecordedDispatch* before) { return may_follow(*before->items, *next.items); };
    if (!std::all_of(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(n), stays)) break;
  }
  return n;
}

std::size_t padded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

// Programs of one kind (alike()), in turn.
Source merged_source(std::span<const RecordedDispatch* const> parts, std::size_t rounds) {
  const Source& first = parts[0]->program->source;
  Source s;
  s.name = "merged " + first.name;
  s.group_size = first.group_size;
  s.wide_index = first.wide_index;
  s.uses_f64 = first.uses_f64;
  s.divides = first.divides;
  s.busy = first.busy;
  s.most_rounds = static_cast<std::uint32_t>(rounds);
  for (const RecordedDispatch* d : parts) s.parts.push_back(&d->program->source);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const Source* part : s.parts) {
      for (const BufferArg& b : part->buffers) {
        s.buffers.push_back({"m" + std::to_string(s.buffers.size()), b.dtype, b.access});
      }
    }
  }
  return s;
}

}  // namespace

// Rounds that a kernel's arguments can hold: a power of two, so that chains of different lengths share kernels.
std::size_t Merger::most_rounds(std::span<const RecordedDispatch* const> parts) const {
  constexpr std::uint64_t kHead = 16;  // How many groups and rounds.
  std::uint64_t round = 0;
  for (const RecordedDispatch* d : parts)
    round += (limits_.pointers ? 16 : 8) * d->buffers.size() + padded(d->params.size());
  if (limits_.argument_bytes < kHead + round) return 0;
  return std::bit_floor(std::min<std::size_t>((limits_.argument_bytes - kHead) / round, kMostMerged / parts.size()));
}

MergePlan Merger::plan(std::span<const RecordedDispatch* const> list) const {
  MergePlan best;
  if (limits_.argument_bytes == 0) return best;
  const std::size_t n = run_of(list);
  for (std::size_t parts = 1; parts <= std::min(n, kMostParts); ++parts) {
    std::size_t same = parts;  // Launches that have the program of the one `parts` before.
    while (same < n && list[same]->program == list[same - parts]->program) ++same;
    const MergePlan plan{parts, std::min(same / parts, most_rounds(list.first(parts)))};
    if (plan.launches() > best.launches()) best = plan;
  }
  return best;
}

Result<const Program*> Merger::program_of(std::span<const RecordedDispatch* const> parts, std::size_t rounds) {
  std::vector<const Program*> programs;
  for (const RecordedDispatch* d : parts) programs.push_back(d->program);
  const Program*& known = programs_[{std::move(programs), rounds}];
  if (known == nullptr) {
    FG_TRY_ASSIGN(known, device_.programs().get(merged_source(parts, rounds)));
  }
  return known;
}

std::optional<RecordedDispatch> Merger::merge(std::span<const RecordedDispatch* const> list, const MergePlan& plan) {
  const auto parts = list.first(plan.parts);
  const std::size_t rounds = std::min(std::bit_ceil(plan.rounds), most_rounds(parts));
  const auto program = program_of(parts, rounds);
  if (!program) {
    device_.say(FG_LOG_WARN, "launches of a graph are not merged: " + program.error().message);
    limits_.argument_bytes = 0;
    return std::nullopt;
  }
  RecordedDispatch merged{*program, {}, {}, list[0]->groups, list[0]->large, {}};
  const auto count = static_cast<std::int64_t>(plan.rounds);
  const auto* const bytes = reinterpret_cast<const std::byte*>(&count);
  merged.params.assign(bytes, bytes + sizeof count);
  for (const RecordedDispatch* d : list.first(plan.launches())) {
    merged.buffers.insert(merged.buffers.end(), d->buffers.begin(), d->buffers.end());
    merged.params.insert(merged.params.end(), d->params.begin(), d->params.end());
    merged.params.resize(padded(merged.params.size()));
  }
  const std::size_t round = (merged.params.size() - sizeof count) / plan.rounds;
  merged.params.resize(sizeof count + rounds * round);
  merged.buffers.resize((*program)->source.buffers.size());
  return merged;
}

}  // namespace fg::gpu
