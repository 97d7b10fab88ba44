// SPDX-License-Identifier: Apache-2.0
//
// cat, constant_pad_nd, flip, roll, repeat, tile, repeat_interleave, tril, triu and their indices.  Elements are bytes
// here, moved in the largest pieces that the shapes allow.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/named.hpp"

namespace fg::gpu {
namespace {

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;
constexpr std::uint32_t kInPlace = kFlags | FG_K_INPLACE_OK;
constexpr std::uint16_t kSplitDims =
    FG_MAX_NDIM / 2;  // Every dimension of these becomes two, its count and its length.

Result<void> move_tensor(const Prepared& k, const sdk::Launch& l, const Walk& walk, std::int64_t from = 0) {
  return move_pieces(k, l, ref(l.out()), ref(l.in()), walk, dtype_bytes(l.out().dtype), from);
}

Result<void> flip(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in();
  const auto& p = l.params<fg_flip_params>();
  std::array<bool, FG_MAX_NDIM> turned{};
  for (std::int64_t i = 0; i < p.n_dims; ++i) turned[static_cast<std::size_t>(p.dims[i])] = true;
  std::int64_t from = 0;
  Walk w = make_walk(2);
  for (int d = 0; d < self.ndim; ++d) {
    const bool turn = turned[static_cast<std::size_t>(d)];
    if (turn) from += (self.shape[d] - 1) * self.stride[d];
    add_to_walk(w, self.shape[d], {out.stride[d], turn ? -self.stride[d] : self.stride[d]});
  }
  return move_tensor(k, l, w, from);
}

// `counts` for the last dimensions of out; self has the last of those.
Result<void> repeat_by(const Prepared& k, const sdk::Launch& l, const std::int64_t* counts, std::int64_t n) {
  const fg_tensor &out = l.out(), &self = l.in();
  Walk w = make_walk(2);
  for (int d = 0; d < out.ndim; ++d) {
    const int own = d - (out.ndim - self.ndim);
    const std::int64_t i = d - (out.ndim - n), length = own < 0 ? 1 : self.shape[own];
    add_to_walk(w, i < 0 ? 1 : counts[i], {length * out.stride[d], 0});
    add_to_walk(w, length, {out.stride[d], own < 0 ? 0 : self.stride[own]});
  }
  return move_tensor(k, l, w);
}

Result<void> repeat(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_repeat_params>();
  return repeat_by(k, l, p.repeats, p.n_repeats);
}

Result<void> tile(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_tile_params>();
  return repeat_by(k, l, p.dims, p.n_dims);
}

// Everything up to dimension dim, or all of it, is one dense line; each of its parts of `after` elements is repeated.
Result<void> repeat_interleave(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor& self = l.in();
  const auto& p = l.params<fg_repeat_interleave_params>();
  std::int64_t after = 1;
  for (int d = self.ndim - 1; p.has_dim != 0 && d > p.dim; --d) after *= self.shape[d];
  const std::int64_t n = sdk::numel(self);
  if (n == 0) return {};
  Walk w = make_walk(2);
  add_to_walk(w, n / after, {after * p.repeats, after});
  add_to_walk(w, p.repeats, {after, 0});
  add_to_walk(w, after, {1, 1});
  return move_tensor(k, l, w);
}

Result<void> cat(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor& out = l.out();
  const std::int64_t dim = l.params<fg_cat_params>().dim, bytes = dtype_bytes(out.dtype);
  BufferRef to = ref(out);
  for (std::size_t i = 0; i < l.n_in(); ++i) {
    const fg_tensor& in = l.in(i);
    if (in.ndim != out.ndim || sdk::numel(in) == 0) continue;  // The one-dimensional empty tensors.
    Walk w = make_walk(2);
    for (int d = 0; d < in.ndim; ++d) add_to_walk(w, in.shape[d], {out.stride[d], in.stride[d]});
    FG_TRY(move_pieces(k, l, to, ref(in), w, bytes));
    to.byte_offset += static_cast<std::uint64_t>(in.shape[dim] * out.stride[dim] * bytes);
  }
  return {};
}

// --- roll and pad: y[p] = x[p - by] -------------------------------------------------------------------------------

struct Shift {
  int ndim = 0;
  std::array<std::int64_t, FG_MAX_NDIM> size{}, own{}, by{};  // Lengths of y and of x.

  // A dimension that is not shifted lengthens the one before it.
  void add(std::int64_t length, std::int64_t own_length, std::int64_t shift) {
    const auto last = static_cast<std::size_t>(ndim);
    if (ndim > 0 && shift == 0 && own_length == length) {
      size[last - 1] *= length;
      own[last - 1] *= length;
      by[last - 1] *= length;
      return;
    }
    size[last] = length;
    own[last] = own_length;
    by[last] = shift;
    ++ndim;
  }
};

// Positions p0 ... to places in x.
std::string place_text(const Shift& s, bool round) {
  std::string text;
  for (int d = 0; d < s.ndim; ++d) {
    const std::string q = "q" + std::to_string(d), own = item_of("own", d, s.ndim);
    text += "idx " + q + " = p" + std::to_string(d) + " - " + item_of("by", d, s.ndim) + "; ";
    text += round ? "if (" + q + " < idx(0)) " + q + " += " + own + "; "
                  : "inside = inside && " + q + " >= idx(0) && " + q + " < " + own + "; ";
    text += "from = from * " + own + " + " + q + "; ";
  }
  return text;
}

Result<Source> shift_source(const Shift& s, bool round, std::int64_t piece, bool wide) {
  return make_source("shift", {piece_dtype(piece), piece_dtype(piece)}, wide, [&](Source& source) {
    define_piece(source, piece);
    define_locate(source, "LOCATE", {"", "at", "o"}, s.ndim, {});
    source.params.push_back({ParamType::idx, "own", static_cast<std::uint32_t>(s.ndim)});
    source.params.push_back({ParamType::idx, "by", static_cast<std::uint32_t>(s.ndim)});
    source.define("PLACE", place_text(s, round));
    source.define("FILL", piece == 16  ? "U32X4(fill[0], fill[1], fill[2], fill[3])"
                          : piece == 8 ? "(u64(fill[0]) | u64(fill[1]) << 32)"
                                       : "fill[0]");
  });
}

// `fill`: 16 bytes of elements.
Result<void> run_shift(const Prepared& k, const sdk::Launch& l, Shift s, bool round,
                       const std::array<std::uint32_t, 4>& fill) {
  const fg_tensor &out = l.out(), &self = l.in();
  if (s.ndim == 0) s.add(1, 1, 0);
  const std::int64_t element = dtype_bytes(out.dtype);
  const auto last = static_cast<std::size_t>(s.ndim - 1);
  const std::int64_t piece = piece_bytes(
      element, {offset_of(out), offset_of(self), s.size[last] * element, s.own[last] * element, s.by[last] * element});
  const bool wide = !fits_index32(l);
  const std::uint64_t number = variant_number({'s', piece, wide, s.ndim});
  FG_TRY_ASSIGN(const Program* program,
                k->get(device_of(l), number, [&] { return shift_source(s, round, piece, wide); }));
  for (auto* lengths : {&s.size, &s.own, &s.by}) (*lengths)[last] = (*lengths)[last] * element / piece;
  const std::int64_t count = sdk::numel(out) * element / piece;
  std::vector<Value> values{count, fill[0], fill[1], fill[2], fill[3]};
  for (const auto* lengths : {&s.size, &s.own, &s.by}) {
    for (int d = 0; d < s.ndim; ++d) values.emplace_back((*lengths)[static_cast<std::size_t>(d)]);
  }
  const BufferRef buffers[] = {ref(out), ref(self)};
  return enqueue(l, *program, buffers, values, groups_of(*program, count));
}

Result<void> roll(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor& self = l.in();
  const auto& p = l.params<fg_roll_params>();
  const auto modulo = [](std::int64_t by, std::int64_t n) { return n == 0 ? 0 : (by % n + n) % n; };
  if (sdk::numel(self) == 0) return {};
  Shift s;
  if (p.n_dims == 0) {
    const std::int64_t n = sdk::numel(self);
    s.add(n, n, modulo(p.shifts[0], n));
    return run_shift(k, l, s, true, {});
  }
  std::array<std::int64_t, FG_MAX_NDIM> by{};
  for (std::int64_t i = 0; i < p.n_dims && self.ndim > 0; ++i) {
    by[static_cast<std::size_t>(p.dims[i])] = modulo(p.shifts[i], self.shape[p.dims[i]]);
  }
  for (int d = 0; d < self.ndim; ++d) s.add(self.shape[d], self.shape[d], by[static_cast<std::size_t>(d)]);
  return run_shift(k, l, s, true, {});
}

// A number in the compute type of `dtype`, then stored; elements of it until 16 bytes are full.
std::array<std::uint32_t, 4> filled(const fg_scalar& number, fg_dtype dtype) {
  const bool narrow = is_integer(dtype) && dtype_bits(dtype) < 32;
  const fg_scalar given = stored_number(number, narrow ? FG_I32 : dtype);
  std::array<std::byte, 16> bytes{};
  with_type(dtype, [&]<class Tag>(Tag) {
    using T = typename Tag::type;
    T value{};
    if constexpr (std::is_same_v<T, bool>) {
      value = given.kind == FG_SCALAR_FLOAT ? given.v.f != 0 : given.v.i != 0;
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(given.v.i);
    } else {
      const double x = given.kind == FG_SCALAR_FLOAT ? given.v.f : static_cast<double>(given.v.i);
      if constexpr (std::is_same_v<T, double>) {
        value = x;
      } else {
        value = static_cast<T>(static_cast<float>(x));
      }
    }
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) std::memcpy(bytes.data() + at, &value, sizeof(T));
  });
  return std::bit_cast<std::array<std::uint32_t, 4>>(bytes);
}

Result<void> constant_pad_nd(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in();
  const auto& p = l.params<fg_constant_pad_nd_params>();
  if (sdk::numel(out) == 0) return {};
  Shift s;
  for (int d = 0; d < out.ndim; ++d) {
    const std::int64_t i = out.ndim - 1 - d;
    s.add(out.shape[d], self.shape[d], 2 * i < p.n_pad ? p.pad[2 * i] : 0);
  }
  return run_shift(k, l, s, false, filled(p.value, out.dtype));
}

// --- triangles ------------------------------------------------------------------------------------------------------

Result<void> triangle(const Prepared& k, const sdk::Launch& l, std::int64_t diagonal, bool upper) {
  const fg_tensor &out = l.out(), &self = l.in();
  const std::int64_t rows = self.shape[self.ndim - 2], columns = self.shape[self.ndim - 1], count = sdk::numel(self);
  if (count == 0) return {};
  const std::int64_t element = dtype_bytes(self.dtype);
  const std::int64_t piece = piece_bytes(element, {offset_of(out), offset_of(self)});
  const std::int64_t each = piece == 16 ? 16 / element : 1;
  const bool wide = !fits_index32(l);
  const std::uint64_t number = variant_number({'t', each, wide});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] {
    return make_source("triangle", {piece_dtype(element), piece_dtype(element)}, wide, [&](Source& s) {
      define_piece(s, element);
      s.define("EACH", each);
      s.define("KEEPS(r, c)", upper ? "((c) - (r) >= diagonal)" : "((c) - (r) <= diagonal)");
    });
  }));
  return enqueue(l, *program, {ref(out), ref(self)}, {count, rows, columns, std::clamp(diagonal, -rows, columns)},
                 groups_of(*program, (count + each - 1) / each));
}

Result<void> tril(const Prepared& k, const sdk::Launch& l) {
  return triangle(k, l, l.params<fg_tril_params>().diagonal, false);
}
Result<void> triu(const Prepared& k, const sdk::Launch& l) {
  return triangle(k, l, l.params<fg_triu_params>().diagonal, true);
}

Result<void> indices(const Prepared& k, const sdk::Launch& l, std::int64_t rows, std::int64_t columns,
                     std::int64_t diagonal, bool upper) {
  const fg_tensor& out = l.out();
  if (sdk::numel(out) == 0) return {};
  const bool wide = !fits_index32(l);
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'i', wide}), [&] {
    return make_source("triangle_indices", {FG_I64}, wide, [&](Source& s) { s.define("UPPER", upper ? 1 : 0); });
  }));
  return enqueue(l, *program, {ref(out)}, {rows, columns, std::clamp(diagonal, -rows - 1, columns + 1), out.shape[1]},
                 static_cast<std::uint64_t>(rows));
}

Result<void> tril_indices(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_tril_indices_params>();
  return indices(k, l, p.row, p.col, p.offset, false);
}
Result<void> triu_indices(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_triu_indices_params>();
  return indices(k, l, p.row, p.col, p.offset, true);
}

FG_GPU_ROWS(CAT);
FG_GPU_ROWS(CONSTANT_PAD_ND);
FG_GPU_ROWS(FLIP);
FG_GPU_ROWS(REPEAT);
FG_GPU_ROWS(REPEAT_INTERLEAVE);
FG_GPU_ROWS(ROLL);
FG_GPU_ROWS(TILE);
FG_GPU_ROWS(TRIL);
FG_GPU_ROWS(TRIL_INDICES);
FG_GPU_ROWS(TRIU);
FG_GPU_ROWS(TRIU_INDICES);

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(CAT), .list_slot = 1, .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<cat>},
    {FG_GPU_ENTRY(CONSTANT_PAD_ND), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<constant_pad_nd>},
    {FG_GPU_ENTRY(FLIP), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<flip>},
    {FG_GPU_ENTRY(REPEAT), .max_ndim = kSplitDims, .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<repeat>},
    {FG_GPU_ENTRY(REPEAT_INTERLEAVE), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<repeat_interleave>},
    {FG_GPU_ENTRY(ROLL), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<roll>},
    {FG_GPU_ENTRY(TILE), .max_ndim = kSplitDims, .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<tile>},
    {FG_GPU_ENTRY(TRIL), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<tril>},
    {FG_GPU_ENTRY(TRIL_INDICES), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<tril_indices>},
    {FG_GPU_ENTRY(TRIU), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<triu>},
    {FG_GPU_ENTRY(TRIU_INDICES), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<triu_indices>},
};

}  // namespace

std::span<const sdk::KernelEntry> layout_entries() { return kEntries; }

}  // namespace fg::gpu
