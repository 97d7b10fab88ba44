// SPDX-License-Identifier: Apache-2.0
//
// fg.reduce/1.  A group takes a result, its work-items striding over the elements and joined by a
// tree; or a work-item takes a result alone, where results are many and lie side by side or have few
// elements.  Where there are too few results to fill the device, each is cut into chunks whose states
// go to the workspace and are combined by a second kernel.  The order depends on shapes alone.

#include <algorithm>
#include <array>
#include <iterator>

#include "fg/sdk/dtype.hpp"
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
constexpr std::int64_t kGroup = 256;          // Work-items of a group.

// What a tuner may choose: the work-items of a group, and the chunks of a result.
constexpr std::int64_t kGroups[] = {kByRule, 64, 128, 512};
constexpr std::int64_t kChunks[] = {kByRule, 1, 2, 4, 8, 16, 32, 64, 128};
constexpr fg_tune_param kReduceParams[] = {{"group", kGroups, std::size(kGroups), 0},
                                           {"chunks", kChunks, std::size(kChunks), 0}};
constexpr std::int64_t kLeastTried = 64;  // Elements of a chunk,
constexpr std::int64_t kMostTried = 8;    // times as many units as fill the device.

struct Reduce {
  Fold fold;
};

// How one kernel of the two goes about it.
struct Shape {
  bool by_group = false, from_partials = false, to_partials = false, wide = false, pieces = false;
  int outer = 0, inner = 0;  // Dimensions.
  std::int64_t group = kGroup;

  std::uint64_t number() const {
    return static_cast<std::uint64_t>(by_group) | static_cast<std::uint64_t>(from_partials) << 1 |
           static_cast<std::uint64_t>(to_partials) << 2 | static_cast<std::uint64_t>(wide) << 3 |
           static_cast<std::uint64_t>(outer) << 4 | static_cast<std::uint64_t>(inner) << 8 |
           static_cast<std::uint64_t>(pieces) << 12 | static_cast<std::uint64_t>(group) << 13;
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
  source.group_size = static_cast<std::uint32_t>(s.group);
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
  std::int64_t group = kGroup, chunks = 1, per_chunk = 1;

  void cut(std::int64_t into) {
    constexpr std::int64_t kWholePieces = 16;  // Elements; no piece lies across two chunks.
    const std::int64_t n = inner.count;
    per_chunk = ceil_div(std::max<std::int64_t>(ceil_div(n, into), 1), kWholePieces) * kWholePieces;
    chunks = std::max<std::int64_t>(ceil_div(n, per_chunk), 1);
  }
  std::uint64_t workspace(const Monoid& m) const {
    return chunks == 1 ? 0 : partial_bytes(m, static_cast<std::uint64_t>(outer.count * chunks));
  }
};

std::int64_t units_that_fill(bool by_group, const Features& f) {
  return (by_group ? kGroupsPerUnit : kItemsPerUnit) * f.compute_units;
}

std::int64_t chunks_by_rule(const Plan& p, const Features& f) {
  const std::int64_t least = p.by_group ? kLeastInGroup : kLeastInThread;
  return std::clamp<std::int64_t>(units_that_fill(p.by_group, f) / std::max<std::int64_t>(p.outer.count, 1), 1,
                                  std::max<std::int64_t>(p.inner.count / least, 1));
}

// Buckets: bytes of an element, what a group or a work-item takes, and powers of two of the results and of their
// elements.
TunablePoint point_of(const Reduce& k, const Plan& p, const Features& f, std::array<int, 2> bits) {
  const std::string bytes = std::to_string(dtype_bytes(k.fold.dtypes[k.fold.n_out]));
  const std::int64_t m = std::max<std::int64_t>(p.outer.count, 1), n = p.inner.count, own = chunks_by_rule(p, f);
  return {bytes + (p.by_group ? " by group" : " by item") + " 2^" + std::to_string(bits[0]) + " of 2^" +
              std::to_string(bits[1]),
          [m, n, own, by_group = p.by_group, f] {
            std::vector<std::int64_t> groups{kByRule}, chunks{kByRule};
            for (const std::int64_t g : kGroups) {
              if (g != kByRule && g <= std::int64_t{f.max_group}) groups.push_back(g);
            }
            for (const std::int64_t c : kChunks) {
              const bool pays = c * kLeastTried <= n && m * c <= kMostTried * units_that_fill(by_group, f);
              if (c != kByRule && c != own && (c == 1 || pays)) chunks.push_back(c);
            }
            return std::vector{groups, chunks};
          }};
}

void tune(const Reduce& k, Plan& p, Device& device, Tunables::Asks asks) {
  const Features& f = device.features();
  const std::array<int, 2> bits{log2_below(p.outer.count), log2_below(p.inner.count)};
  const std::uint64_t code = static_cast<std::uint64_t>(dtype_bytes(k.fold.dtypes[k.fold.n_out])) |
                             static_cast<std::uint64_t>(p.by_group) << 4 | static_cast<std::uint64_t>(bits[0]) << 8 |
                             static_cast<std::uint64_t>(bits[1]) << 16;
  const Tunables::Values v = device.tunables().choose(
      kTunableReduce, code, [&] { return point_of(k, p, f, bits); }, asks);
  if (v[0] != kByRule && v[0] <= std::int64_t{f.max_group}) p.group = v[0];
  const std::int64_t least = f.most_rounds == 0 ? 1 : ceil_div(p.inner.count, f.most_rounds);
  p.cut(std::max(least, v[1] != kByRule ? v[1] : chunks_by_rule(p, f)));
}

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

Plan plan_of(const Reduce& k, const sdk::Launch& launch, Tunables::Asks asks) {
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
  tune(k, p, device_of(launch), asks);
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
  Plan p = plan_of(k, launch, Tunables::Asks::launch);
  if (p.outer.count == 0) return {};
  // Something else was chosen after the workspace was asked for, or captured.
  if (p.workspace(k.fold.monoid) > launch.raw().ws_bytes) p.cut(1);
  const Shape first{p.by_group, false, p.chunks > 1, p.wide, p.pieces, p.outer.ndim, p.inner.ndim, p.group};
  FG_TRY(run_pass(k, launch, p, first, p.inner.count, p.chunks, p.per_chunk, params->scalar));
  if (p.chunks == 1) return {};
  const Shape rest{p.chunks > kFewElements && p.by_group, true, false, p.wide, false, p.outer.ndim, 0};
  return run_pass(k, launch, p, rest, p.chunks, 1, p.chunks, params->scalar);
}

Result<std::uint64_t> reduce_workspace(const Reduce& k, const sdk::Launch& launch) {
  FG_TRY(check_params(k, launch.raw()));
  return plan_of(k, launch, Tunables::Asks::workspace).workspace(k.fold.monoid);
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

const TunableKernel kTunableReduce{"reduce", 1, kReduceParams};

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
