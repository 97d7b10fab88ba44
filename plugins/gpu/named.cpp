// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/named.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"

namespace fg::gpu {

std::uint64_t variant_number(std::initializer_list<std::int64_t> numbers) {
  std::uint64_t packed = 0;
  for (const std::int64_t n : numbers) packed = packed << 8 | static_cast<std::uint64_t>(n);
  return packed;
}

Walk make_walk(std::size_t operands) {
  Walk w;
  w.stride.resize(operands);
  return w;
}

void add_to_walk(Walk& walk, std::int64_t size, std::initializer_list<std::int64_t> strides) {
  if (size != 1) add_dim(walk, size, {strides.begin(), strides.size()}, true);
}

std::int64_t stride_of(const fg_tensor& t, int d) { return d < t.ndim ? t.stride[d] : 0; }

std::int64_t broadcast_stride(const fg_tensor& t, int d, int ndim) {
  const int own = d - (ndim - t.ndim);
  return own < 0 || t.shape[own] == 1 ? 0 : t.stride[own];
}

void define_locate(Source& source, const char* word, const Locate& names, int ndim, std::span<const std::size_t> used) {
  std::string text = locate_text(source, names, ndim, used);
  std::replace(text.begin(), text.end(), '\n', ' ');
  source.define(word, text);
}

std::int64_t piece_bytes(std::int64_t element, const std::vector<std::int64_t>& bytes) {
  std::int64_t piece = 16;
  while (piece > element && std::any_of(bytes.begin(), bytes.end(), [&](auto n) { return n % piece != 0; })) piece /= 2;
  return std::max(piece, element);
}

std::int64_t walk_in_pieces(Walk& w, std::int64_t element, const std::vector<std::int64_t>& bytes) {
  const int last = w.ndim - 1;
  const auto dense = [&](const auto& stride) { return stride[static_cast<std::size_t>(last)] == 1; };
  if (last < 0 || !std::all_of(w.stride.begin(), w.stride.end(), dense)) return element;
  std::int64_t piece = piece_bytes(element, bytes);
  for (int d = 0; d <= last; ++d) {
    if (d == last) piece = piece_bytes(element, {piece, w.size[d] * element});
    for (const auto& stride : w.stride) {
      if (d < last) piece = piece_bytes(element, {piece, stride[static_cast<std::size_t>(d)] * element});
    }
  }
  const std::int64_t each = piece / element;
  w.size[last] /= each;
  w.count /= each;
  for (auto& stride : w.stride) {
    for (int d = 0; d < last; ++d) stride[static_cast<std::size_t>(d)] /= each;
  }
  return piece;
}

std::int64_t bytes_of(const fg_tensor& t) { return sdk::numel(t) * dtype_bytes(t.dtype); }

fg_dtype piece_dtype(std::int64_t bytes) {
  switch (bytes) {
    case 1: return FG_I8;
    case 2: return FG_I16;
    case 8: return FG_I64;
    default: return FG_I32;
  }
}

void define_piece(Source& source, std::int64_t bytes) {
  const bool vector = bytes == 16;
  source.define("READ(i)", vector ? "x_load16(i)" : "x_bits(i)");
  source.define("WRITE(i, v)", vector ? "y_store16(i, v)" : "y_put_bits(i, v)");
  source.define("PIECE", vector ? "PIECE16" : bytes == 8 ? "u64" : "u32");
  source.define("NOTHING", vector ? "ZERO16" : bytes == 8 ? "u64(0u)" : "0u");
}

// The sign is asked for before widening: Mesa's llvmpipe (22.3) takes a widened negative i32 for a positive number.
void define_index(Source& s) {
  s.define("COUNTED_FROM_END(raw)", "(raw < k_t(0) ? i64(raw) + wraps : i64(raw))");
  s.define("INSIDE(i)", "(i >= i64(0) && i < bound)");
}

Result<void> move_pieces(const Prepared& k, const sdk::Launch& l, const BufferRef& y, const BufferRef& x, Walk walk,
                         std::int64_t element, std::int64_t from) {
  if (walk.count == 0) return {};
  const std::int64_t piece = walk_in_pieces(
      walk, element,
      {static_cast<std::int64_t>(y.byte_offset), static_cast<std::int64_t>(x.byte_offset), from * element});
  const bool wide = !fits_index32(l);
  settle_rank(walk, device_of(l).features());
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'m', piece, wide, walk.ndim}), [&] {
    return make_source("move", {piece_dtype(piece), piece_dtype(piece)}, wide, [&](Source& s) {
      define_piece(s, piece);
      define_locate(s, "LOCATE", {"", "at", "o"}, walk.ndim, first_n(2));
    });
  }));
  std::vector<Value> values{walk.count, from * element / piece};
  add_walk_values(values, walk, first_n(2));
  const std::vector<BufferRef> buffers{y, x};
  return enqueue(l, *program, buffers, values, groups_of(*program, walk.count));
}

Result<void> copy_self(const sdk::Launch& l, const fg_tensor& out, const fg_tensor& self) {
  if (out.buffer == self.buffer && out.byte_offset == self.byte_offset) return {};
  const auto bytes = static_cast<std::uint64_t>(bytes_of(out));
  return bytes == 0 ? Result<void>{} : l.raw().stream->copy(ref(out), ref(self), bytes);
}

fg_scalar stored_number(const fg_scalar& number, fg_dtype dtype) {
  if (!is_integer(dtype) || number.kind != FG_SCALAR_FLOAT) return number;
  const double top = std::ldexp(1.0, static_cast<int>(dtype_bits(dtype)) - (dtype == FG_U8 ? 0 : 1));
  const double least = dtype == FG_U8 ? 0.0 : -top;
  fg_scalar s{};
  s.kind = FG_SCALAR_INT;
  if (std::isnan(number.v.f)) {
    s.v.i = 0;
  } else if (number.v.f >= top) {
    s.v.i = dtype == FG_I64 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(top) - 1;
  } else {
    s.v.i = static_cast<std::int64_t>(std::max(number.v.f, least));
  }
  return s;
}

Result<void> put_count(const sdk::Launch& l, const fg_tensor& to, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  FG_TRY(l.raw().stream->fill({to.buffer, to.byte_offset}, 4, static_cast<std::uint32_t>(bits)));
  return l.raw().stream->fill({to.buffer, to.byte_offset + 4}, 4, static_cast<std::uint32_t>(bits >> 32));
}

}  // namespace fg::gpu
