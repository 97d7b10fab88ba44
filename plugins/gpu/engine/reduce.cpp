// SPDX-License-Identifier: Apache-2.0
//
// fg.reduce/1.  A group takes a result, its work-items striding over the elements and joined by a
// tree; or a work-item takes a result alone, where results are many and lie side by side or have few
// elements.  Where there are too few results to fill the device, each is cut into chunks whose states
// go to the workspace and are combined by a second kernel.  The order depends on shapes alone.

#include <algorithm>

#include "fg/sdk/engines.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/engine/engine.hpp"
#include "plugins/gpu/engine/fold.hpp"
#include "plugins/gpu/launch.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kFewElements = 64;     // Up to here one work-item does it.
constexpr std::int64_t kLeastInThread = 128;  // Elements of a chunk that a work-item should have at least.
constexpr std::int64_t kLeastInGroup = 8192;  // The same for a group.
constexpr std::int64_t kItemsPerUnit = 1024;  // Work-items that fill a compute unit ...
constexpr std::int64_t kGroupsPerUnit = 8;    // ... and groups.

struct Reduce {
  Fold fold;
};

// How one kernel of the two goes about it.
struct Shape {
  bool by_group = false, from_partials = false, to_partials = false, wide = false, pieces = false;
  int outer = 0, inner = 0;  // Dimensions.

  std::uint64_t number() const {
    return static_cast<std::uint64_t>(by_group) | static_cast<std::uint64_t>(from_partials) << 1 |
           static_cast<std::uint64_t>(to_partials) << 2 | static_cast<std::uint64_t>(wide) << 3 |
           static_cast<std::uint64_t>(outer) << 4 | static_cast<std::uint64_t>(inner) << 8 |
           static_cast<std::uint64_t>(pieces) << 12;
  }
};

// Loads in flight hide the time that memory takes: this many elements of a work-item, in pieces or one by one.
constexpr std::int64_t kAheadInPieces = 16;
constexpr std::int64_t kAhead = 8;

// The places of the element r of the inner space: "q<k>".
std::string place_text(const Reduce& k, FoldText& t, const Shape& s) {
  const Locate inner{"r", "r", "q"};
  const std::vector<std::size_t> inputs = first_n(k.fold.n_in, k.fold.n_out);
  std::string text =
      locate_text(t.source(), inner, s.inner, inputs) + index_text(inner, k.fold.index_dims, s.outer, s.inner);
  for (const std::size_t i : inputs) text += "q" + std::to_string(i) + " += o" + std::to_string(i) + ";\n";
  return text;
}
std::string piece_place_text(const Reduce& k) {
  std::string text;
  for (const std::size_t i : first_n(k.fold.n_in, k.fold.n_out)) {
    text += "idx q" + std::to_string(i) + " = o" + std::to_string(i) + " + r;\n";
  }
  return text;
}

// The loop over a work-item's elements of [begin, end), number r, merged into state "a".
Result<std::string> loop(const Reduce& k, FoldText& t, const Shape& s) {
  const std::string first = s.by_group ? "idx(LOCAL_ID)" : "idx(0)", step = s.by_group ? "idx(GROUP_SIZE)" : "idx(1)";
  FG_TRY_ASSIGN(std::string merge, t.combine("a", "a", "b"));
  if (!s.from_partials && !k.fold.index_dims.empty()) {
    const std::string place = place_text(k, t, s);
    FG_TRY_ASSIGN(const std::string element, t.element("b", "q", "i64(r)"));
    return "for (idx r = begin + " + first + "; r < end; r += " + step + ") {\n" + place + element + merge + "}\n";
  }
  const std::int64_t each = s.pieces ? piece_elements(std::span(k.fold.dtypes).subspan(k.fold.n_out)) : 1;
  t.source().define("EACH", each).define("AHEAD", s.pieces ? kAheadInPieces / each : kAhead);
  FoldText::Ahead ahead;
  std::string element, place;
  if (s.from_partials) {
    element = t.partial_ahead("b", "r * outer + at", ahead);
  } else {
    place = s.pieces ? piece_place_text(k) : place_text(k, t, s);
    FG_TRY_ASSIGN(element, t.element_ahead("b", "q", "i64(r) + i64(j)", each, ahead));
  }
  // A work-item meets its elements in order, so that positions need no comparison; none of -inf alone loses its first.
  std::string begin, finish;
  if (!s.from_partials && k.fold.monoid.positional()) {
    begin = "idx near = begin + " + first + " * idx(EACH);\n";
    finish = "if (near < end) a1 = i64(near);\n";
    merge = k.fold.monoid.take_next("a", "b", "near", "r + idx(j)");
  }
  const std::string each_ahead =
      "UNROLL\nfor (i32 w = 0; w < AHEAD; ++w) {\nidx r = from + idx(w) * step;\nif (r < end) {\n";
  return begin + "idx step = " + step + " * idx(EACH);\nfor (idx from = begin + " + first +
         " * idx(EACH); from < end; from += step * idx(AHEAD)) {\n" + ahead.declare + each_ahead + place + ahead.load +
         "}\n}\n" + each_ahead + "UNROLL\nfor (i32 j = 0; j < EACH; ++j) {\n" + element + merge + "}\n}\n}\n}\n" +
         finish;
}

Result<Source> make_source(const Reduce& k, const Shape& s) {
  FoldText t(k.fold, s.from_partials ? "reduce_rest" : "reduce", s.wide);
  Source& source = t.source();
  if (!s.from_partials) t.add_inputs();
  if (s.from_partials || s.to_partials) t.add_partials(s.from_partials ? Access::read : Access::write);
  if (!s.to_partials) t.add_outputs();
  t.add_scalars();
  for (const char* name : {"outer", "count", "chunks", "per_chunk"}) source.params.push_back({ParamType::idx, name, 1});
  source.params.push_back({ParamType::i64, "n", 1});
  const Locate outer{"o", "at", "o"};
  // From partials only the outputs are walked.
  const std::vector<std::size_t> operands = first_n(s.from_partials ? k.fold.n_out : k.fold.n());
  std::string body = "idx chunk = unit / outer;\nidx at = unit - chunk * outer;\n";
  body += locate_text(source, outer, s.outer, operands) + index_text(outer, k.fold.index_dims, 0, s.outer);
  body += k.fold.monoid.declare_identity("a");
  body += "idx begin = chunk * per_chunk;\nidx end = begin + per_chunk < count ? begin + per_chunk : count;\n";
  FG_TRY_ASSIGN(const std::string elements, loop(k, t, s));
  body += elements;
  std::string finish = t.store_partial("a", "unit");
  if (!s.to_partials) {
    FG_TRY_ASSIGN(finish, t.finish("a", "o", "n"));
  }
  if (s.by_group) {
    t.share_states();
    FG_TRY_ASSIGN(const std::string tree, t.group_join("a"));
    // Every work-item of the group has the same unit: barriers inside are met by all.
    source.body = "idx unit = idx(GROUP_ID);\nif (unit < outer * chunks) {\n" + body + tree +
                  "if (LOCAL_ID == 0u) {\n" + finish + "}\n}\n";
  } else {
    source.body = "idx unit = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (unit < outer * chunks) {\n" + body +
                  finish + "}\n";
  }
  return std::move(source);
}

struct Plan {
  Walk outer, inner;
  bool wide = false, by_group = false, pieces = false;
  std::int64_t chunks = 1, per_chunk = 1;
};

// Whether every line of every input begins at a multiple of 16 bytes and is a whole number of pieces.
bool in_pieces(const Reduce& k, const fg_launch& l, const Plan& p) {
  if (p.inner.ndim != 1 || !k.fold.index_dims.empty()) return false;
  const std::int64_t each = piece_elements(std::span(k.fold.dtypes).subspan(k.fold.n_out));
  if (p.inner.count % each != 0) return false;
  for (std::size_t i = k.fold.n_out; i < k.fold.n(); ++i) {
    if (p.inner.stride[i][0] != 1 || l.t[i].byte_offset % 16 != 0) return false;
    for (int d = 0; d < p.outer.ndim; ++d) {
      if (p.outer.stride[i][static_cast<std::size_t>(d)] % each != 0) return false;
    }
  }
  return true;
}

Plan plan_of(const Reduce& k, const sdk::Launch& launch) {
  const fg_launch& l = launch.raw();
  const std::span<const fg_tensor> t(l.t, k.fold.n());
  const fg_tensor& input = l.t[k.fold.n_out];
  const int outer_dims = input.ndim - static_cast<const fg_reduce_params*>(l.params)->n_reduced;
  const std::span<const std::int64_t> size = sdk::shape_of(input);
  const bool join = k.fold.index_dims.empty();
  Plan p;
  p.outer = walk_of(t, size.first(static_cast<std::size_t>(outer_dims)), 0, join);
  p.inner = walk_of(t, size.subspan(static_cast<std::size_t>(outer_dims)), outer_dims, join);
  // A loop's counter goes beyond the end by what a group takes at once.
  p.wide = !fits_index32(t) || p.inner.count >= std::int64_t{1} << 30;
  const Features& f = device_of(launch).features();
  const std::int64_t n = p.inner.count, m = std::max<std::int64_t>(p.outer.count, 1);
  const auto& stride = p.inner.stride[k.fold.n_out];
  const bool along = p.inner.ndim == 0 || stride[static_cast<std::size_t>(p.inner.ndim - 1)] == 1;
  p.by_group = n > kFewElements && (along || m < 64) && !f.few_kernels;
  const std::int64_t wanted = p.by_group ? kGroupsPerUnit * f.compute_units : kItemsPerUnit * f.compute_units;
  const std::int64_t least = p.by_group ? kLeastInGroup : kLeastInThread;
  p.chunks = std::clamp<std::int64_t>(wanted / m, 1, std::max<std::int64_t>(n / least, 1));
  p.per_chunk = std::max<std::int64_t>((n + p.chunks - 1) / p.chunks, 1);
  constexpr std::int64_t kWholePieces = 16;  // Elements; no piece lies across two chunks.
  p.per_chunk = (p.per_chunk + kWholePieces - 1) / kWholePieces * kWholePieces;
  p.chunks = std::max<std::int64_t>((n + p.per_chunk - 1) / p.per_chunk, 1);
  p.pieces = in_pieces(k, l, p) && !(f.few_kernels && n * m < kFewForAKernel);
  if (join) {
    settle_rank(p.outer, f);
    if (!p.pieces) settle_rank(p.inner, f, p.inner.ndim > 1 ? 4 : 1);
  }
  return p;
}

Result<void> run_pass(const Reduce& k, const sdk::Launch& launch, const Plan& p, const Shape& s, std::int64_t count,
                      std::int64_t chunks, std::int64_t per_chunk, const fg_scalar* scalar) {
  FG_TRY_ASSIGN(const Program* program,
                k.fold.variants->get(device_of(launch), s.number(), [&] { return make_source(k, s); }));
  const fg_launch& l = launch.raw();
  std::vector<BufferRef> buffers, partials;
  if (s.from_partials || s.to_partials) {
    partials =
        partial_buffers(k.fold.monoid, workspace_at(launch), static_cast<std::uint64_t>(p.outer.count * p.chunks));
  }
  if (!s.from_partials) {
    for (std::size_t i = k.fold.n_out; i < k.fold.n(); ++i) buffers.push_back(ref(l.t[i]));
  }
  buffers.insert(buffers.end(), partials.begin(), partials.end());
  if (!s.to_partials) {
    for (std::size_t j = 0; j < k.fold.n_out; ++j) buffers.push_back(ref(l.t[j]));
  }
  std::vector<Value> values;
  add_scalar_values(values, k.fold.scalars, scalar);
  values.insert(values.end(), {p.outer.count, count, chunks, per_chunk, p.inner.count});
  add_walk_values(values, p.outer, first_n(s.from_partials ? k.fold.n_out : k.fold.n()));
  if (!s.from_partials && !s.pieces) add_walk_values(values, p.inner, first_n(k.fold.n_in, k.fold.n_out));
  const auto results = static_cast<std::uint64_t>(p.outer.count * chunks);
  return enqueue(launch, *program, buffers, values,
                 s.by_group ? results : groups_for(results, program->source.group_size));
}

Result<void> check_params(const Reduce& k, const fg_launch& l) {
  FG_TRY(sdk::check_launch("fg.reduce/1", l, k.fold.n_out, k.fold.n_in, sdk::Address::buffer));
  const auto* params = static_cast<const fg_reduce_params*>(l.params);
  if (params == nullptr || (params->scalar == nullptr && !k.fold.scalars.empty())) {
    return invalid("fg.reduce/1: the parameters or their scalars are NULL", FG_R_NULL_POINTER);
  }
  const int ndim = l.t[k.fold.n_out].ndim;
  if (params->n_reduced < 0 || params->n_reduced > ndim) {
    return invalid("fg.reduce/1: " + std::to_string(params->n_reduced) + " reduced dimensions, the inputs have " +
                       std::to_string(ndim),
                   FG_R_PARAMETER);
  }
  return {};
}

Result<void> launch_reduce(const Reduce& k, const sdk::Launch& launch) {
  FG_TRY(check_params(k, launch.raw()));
  const auto* params = static_cast<const fg_reduce_params*>(launch.raw().params);
  const Plan p = plan_of(k, launch);
  if (p.outer.count == 0) return {};
  const Shape first{p.by_group, false, p.chunks > 1, p.wide, p.pieces, p.outer.ndim, p.inner.ndim};
  FG_TRY(run_pass(k, launch, p, first, p.inner.count, p.chunks, p.per_chunk, params->scalar));
  if (p.chunks == 1) return {};
  const Shape rest{p.chunks > kFewElements && p.by_group, true, false, p.wide, false, p.outer.ndim, 0};
  return run_pass(k, launch, p, rest, p.chunks, 1, p.chunks, params->scalar);
}

Result<std::uint64_t> reduce_workspace(const Reduce& k, const sdk::Launch& launch) {
  FG_TRY(check_params(k, launch.raw()));
  const Plan p = plan_of(k, launch);
  if (p.chunks == 1) return std::uint64_t{0};
  return partial_bytes(k.fold.monoid, static_cast<std::uint64_t>(p.outer.count * p.chunks));
}

Result<Reduce> make(const fg_sig& sig) {
  const auto* params = static_cast<const fg_reduce_params*>(sig.params);
  if (params == nullptr) return invalid("fg.reduce/1: the signature has no parameters", FG_R_NULL_POINTER);
  FG_TRY(sdk::check_header(params->hdr, "fg_reduce_params"));
  Reduce k;
  FG_TRY_ASSIGN(k.fold, make_fold("fg.reduce/1", sig, params->prologue, params->epilogue, params->monoid));
  if (sig.n_in == 0) return invalid("fg.reduce/1: there are no inputs");
  return k;
}

}  // namespace

Result<void> check_reduce(const fg_sig& sig) {
  if (sig.params == nullptr) return {};
  FG_TRY(make(sig));
  return {};
}

Result<sdk::PreparedKernel> prepare_reduce(const fg_sig& sig) {
  FG_TRY_ASSIGN(Reduce k, make(sig));
  return sdk::make_kernel<launch_reduce, reduce_workspace>(std::move(k));
}

}  // namespace fg::gpu
