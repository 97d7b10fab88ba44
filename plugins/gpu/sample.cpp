// SPDX-License-Identifier: Apache-2.0
//
// randperm, multinomial.

#include <limits>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/random_text.hpp"
#include "plugins/gpu/sorting.hpp"

namespace fg::gpu {
namespace {

// How many numbers from 0 on the dtype holds, one after the other.
std::int64_t numbers_of(fg_dtype dtype) {
  if (dtype == FG_F64) return (std::int64_t{1} << 53) + 1;
  if (dtype == FG_F32) return (std::int64_t{1} << 24) + 1;
  if (dtype == FG_I64) return std::numeric_limits<std::int64_t>::max();
  return std::int64_t{1} << (dtype_bits(dtype) - (dtype == FG_U8 ? 0 : 1));
}

Sorting randperm_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_randperm_params>();
  Sorting s;
  s.by = SortBy::bits;
  s.length = s.keep = l.out().shape[0];
  s.places = ref(l.out());
  s.places_dtype = l.out().dtype;
  s.seed = p.seed;
  s.offset = p.offset;
  return s;
}

Result<void> randperm(const Prepared& k, const sdk::Launch& l) {
  const Sorting s = randperm_of(l);
  const std::int64_t most = numbers_of(s.places_dtype);
  if (s.length > most) {
    return invalid("randperm: n is " + std::to_string(s.length) + ", expected at most " + std::to_string(most) +
                       " for " + std::string(dtype_name(s.places_dtype)),
                   FG_R_PARAMETER, 0);
  }
  return sort_lines(k, l, s);
}
Result<std::uint64_t> randperm_workspace(const Prepared&, const sdk::Launch& l) {
  return sorting_bytes(randperm_of(l));
}

// --- multinomial ---

// Without replacement: the positions of the least keys.
Sorting race_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_multinomial_params>();
  const fg_tensor& self = l.in();
  Sorting s;
  s.by = SortBy::race;
  s.lines = self.ndim == 1 ? 1 : self.shape[0];
  s.length = self.shape[self.ndim - 1];
  s.keep = p.num_samples;
  s.dtype = self.dtype;
  s.x = ref(self);
  s.places = ref(l.out());
  s.seed = p.seed;
  s.offset = p.offset;
  return s;
}

bool replaces(const sdk::Launch& l) { return l.params<fg_multinomial_params>().replacement != 0; }
std::uint64_t sums_bytes(const Sorting& s) {
  return groups_for(static_cast<std::uint64_t>(8 * s.lines * s.length), kWorkspaceAlign) * kWorkspaceAlign;
}

Result<void> draw_replacing(const Prepared& k, const sdk::Launch& l, const Sorting& s) {
  const BufferRef sums = workspace_at(l), last = workspace_at(l, sums_bytes(s));
  const bool wide = !fits_index32(l);
  FG_TRY_ASSIGN(const Program* add, k->get(device_of(l), variant_number({'s', wide}), [&] {
    return make_source("multinomial_sums", {FG_F64, FG_I64, s.dtype}, wide, [](Source&) {});
  }));
  FG_TRY(enqueue(l, *add, {sums, last, s.x}, {s.lines, s.length}, groups_of(*add, s.lines)));
  FG_TRY_ASSIGN(const Program* draw, k->get(device_of(l), variant_number({'d', wide}), [&]() -> Result<Source> {
    FG_TRY_ASSIGN(Source source, make_source("multinomial_draw", {FG_I64, FG_F64, FG_I64}, wide,
                                             [](Source& x) { add_real(x, FG_F64); }));
    FG_TRY(add_philox(source));
    FG_TRY(add_numbers(source, FG_F64));
    return source;
  }));
  return enqueue(l, *draw, {s.places, sums, last}, {s.lines, s.length, s.keep, s.seed, s.offset},
                 groups_of(*draw, s.lines * s.keep));
}

Result<void> multinomial(const Prepared& k, const sdk::Launch& l) {
  const Sorting s = race_of(l);
  if (s.lines == 0 || s.length == 0 || s.keep == 0) return {};
  return replaces(l) ? draw_replacing(k, l, s) : sort_lines(k, l, s);
}
Result<std::uint64_t> multinomial_workspace(const Prepared&, const sdk::Launch& l) {
  const Sorting s = race_of(l);
  return replaces(l) ? sums_bytes(s) + static_cast<std::uint64_t>(8 * s.lines) + kWorkspaceAlign : sorting_bytes(s);
}

FG_GPU_ROWS(MULTINOMIAL);
// It has no tensor whose dtypes the catalogue could list.
inline constexpr fg_dtype kRANDPERMRows[] = {FG_I64, FG_I32, FG_I16, FG_I8, FG_U8, FG_F64, FG_F32};

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(MULTINOMIAL), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<multinomial, multinomial_workspace>},
    {FG_GPU_ENTRY(RANDPERM), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<randperm, randperm_workspace>},
};

}  // namespace

std::span<const sdk::KernelEntry> sample_entries() { return kEntries; }

}  // namespace fg::gpu
