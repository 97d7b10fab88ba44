// SPDX-License-Identifier: Apache-2.0
//
// fg.scan/1.  A group takes a line, or a chunk of one, in tiles: every work-item scans EACH neighbours,
// the totals are scanned in shared memory, and a carry goes from tile to tile.  Lines that lie side by
// side are taken by one work-item each.  A long line is cut into chunks in three passes: the total of
// each chunk, what stands before each chunk, then the scan itself.

#include <algorithm>

#include "fg/sdk/engines.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/engine/engine.hpp"
#include "plugins/gpu/engine/fold.hpp"
#include "plugins/gpu/launch.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kGroup = 256;
constexpr std::int64_t kLeastEach = 4;      // Barriers cost more than pieces that lie apart.
constexpr std::int64_t kMostEach = 8;       // Neighbours of a work-item: a piece of 16 bytes, or less.
constexpr std::int64_t kShortLine = 64;     // Up to here one work-item does it.
constexpr std::int64_t kGroupsPerUnit = 4;  // Groups that fill a compute unit.

enum class Pass : std::uint8_t { totals, before, scan };

struct Form {
  Pass pass = Pass::scan;
  bool by_group = false, carried = false, wide = false;  // carried: a chunk begins with what stands before it
  bool pieces = false;
  int outer = 0;
  std::int64_t each = kMostEach;

  std::uint64_t number() const {
    return static_cast<std::uint64_t>(pass) | static_cast<std::uint64_t>(by_group) << 2 |
           static_cast<std::uint64_t>(carried) << 3 | static_cast<std::uint64_t>(wide) << 4 |
           static_cast<std::uint64_t>(outer) << 5 | static_cast<std::uint64_t>(pieces) << 9 |
           static_cast<std::uint64_t>(each) << 10;
  }
};

// Offsets of element `r` of the line, "q<k>", and indices.
std::string place(const Fold& f, Source& source, const Form& form, std::span<const std::size_t> operands) {
  std::string text;
  for (const std::size_t k : operands) {
    const std::string n = std::to_string(k);
    source.params.push_back({ParamType::idx, "step" + n, 1});
    text += "idx q" + n + " = o" + n + " + r * step" + n + ";\n";
  }
  for (const std::uint32_t d : f.index_dims) {
    if (static_cast<int>(d) >= form.outer) text += "i64 i" + std::to_string(d) + " = i64(r);\n";
  }
  return text;
}

// Assigns state `from` to `to`, declared both.
std::string assign(const Fold& f, const std::string& to, const std::string& from) {
  std::string text;
  for (std::size_t k = 0; k < f.monoid.parts(); ++k) {
    text += to + std::to_string(k) + " = " + from + std::to_string(k) + ";\n";
  }
  return text;
}

constexpr const char* kEachKept = "UNROLL\nfor (i32 j = 0; j < EACH; ++j) {\nidx r = own + idx(j);\nif (r < end) {\n";

// One work-item walks from `begin` to `end`; state "a".
Result<std::string> serial(FoldText& t, const Form& form, const std::string& places) {
  FG_TRY_ASSIGN(const std::string element, t.kept_element("b", "i64(r)"));
  FG_TRY_ASSIGN(const std::string merge, t.combine("a", "a", "b"));
  std::string finish;
  if (form.pass == Pass::scan) {
    FG_TRY_ASSIGN(finish, t.finish("a", "q", "i64(r) + i64(1)"));
  }
  const FoldText::Keep keep = t.keep_elements(places, form.each, false);
  return "for (idx own = begin; own < end; own += idx(EACH)) {\n" + keep.declare + keep.load + keep.use + kEachKept +
         places + element + merge + finish + "}\n}\n}\n";
}

// scan_group() where subgroups shuffle: each scans its own states, then everyone joins the totals of subgroups.
Result<std::string> scan_subgroups(const Fold& f, FoldText& t) {
  FG_TRY_ASSIGN(const std::string run, t.combine("d", "t", "d"));
  FG_TRY_ASSIGN(const std::string carry, t.combine("a", "a", "t"));
  FG_TRY_ASSIGN(const std::string start, t.combine("g", "g", "t"));
  return "for (u32 reach = 1u; reach < SUBGROUP_SIZE; reach = reach * 2u) {\n" +
         t.shuffled("t", "d", "SUBGROUP_UP", "reach") + "if (SUBGROUP_LANE >= reach) {\n" + run +
         "}\n}\nif (SUBGROUP_LANE == SUBGROUP_SIZE - 1u) {\n" + t.store_shared("d", "SUBGROUP_ID") +
         "}\nGROUP_BARRIER();\n" + f.monoid.declare_identity("g") +
         "for (u32 f = 0u; f < GROUP_SIZE / SUBGROUP_SIZE; ++f) {\nif (f == SUBGROUP_ID) {\n" + assign(f, "g", "a") +
         "}\n" + t.load_shared("t", "f") + carry + "}\n{\n" + t.shuffled("t", "d", "SUBGROUP_UP", "1u") +
         "if (SUBGROUP_LANE != 0u) {\n" + start + "}\n}\nGROUP_BARRIER();\n";
}

// States "d" of the group's work-items, in shared memory: "a" becomes what stands before the next tile, "g" what stands
// before this work-item.  A work-item scans every FAN states, then everyone joins the totals of these runs, which takes
// three barriers.
Result<std::string> scan_group(const Fold& f, FoldText& t) {
  FG_TRY_ASSIGN(const std::string run, t.combine("d", "d", "t"));
  FG_TRY_ASSIGN(const std::string carry, t.combine("a", "a", "t"));
  FG_TRY_ASSIGN(const std::string start, t.combine("g", "g", "t"));
  t.source().define("FAN", "16u");
  return t.store_shared("d", "LOCAL_ID") +
         "GROUP_BARRIER();\nif (LOCAL_ID < GROUP_SIZE / FAN) {\nfor (u32 f = LOCAL_ID * FAN + 1u; f < LOCAL_ID * FAN + "
         "FAN; ++f) {\n" +
         t.load_shared("t", "f") + "if (f == LOCAL_ID * FAN + 1u) {\n{\n" + t.load_shared("s", "f - 1u") +
         assign(f, "d", "s") + "}\n}\n" + run + t.store_shared("d", "f") + "}\n}\nGROUP_BARRIER();\n" +
         f.monoid.declare_identity("g") +
         "for (u32 f = 0u; f < GROUP_SIZE / FAN; ++f) {\nif (f == LOCAL_ID / FAN) {\n" + assign(f, "g", "a") + "}\n" +
         t.load_shared("t", "f * FAN + FAN - 1u") + carry + "}\nif (LOCAL_ID % FAN != 0u) {\n" +
         t.load_shared("t", "LOCAL_ID - 1u") + start + "}\nGROUP_BARRIER();\n";
}

// The group walks in tiles, the next one on its way.  A work-item joins its neighbours, which it keeps; then totals are
// scanned over the group; then the neighbours are walked again from what stands before them.
Result<std::string> tiled(const Fold& f, FoldText& t, const Form& form, const std::string& places) {
  FG_TRY_ASSIGN(const std::string element, t.kept_element("b", "i64(r)"));
  FG_TRY_ASSIGN(const std::string join, t.combine("d", "d", "b"));
  FG_TRY_ASSIGN(const std::string walk, t.combine("g", "g", "b"));
  t.share_states();
  const FoldText::Keep keep = t.keep_elements(places, form.each, form.pieces);
  std::string text = "idx own = begin + idx(LOCAL_ID) * idx(EACH);\n" + keep.declare + keep.load;
  text += "for (idx tile = begin; tile < end; tile += idx(GROUP_SIZE * EACH)) {\n" + keep.use;
  text += "own += idx(GROUP_SIZE * EACH);\n" + keep.load + "own -= idx(GROUP_SIZE * EACH);\n";
  text += f.monoid.declare_identity("d") + kEachKept + places + element + join + "}\n}\n";
  FG_TRY_ASSIGN(const std::string subgroups, scan_subgroups(f, t));
  FG_TRY_ASSIGN(const std::string group, scan_group(f, t));
  text += "#if HAS_SUBGROUPS\n" + subgroups + "#else\n" + group + "#endif\n";
  if (form.pass == Pass::scan && form.pieces) {
    FG_TRY_ASSIGN(const std::string finish, t.finish_kept("g", "i64(r) + i64(1)"));
    text +=
        t.declare_finished() + kEachKept + places + element + walk + finish + "}\n}\n" + t.store_finished(form.each);
  } else if (form.pass == Pass::scan) {
    FG_TRY_ASSIGN(const std::string finish, t.finish("g", "q", "i64(r) + i64(1)"));
    text += kEachKept + places + element + walk + finish + "}\n}\n";
  }
  return text + "own += idx(GROUP_SIZE * EACH);\n}\n";
}

// Replaces each chunk's total by what stands before the chunk; a work-item a line.
Result<Source> before_source(const Fold& f, const Form& form) {
  FoldText t(f, "scan_before", form.wide);
  t.add_partials(Access::both);
  Source& source = t.source();
  for (const char* name : {"outer", "chunks"}) source.params.push_back({ParamType::idx, name, 1});
  FG_TRY_ASSIGN(const std::string merge, t.combine("a", "a", "b"));
  source.body = "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (at < outer) {\n" +
                f.monoid.declare_identity("a") + "for (idx c = idx(0); c < chunks; ++c) {\n" +
                t.load_partial("b", "c * outer + at") + t.store_partial("a", "c * outer + at") + merge + "}\n}\n";
  return std::move(source);
}

Result<Source> make_source(const Fold& f, const Form& form) {
  if (form.pass == Pass::before) return before_source(f, form);
  const bool scans = form.pass == Pass::scan;
  FoldText t(f, scans ? "scan" : "scan_totals", form.wide);
  Source& source = t.source();
  source.define("EACH", form.each);
  t.add_inputs();
  if (!scans || form.carried) t.add_partials(scans ? Access::read : Access::write);
  if (scans) t.add_outputs();
  t.add_scalars();
  for (const char* name : {"outer", "count", "chunks", "per_chunk"}) source.params.push_back({ParamType::idx, name, 1});
  const std::vector<std::size_t> operands = scans ? first_n(f.n()) : first_n(f.n_in, f.n_out);
  const Locate outer{"o", "at", "o"};
  std::string body = "idx chunk = unit / outer;\nidx at = unit - chunk * outer;\n";
  body += locate_text(source, outer, form.outer, operands) + index_text(outer, f.index_dims, 0, form.outer);
  body += "idx begin = chunk * per_chunk;\nidx end = begin + per_chunk < count ? begin + per_chunk : count;\n";
  body += f.monoid.declare_identity("a");
  if (form.carried && scans) body += "{\n" + t.load_partial("t", "unit") + assign(f, "a", "t") + "}\n";
  const std::string places = place(f, source, form, operands);
  FG_TRY_ASSIGN(const std::string walk, form.by_group ? tiled(f, t, form, places) : serial(t, form, places));
  body += walk;
  const std::string first =
      form.by_group ? "idx unit = idx(GROUP_ID);\n" : "idx unit = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\n";
  std::string total;
  if (!scans) {
    total =
        form.by_group ? "if (LOCAL_ID == 0u) {\n" + t.store_partial("a", "unit") + "}\n" : t.store_partial("a", "unit");
  }
  source.body = first + "if (unit < outer * chunks) {\n" + body + total + "}\n";
  return std::move(source);
}

struct Plan {
  Walk outer;
  std::int64_t count = 0, chunks = 1, per_chunk = 1;
  bool by_group = false, wide = false, pieces = false;
  std::int64_t each = kMostEach;
};

std::int64_t step_of(const fg_tensor& t) { return t.ndim == 0 ? 0 : t.stride[t.ndim - 1]; }

// Whether every line of every tensor begins at a multiple of 16 bytes and of `each` elements, and is whole ones.
bool in_pieces(const Plan& p, std::span<const fg_tensor> tensors) {
  if (p.count % p.each != 0) return false;
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    if (step_of(tensors[k]) != 1 || tensors[k].byte_offset % 16 != 0) return false;
    for (int d = 0; d < p.outer.ndim; ++d) {
      if (p.outer.stride[k][static_cast<std::size_t>(d)] % p.each != 0) return false;
    }
  }
  return true;
}

Plan plan_of(const Fold& f, const sdk::Launch& launch) {
  const fg_launch& l = launch.raw();
  const std::span<const fg_tensor> t(l.t, f.n());
  const fg_tensor& input = l.t[f.n_out];
  const std::span<const std::int64_t> size = sdk::shape_of(input);
  Plan p;
  p.count = input.ndim == 0 ? 1 : size.back();
  p.outer = walk_of(t, input.ndim == 0 ? size : size.first(size.size() - 1), 0, f.index_dims.empty());
  // A loop's counter goes beyond the end by a tile.
  p.wide = !fits_index32(t) || p.count >= std::int64_t{1} << 30;
  p.each = std::clamp(piece_elements(f.dtypes), kLeastEach, kMostEach);
  p.pieces = in_pieces(p, t);
  const Features& features = device_of(launch).features();
  const std::int64_t m = std::max<std::int64_t>(p.outer.count, 1);
  const bool side_by_side = input.ndim > 1 && input.stride[input.ndim - 1] != 1 && m >= 64;
  p.by_group = p.count > kShortLine && !side_by_side && !features.few_kernels;
  const std::int64_t least = p.by_group ? kGroup * p.each : 4 * kShortLine;
  const std::int64_t wanted = (p.by_group ? 1 : 256) * kGroupsPerUnit * features.compute_units;
  p.chunks = std::clamp<std::int64_t>(wanted / m, 1, std::max<std::int64_t>(p.count / least, 1));
  p.per_chunk = std::max<std::int64_t>((p.count + p.chunks - 1) / p.chunks, 1);
  // Chunks begin where tiles do, so that the sums do not depend on the device.
  p.per_chunk = (p.per_chunk + least - 1) / least * least;
  p.chunks = std::max<std::int64_t>((p.count + p.per_chunk - 1) / p.per_chunk, 1);
  if (f.index_dims.empty()) settle_rank(p.outer, features);
  return p;
}

Result<void> run_pass(const Fold& f, const sdk::Launch& launch, const Plan& p, Pass pass, const fg_scalar* scalar) {
  const bool by_group = p.by_group && pass != Pass::before;
  const Form form{pass, by_group, p.chunks > 1, p.wide, by_group && p.pieces, p.outer.ndim, p.each};
  FG_TRY_ASSIGN(const Program* program,
                f.variants->get(device_of(launch), form.number(), [&] { return make_source(f, form); }));
  const fg_launch& l = launch.raw();
  const auto lines = static_cast<std::uint64_t>(p.outer.count), pieces = lines * static_cast<std::uint64_t>(p.chunks);
  std::vector<BufferRef> partials;
  if (p.chunks > 1) partials = partial_buffers(f.monoid, workspace_at(launch), pieces);
  if (pass == Pass::before) {
    const Value values[] = {p.outer.count, p.chunks};
    return enqueue(launch, *program, partials, values, groups_for(lines, program->source.group_size));
  }
  const bool scans = pass == Pass::scan;
  std::vector<BufferRef> buffers;
  for (std::size_t i = f.n_out; i < f.n(); ++i) buffers.push_back(ref(l.t[i]));
  buffers.insert(buffers.end(), partials.begin(), partials.end());
  for (std::size_t j = 0; scans && j < f.n_out; ++j) buffers.push_back(ref(l.t[j]));
  std::vector<Value> values;
  add_scalar_values(values, f.scalars, scalar);
  values.insert(values.end(), {p.outer.count, p.count, p.chunks, p.per_chunk});
  const std::vector<std::size_t> operands = scans ? first_n(f.n()) : first_n(f.n_in, f.n_out);
  add_walk_values(values, p.outer, operands);
  for (const std::size_t k : operands) values.emplace_back(step_of(l.t[k]));
  return enqueue(launch, *program, buffers, values,
                 form.by_group ? pieces : groups_for(pieces, program->source.group_size));
}

Result<void> check_params(const Fold& f, const fg_launch& l) {
  FG_TRY(sdk::check_launch("fg.scan/1", l, f.n_out, f.n_in, sdk::Address::buffer));
  const auto* params = static_cast<const fg_scan_params*>(l.params);
  if (params == nullptr || (params->scalar == nullptr && !f.scalars.empty())) {
    return invalid("fg.scan/1: the parameters or their scalars are NULL", FG_R_NULL_POINTER);
  }
  return {};
}

Result<void> launch_scan(const Fold& f, const sdk::Launch& launch) {
  FG_TRY(check_params(f, launch.raw()));
  const Plan p = plan_of(f, launch);
  if (p.outer.count == 0 || p.count == 0) return {};
  const fg_scalar* scalar = static_cast<const fg_scan_params*>(launch.raw().params)->scalar;
  if (p.chunks > 1) {
    FG_TRY(run_pass(f, launch, p, Pass::totals, scalar));
    FG_TRY(run_pass(f, launch, p, Pass::before, scalar));
  }
  return run_pass(f, launch, p, Pass::scan, scalar);
}

Result<std::uint64_t> scan_workspace(const Fold& f, const sdk::Launch& launch) {
  FG_TRY(check_params(f, launch.raw()));
  const Plan p = plan_of(f, launch);
  if (p.chunks == 1) return std::uint64_t{0};
  return partial_bytes(f.monoid, static_cast<std::uint64_t>(p.outer.count * p.chunks));
}

Result<Fold> make(const fg_sig& sig) {
  const auto* params = static_cast<const fg_scan_params*>(sig.params);
  if (params == nullptr) return invalid("fg.scan/1: the signature has no parameters", FG_R_NULL_POINTER);
  FG_TRY(sdk::check_header(params->hdr, "fg_scan_params"));
  if (sig.n_in == 0) return invalid("fg.scan/1: there are no inputs");
  return make_fold("fg.scan/1", sig, params->prologue, params->epilogue, params->monoid);
}

}  // namespace

Result<void> check_scan(const fg_sig& sig) {
  if (sig.params == nullptr) return {};
  FG_TRY(make(sig));
  return {};
}

Result<sdk::PreparedKernel> prepare_scan(const fg_sig& sig) {
  FG_TRY_ASSIGN(Fold f, make(sig));
  return sdk::make_kernel<launch_scan, scan_workspace>(std::move(f));
}

}  // namespace fg::gpu
