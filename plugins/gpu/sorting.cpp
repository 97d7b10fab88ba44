// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/sorting.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/random_text.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kTile = 1024;  // Elements that a group sorts: 12 KiB of keys and places.

// Sorted runs of all lines.
struct Runs {
  std::int64_t cover, count;  // Elements that a run stands for; runs of a line.
  std::int64_t stride;        // Kept of each.
  std::int64_t pitch;         // From line to line.
};
Runs runs_of(const Sorting& s, std::int64_t cover) {
  Runs r{cover, ceil_div(s.length, cover), std::min(cover, s.keep), 0};
  r.pitch = r.stride == r.cover ? s.length : r.count * r.stride;
  return r;
}
Runs first_runs(const Sorting& s) {
  return runs_of(s, std::min(kTile, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(s.length)))));
}

std::int64_t key_bytes(const Sorting& s) {
  return s.by == SortBy::elements ? std::max<std::int64_t>(dtype_bytes(s.dtype), 4) : 8;
}
bool is_wide(const sdk::Launch& l, const Sorting& s) {
  return !fits_index32(l) || s.lines * std::max(s.length, kTile) >= std::int64_t{1} << 30;
}
fg_dtype place_dtype(const Sorting& s) { return s.length >= std::int64_t{1} << 31 ? FG_I64 : FG_I32; }

// Two sets of runs, read and written in turn.
struct Memory {
  BufferRef keys[2], places[2];
  std::uint64_t bytes = 0;
};
Memory memory_of(const sdk::Launch* l, const Sorting& s) {
  Memory m;
  Runs r = first_runs(s);
  if (r.count == 1) return m;
  std::int64_t most = r.pitch;
  while (r.count > 1) {
    r = runs_of(s, 2 * r.cover);
    most = std::max(most, r.pitch);
  }
  const auto take = [&](std::int64_t each) {
    const BufferRef at = l == nullptr ? BufferRef{} : workspace_at(*l, m.bytes);
    m.bytes += groups_for(static_cast<std::uint64_t>(s.lines * most * each), kWorkspaceAlign) * kWorkspaceAlign;
    return at;
  };
  for (int k = 0; k < 2; ++k) {
    m.keys[k] = take(key_bytes(s));
    m.places[k] = take(dtype_bytes(place_dtype(s)));
  }
  return m;
}

std::string word_text(std::uint64_t bits, std::int64_t bytes) {
  return std::to_string(bits) + (bytes == 8 ? "ul" : "u");
}

std::uint64_t infinity_bits(fg_dtype dtype) {
  switch (dtype) {
    case FG_F64: return 0x7FF0000000000000u;
    case FG_F32: return 0x7F800000u;
    case FG_F16: return 0x7C00u;
    default: return 0x7F80u;
  }
}

// KEY sort_key(KEY bits): unsigned numbers in the order of the elements; -0 is 0, all NaN are equal and greatest.
std::string key_function(fg_dtype dtype) {
  const std::int64_t bytes = dtype_bytes(dtype);
  const std::uint64_t all = ~std::uint64_t{0} >> (64 - 8 * bytes);
  const std::string sign = word_text(all / 2 + 1, bytes), mask = word_text(all, bytes);
  std::string text = "FN KEY sort_key(KEY bits) {\n";
  if (is_float(dtype)) {
    text += "  KEY magnitude = bits & " + word_text(all / 2, bytes) + ";\n";
    text += "  if (magnitude > " + word_text(infinity_bits(dtype), bytes) + ") return " + mask + ";\n";
    text += "  if (magnitude == KEY(0u)) return " + sign + ";\n";
    text += "  return bits == magnitude ? bits | " + sign + " : bits ^ " + mask + ";\n";
  } else {
    text += dtype == FG_U8 || dtype == FG_BOOL ? "  return bits;\n" : "  return bits ^ " + sign + ";\n";
  }
  return text + "}\n";
}

// READ_KEY sets `key` to that of element `at` of `line`.
Result<void> add_key(Source& s, const Sorting& sort) {
  if (sort.by == SortBy::elements) {
    const std::int64_t bytes = dtype_bytes(sort.dtype);
    s.functions += key_function(sort.dtype);
    s.define("READ_KEY", "key = sort_key(x_bits(ELEMENT(length, at))); if (descending != 0) { key = key ^ " +
                             word_text(~std::uint64_t{0} >> (64 - 8 * bytes), bytes) + "; }");
    return {};
  }
  FG_TRY(add_philox(s));
  if (sort.by == SortBy::bits) {
    s.define("READ_KEY", "key = random_bits(philox(seed, offset + u64(at / idx(2))), i32(at % idx(2)));");
    return {};
  }
  add_real(s, sort.dtype);
  FG_TRY(add_numbers(s, sort.dtype));
  s.uses_f64 = true;
  // The least keys win; positive floats are in the order of their bits.
  s.define("READ_KEY",
           "idx n = line * length + at; u32x4 w = philox(seed, offset + u64(n / idx(EACH)));"
           "REAL noise = -random_ln(random_open_unit(NUMBER(w, i32(n % idx(EACH)))));"
           "f64 weight = f64(x_load(n)); f64 most = F64_BITS(0x7FEFFFFFFFFFFFFFul); f64 ratio = f64(noise) / weight;"
           "key = 0x7FF0000000000000ul; if (weight > f64(0)) { key = BITS_F64(ratio < most ? ratio : most); }");
  return {};
}

// FINISH: element `place` of `line` is number `own` of the sorted ones.
void add_finish(Source& s, const Sorting& sort) {
  s.define("ELEMENT(n, e)", "((line / inner * (n) + (e)) * inner + line % inner)");
  const std::string values =
      sort.values.buffer == nullptr ? "" : "y_put_bits(ELEMENT(keep, own), x_bits(ELEMENT(length, place))); ";
  s.define("FINISH", values + "z_store(ELEMENT(keep, own), z_t(place));");
}

fg_dtype x_dtype(const Sorting& s) {
  if (s.by == SortBy::race) return s.dtype;
  return s.by == SortBy::bits ? fg_dtype{FG_I8} : piece_dtype(dtype_bytes(s.dtype));
}

Result<Source> tile_source(const Sorting& sort, bool finishes, bool wide) {
  const fg_dtype key = piece_dtype(key_bytes(sort)), x = x_dtype(sort);
  FG_TRY_ASSIGN(Source s,
                make_source("sort_tile", {key, place_dtype(sort), x, x, sort.places_dtype}, wide, [&](Source& t) {
                  t.define("KEY", key == FG_I64 ? "u64" : "u32").define("TILE", kTile);
                  t.define("LAST_KEY", key == FG_I64 ? "(~u64(0u))" : "(~0u)").define("FINISHES", finishes ? 1 : 0);
                  add_finish(t, sort);
                }));
  FG_TRY(add_key(s, sort));
  return s;
}

Result<void> sort_tiles(const Prepared& k, const sdk::Launch& l, const Sorting& s, const Runs& r, const Memory& m) {
  const bool wide = is_wide(l, s), finishes = r.count == 1;
  FG_TRY_ASSIGN(const Program* program,
                k->get(device_of(l), variant_number({'t', wide, finishes, place_dtype(s) == FG_I64}),
                       [&] { return tile_source(s, finishes, wide); }));
  return enqueue(
      l, *program, {m.keys[0], m.places[0], s.x, s.values, s.places},
      {s.lines, s.length, s.inner, s.keep, r.cover, r.count, r.stride, r.pitch, s.descending ? 1 : 0, s.seed, s.offset},
      groups_for(static_cast<std::uint64_t>(s.lines * r.count), static_cast<std::uint64_t>(kTile / r.cover)));
}

// A last run without a neighbour goes through alone: its neighbour has no elements.
Result<void> merge_runs(const Prepared& k, const sdk::Launch& l, const Sorting& s, const Runs& from, const Runs& to,
                        const Memory& m, int source) {
  const bool wide = is_wide(l, s);
  const fg_dtype key = piece_dtype(key_bytes(s)), place = place_dtype(s);
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'m', wide, place == FG_I64}), [&] {
    return make_source("sort_merge", {key, place, key, place}, wide,
                       [&](Source& t) { t.define("KEY", key == FG_I64 ? "u64" : "u32"); });
  }));
  const auto a = static_cast<std::size_t>(source), b = 1 - a;
  return enqueue(l, *program, {m.keys[b], m.places[b], m.keys[a], m.places[a]},
                 {s.lines, s.length, from.cover, from.count, from.stride, from.pitch, to.stride, to.pitch},
                 groups_of(*program, s.lines * from.count * from.stride));
}

Result<void> finish(const Prepared& k, const sdk::Launch& l, const Sorting& s, const Runs& r, const BufferRef& places) {
  const bool wide = is_wide(l, s);
  const fg_dtype place = place_dtype(s), x = x_dtype(s);
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'e', wide, place == FG_I64}), [&] {
    return make_source("sort_end", {place, x, x, s.places_dtype}, wide, [&](Source& t) { add_finish(t, s); });
  }));
  return enqueue(l, *program, {places, s.x, s.values, s.places}, {s.lines, s.length, s.inner, s.keep, r.pitch},
                 groups_of(*program, s.lines * s.keep));
}

}  // namespace

std::uint64_t sorting_bytes(const Sorting& s) {
  return s.lines == 0 || s.length == 0 || s.keep == 0 ? 0 : memory_of(nullptr, s).bytes + kWorkspaceAlign;
}

Result<void> sort_lines(const Prepared& k, const sdk::Launch& l, const Sorting& s) {
  if (s.lines == 0 || s.length == 0 || s.keep == 0) return {};
  const Memory m = memory_of(&l, s);
  Runs r = first_runs(s);
  FG_TRY(sort_tiles(k, l, s, r, m));
  if (r.count == 1) return {};
  int source = 0;
  while (r.count > 1) {
    const Runs next = runs_of(s, 2 * r.cover);
    FG_TRY(merge_runs(k, l, s, r, next, m, source));
    r = next;
    source = 1 - source;
  }
  return finish(k, l, s, r, m.places[source]);
}

}  // namespace fg::gpu
