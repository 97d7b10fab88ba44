// SPDX-License-Identifier: Apache-2.0
//
// fg.map/1: the program printed into a kernel.  Dense operands are read and written 16 bytes at a
// time, one piece a work-item; so are rows in which operands are dense or repeat an element; others go
// element by element, each found from its place in the space.  A copy that turns memory round goes
// through tiles in shared memory.

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/engines.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/engine/engine.hpp"
#include "plugins/gpu/engine/fold.hpp"
#include "plugins/gpu/engine/map_text.hpp"
#include "plugins/gpu/engine/transpose.hpp"
#include "plugins/gpu/itemwise.hpp"
#include "plugins/gpu/launch.hpp"

namespace fg::gpu {
namespace {

// Letters of functions, times the elements of a piece, beyond which a driver's compiler takes seconds: sin of f16, 34
// 000, took NVIDIA's more than ten.
constexpr std::size_t kMostText = 24'000;

// Below so many elements of a line or of all lines, lines_source() is not worth its compilation.
constexpr std::int64_t kLeastLine = 64, kLeastInLines = 16384;

bool aligned16(const fg_launch& l) {
  for (int k = 0; k < l.n_out + l.n_in; ++k) {
    if (l.t[k].byte_offset % 16 != 0) return false;
  }
  return true;
}

bool all_dense(const Walk& w) {
  if (w.ndim != 1) return false;
  return std::all_of(w.stride.begin(), w.stride.end(), [](const auto& s) { return s[0] == 1; });
}

// Buckets: by operands, their bytes and the power of two of the count.
std::int64_t tuned_pieces(const Map& m, Device& device, std::int64_t count) {
  const int size = log2_below(count);
  auto code = static_cast<std::uint64_t>(size);
  for (const fg_dtype d : m.dtypes) code = code * 31 + static_cast<std::uint64_t>(dtype_bytes(d));
  code = code * 31 + m.n_out;
  return device.tunables().choose(kTunableMap, code, [&] {
    std::string text;
    for (std::size_t k = 0; k < m.n(); ++k) {
      if (k == m.n_out) text += " <-";
      text += (text.empty() ? "" : " ") + std::to_string(dtype_bytes(m.dtypes[k]));
    }
    return TunablePoint{text + " of 2^" + std::to_string(size)};
  })[0];
}

// Operands that repeat one element along the last dimension, bit k; none when one is not dense along it either.
std::optional<std::uint32_t> repeated_in_lines(const Map& m, const Walk& w) {
  if (w.ndim < 1 || m.n() > 32) return std::nullopt;
  const auto last = static_cast<std::size_t>(w.ndim - 1);
  std::uint32_t repeated = 0;
  for (std::size_t k = 0; k < m.n(); ++k) {
    if (w.stride[k][last] == 0 && k >= m.n_out) {
      repeated |= 1u << k;
    } else if (w.stride[k][last] != 1) {
      return std::nullopt;
    }
  }
  return repeated;
}

// Likewise; none when rows are not made of whole pieces.
std::optional<std::uint32_t> rows_in_pieces(const Map& m, const fg_launch& l, const Walk& w) {
  const auto repeated = repeated_in_lines(m, w);
  const std::int64_t each = piece_elements(m.dtypes);
  const auto last = static_cast<std::size_t>(w.ndim - 1);
  if (!repeated || w.size[last] % each != 0) return std::nullopt;
  for (std::size_t k = 0; k < m.n(); ++k) {
    if ((*repeated >> k & 1u) != 0) continue;
    if (l.t[k].byte_offset % 16 != 0) return std::nullopt;
    for (std::size_t d = 0; d < last; ++d) {
      if (w.stride[k][d] % each != 0) return std::nullopt;
    }
  }
  return repeated;
}

// The last dimension counted in pieces.
void in_units_of(Walk& w, std::int64_t each) {
  const auto last = static_cast<std::size_t>(w.ndim - 1);
  w.size[last] /= each;
  for (auto& stride : w.stride) stride[last] *= each;
}

// How a launch is done.
struct Way {
  enum class Kind : std::uint8_t { strided, dense, rows, lines } kind = Kind::strided;
  std::uint32_t repeated = 0;
  bool wide = false;
  std::int64_t pieces = 1;  // Of a work-item; dense alone.
};

Way way_of(const Map& m, const fg_launch& l, const Walk& w, const Features& features) {
  Way way;
  way.wide = !fits_index32({l.t, m.n()});
  if (!m.index_dims.empty()) return way;
  if (features.few_kernels && w.count < kFewForAKernel) return way;
  if (features.vectorises) {
    const auto repeated = repeated_in_lines(m, w);
    if (repeated && w.count >= kLeastInLines && w.size[w.ndim - 1] >= kLeastLine) {
      way.kind = Way::Kind::lines;
      way.repeated = *repeated;
    }
    return way;
  }
  if (m.heavy) return way;
  if (all_dense(w) && aligned16(l)) {
    way.kind = Way::Kind::dense;
  } else if (const auto repeated = rows_in_pieces(m, l, w)) {
    way.kind = Way::Kind::rows;
    way.repeated = *repeated;
  }
  return way;
}

Result<const Program*> program_for(const Map& m, Device& device, const Way& way, int ndim) {
  const std::uint64_t number = static_cast<std::uint64_t>(way.kind) | static_cast<std::uint64_t>(way.wide) << 2 |
                               static_cast<std::uint64_t>(ndim) << 3 | static_cast<std::uint64_t>(way.pieces) << 8 |
                               static_cast<std::uint64_t>(way.repeated) << 16;
  return m.variants->get(device, number, [&]() -> Result<Source> {
    switch (way.kind) {
      case Way::Kind::dense: return dense_source(m, way.wide, way.pieces);
      case Way::Kind::lines: return lines_source(m, ndim, way.repeated, way.wide);
      case Way::Kind::rows: return rows_source(m, ndim, way.repeated, way.wide);
      default: return strided_source(m, ndim, way.wide);
    }
  });
}

// The parameters behind the scalars, and how many groups there are.
std::uint64_t add_place_values(std::vector<Value>& values, const Map& m, const Way& way, Walk w,
                               std::uint32_t group_size) {
  const std::int64_t each = piece_elements(m.dtypes);
  std::int64_t items = w.count;
  if (way.kind == Way::Kind::lines) {
    const std::int64_t length = w.size[--w.ndim], segments = ceil_div(length, kSegment);
    values.insert(values.end(), {length, segments});
    add_walk_values(values, w, first_n(m.n()));
    return static_cast<std::uint64_t>(items / length * segments);
  }
  if (way.kind == Way::Kind::dense) items = w.count / each + 1;
  if (way.kind == Way::Kind::rows) items = w.count / each;
  values.emplace_back(way.kind == Way::Kind::rows ? items : w.count);
  if (way.kind == Way::Kind::dense) values.emplace_back(w.count / each);
  if (way.kind == Way::Kind::rows) in_units_of(w, each);
  if (way.kind != Way::Kind::dense) add_walk_values(values, w, first_n(m.n()));
  return groups_for(static_cast<std::uint64_t>(items), group_size * static_cast<std::uint64_t>(way.pieces));
}

// A line is longer than any piece, so that no order by lines is one by pieces.
ItemOrder order_of(const Map& m, const Way& way, const Walk& w) {
  switch (way.kind) {
    case Way::Kind::lines: return {w.count, w.size[w.ndim - 1], ceil_div(w.size[w.ndim - 1], kSegment)};
    case Way::Kind::strided: return {w.count, 1, 1};
    default: return {w.count, piece_elements(m.dtypes), way.pieces};
  }
}

Result<void> launch_map(const Map& m, const sdk::Launch& launch) {
  const fg_launch& l = launch.raw();
  FG_TRY(sdk::check_launch("fg.map/1", l, m.n_out, m.n_in, sdk::Address::buffer));
  const auto* params = static_cast<const fg_map_params*>(l.params);
  if (params == nullptr || (params->scalar == nullptr && !m.scalars.empty())) {
    return invalid("fg.map/1: the parameters or their scalars are NULL", FG_R_NULL_POINTER);
  }
  const std::span<const fg_tensor> t(l.t, m.n());
  Walk w = walk_of(t, sdk::shape_of(t[0]), 0, m.index_dims.empty());
  if (w.count == 0) return {};
  const Features& features = device_of(launch).features();
  Way way = way_of(m, l, w, features);
  if (way.kind == Way::Kind::dense) way.pieces = tuned_pieces(m, device_of(launch), w.count);
  if (m.copies && way.kind == Way::Kind::strided) {
    FG_TRY_ASSIGN(const bool done, transpose(*m.variants, launch, w));
    if (done) return {};
  }
  if (m.index_dims.empty()) settle_rank(w, features);
  FG_TRY_ASSIGN(const Program* program, program_for(m, device_of(launch), way, w.ndim));
  std::vector<BufferRef> buffers;
  for (const fg_tensor& x : t) buffers.push_back(ref(x));
  std::vector<Value> values;
  add_scalar_values(values, m.scalars, params->scalar);
  std::optional<ItemWise> own;
  if (l.stream->wants_items) own = itemwise(t, m.n_out, order_of(m, way, w));
  const std::uint64_t groups = add_place_values(values, m, way, std::move(w), program->source.group_size);
  return enqueue(launch, *program, buffers, values, groups, own ? &*own : nullptr);
}

Result<Map> make(const fg_sig& sig) {
  const auto* params = static_cast<const fg_map_params*>(sig.params);
  if (params == nullptr || params->program == nullptr) {
    return invalid("fg.map/1: the signature has no program", FG_R_NULL_POINTER);
  }
  FG_TRY(sdk::check_header(params->hdr, "fg_map_params"));
  const fg_expr& e = *params->program;
  FG_TRY(check_expr(e));
  if (e.n_out != sig.n_out || e.n_in != sig.n_in) {
    return invalid("fg.map/1: the program has " + std::to_string(e.n_out) + " outputs and " + std::to_string(e.n_in) +
                   " inputs, the signature " + std::to_string(sig.n_out) + " and " + std::to_string(sig.n_in));
  }
  Map m;
  m.program = ProgramCopy(e);
  m.n_out = e.n_out;
  m.n_in = e.n_in;
  for (std::size_t k = 0; k < m.n(); ++k) m.dtypes.push_back(sig.t[k].dtype);
  m.index_dims = indices_of(e);
  m.copies = e.n_out == 1 && e.n_in == 1 && e.node[e.out[0]].op == FG_EX_INPUT && m.dtypes[0] == m.dtypes[1];
  m.scalars = scalars_of({&e});
  std::vector<std::string> helpers;
  FG_TRY_ASSIGN(const Printed p, print_expr(e, {"v", "a", "s", "i", &helpers}));
  m.heavy = p.functions.size() * static_cast<std::size_t>(piece_elements(m.dtypes)) > kMostText;
  return m;
}

constexpr std::int64_t kPieces[] = {1, 2, 4, 8};
constexpr fg_tune_param kMapParams[] = {{"pieces", kPieces, std::size(kPieces), 0}};

}  // namespace

const TunableKernel kTunableMap{"map", 1, kMapParams};

Result<void> check_map(const fg_sig& sig) {
  if (sig.params == nullptr) return {};  // prepare will see the program
  FG_TRY(make(sig));
  return {};
}

Result<sdk::PreparedKernel> prepare_map(const fg_sig& sig) {
  FG_TRY_ASSIGN(Map m, make(sig));
  return sdk::make_kernel<launch_map>(std::move(m));
}

}  // namespace fg::gpu
