// SPDX-License-Identifier: Apache-2.0
//
// topk_softmax, grouped_topk, fused_experts.

#include "plugins/gpu/experts.hpp"

#include <array>
#include <string>

#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/functions.hpp"

namespace fg::gpu {
namespace {

// --- routes ---

enum class Scoring : std::uint8_t { none, sigmoid, softmax };

struct Routes {
  Scoring scoring = Scoring::none;
  std::int64_t tokens, experts, choices;
  std::int64_t groups = 1, kept = 1;
  fg_tensor gating, bias{};
  bool normalise = false, numbers = false;
  double least = 0, factor = 1;

  explicit Routes(const sdk::Launch& l)
      : tokens(l.in(0).shape[0]), experts(l.in(0).shape[1]), choices(l.out(0).shape[1]), gating(l.in(0)) {}
  bool grouped() const { return kept < groups; }
};

Routes of_topk_softmax(const sdk::Launch& l) {
  Routes r(l);
  r.scoring = Scoring::softmax;
  r.normalise = l.params<fg_topk_softmax_params>().renormalize != 0;
  r.numbers = true;
  return r;
}

Routes of_grouped_topk(const sdk::Launch& l) {
  const auto& p = l.params<fg_grouped_topk_params>();
  Routes r(l);
  r.scoring = p.scoring == 1 ? Scoring::sigmoid : Scoring::none;
  r.groups = p.num_expert_group;
  r.kept = p.topk_group;
  r.bias = l.in(1);
  r.normalise = p.renormalize != 0;
  r.least = 1e-20;  // DeepSeek's, so that scores of nothing are no NaN.
  r.factor = p.routed_scaling_factor;
  return r;
}

struct RouteMemory {
  BufferRef choice, merit, kept, picked;
  std::uint64_t bytes;

  RouteMemory(const sdk::Launch& l, const Routes& r) {
    Places places(l);
    const std::int64_t sum = dtype_bytes(sum_dtype(r.gating.dtype));
    choice = places.take(r.tokens * r.experts * sum);
    merit = places.take(r.grouped() ? r.tokens * r.groups * sum : 0);
    kept = places.take(r.grouped() ? r.tokens * r.groups * 4 : 0);
    picked = places.take(r.tokens * r.choices * sum);
    bytes = places.bytes();
  }
};

Result<Source> routes_source(const Routes& r, bool wide) {
  const fg_dtype d = r.gating.dtype, sum = sum_dtype(d);
  FG_TRY_ASSIGN(Source s,
                source_of("routes", std::array<fg_dtype, 9>{FG_F32, FG_I32, FG_I32, d, d, sum, sum, FG_I32, sum}));
  const bool f64 = d == FG_F64;
  s.wide_index = wide;
  s.define("SCORING", static_cast<std::int64_t>(r.scoring)).define("BIAS", present(r.bias) ? 1 : 0);
  s.define("GROUPED", r.grouped() ? 1 : 0).define("NORMALISE", r.normalise ? 1 : 0);
  s.define("NUMBERS", r.numbers ? 1 : 0).define("LOWEST", f64 ? "(-INF_F64)" : "(-INF_F32)");
  s.define("MAX", f64 ? "MAX_F64" : "MAX_F32").define("ADD", f64 ? "ADD_F64" : "ADD_F32");
  add_sums(s, d);
  for (const char* name : {"least", "factor"}) s.params.push_back({f64 ? ParamType::f64 : ParamType::f32, name, 1});
  FG_TRY(add_functions(s, compute_type(d), {{FG_EX_EXP, "exp_of"}, {FG_EX_SIGMOID, "sigmoid_of"}}));
  return s;
}

template <Routes (*Of)(const sdk::Launch&)>
Result<void> route(const Prepared& k, const sdk::Launch& l) {
  const Routes r = Of(l);
  if (r.tokens == 0 || r.choices == 0) return {};
  const RouteMemory m(l, r);
  const bool wide = !fits_index32(l);
  const std::uint64_t number =
      variant_number({static_cast<std::int64_t>(r.scoring), present(r.bias), r.grouped(), r.normalise, wide});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] { return routes_source(r, wide); }));
  const std::array buffers{ref(l.out(0)),
                           ref(l.out(1)),
                           r.numbers ? ref(l.out(2)) : BufferRef{},
                           ref(r.gating),
                           present(r.bias) ? ref(r.bias) : BufferRef{},
                           m.choice,
                           m.merit,
                           m.kept,
                           m.picked};
  const std::array<Value, 7> values{r.tokens, r.experts, r.choices, r.groups, r.kept, r.least, r.factor};
  return enqueue(l, *program, buffers, values, static_cast<std::uint64_t>(r.tokens));
}
template <Routes (*Of)(const sdk::Launch&)>
Result<std::uint64_t> route_workspace(const Prepared&, const sdk::Launch& l) {
  return RouteMemory(l, Of(l)).bytes;
}

// --- experts ---

constexpr int kLanes = 32, kAhead = 4;

void add_experts(Source& s, const Experts& e, const Reading& w) {
  s.wide_index = e.wide;
  s.define("LANES", kLanes).define("LINES", static_cast<std::int64_t>(s.group_size) / kLanes).define("AHEAD", kAhead);
  add_sums(s, e.x.dtype);
  define_index(s);
  add_reading(s, "w", "W", w);
}

Result<Source> up_source(const Experts& e, const Reading& x, const Reading& w) {
  FG_TRY_ASSIGN(Source s, source_of("expert_up", std::array{sum_dtype(e.x.dtype), e.x.dtype, e.x.dtype, e.ids.dtype}));
  add_experts(s, e, w);
  add_reading(s, "x", "X", x);
  FG_TRY(add_functions(s, compute_type(e.x.dtype), {{FG_EX_SIGMOID, "sigmoid_of"}}));
  return s;
}

Result<Source> down_source(const Experts& e, const Reading& w) {
  FG_TRY_ASSIGN(Source s, source_of("expert_down", std::array<fg_dtype, 5>{e.x.dtype, sum_dtype(e.x.dtype), e.x.dtype,
                                                                           e.ids.dtype, FG_F32}));
  add_experts(s, e, w);
  return s;
}

Result<void> fused_experts(const Prepared& k, const sdk::Launch& l) {
  const Experts e(l);
  if (e.tokens == 0 || e.channels == 0) return {};
  if (by_groups(e, device_of(l).features())) return experts_by_groups(k, l, e);
  const Reading w1 = read_rows(e.w1, e.channels), w2 = read_rows(e.w2, e.middle), own = read_rows(e.x, e.channels);
  const Reading x = own.vec == w1.vec ? own : Reading{};
  const auto number = [&](int kernel, const Reading& a, const Reading& b) {
    return variant_number({kernel, e.wide, e.ids.dtype == FG_I64, a.vec, b.vec});
  };
  FG_TRY_ASSIGN(const Program* up, k->get(device_of(l), number(0, x, w1), [&] { return up_source(e, x, w1); }));
  FG_TRY_ASSIGN(const Program* down, k->get(device_of(l), number(1, {}, w2), [&] { return down_source(e, w2); }));
  const std::int64_t lines = up->source.group_size / kLanes;
  const BufferRef between = workspace_at(l);
  const auto values = [&](std::int64_t blocks) {
    return std::array<Value, 6>{e.channels, e.middle, e.choices, blocks, e.experts, std::int64_t{0}};
  };
  // Without experts there is nothing to read; the second pass then adds nothing.
  if (e.experts != 0) {
    const std::int64_t blocks = ceil_div(e.middle, lines);
    FG_TRY(enqueue(l, *up, std::array{between, ref(e.x), ref(e.w1), ref(e.ids)}, values(blocks),
                   static_cast<std::uint64_t>(e.pairs() * blocks)));
  }
  const std::int64_t blocks = ceil_div(e.channels, lines);
  return enqueue(l, *down, std::array{ref(e.out), between, ref(e.w2), ref(e.ids), ref(e.weights)}, values(blocks),
                 static_cast<std::uint64_t>(e.tokens * blocks));
}
Result<std::uint64_t> fused_experts_workspace(const Prepared&, const sdk::Launch& l) {
  const Experts e(l);
  if (by_groups(e, device_of(l).features())) return experts_by_groups_workspace(l, e);
  return static_cast<std::uint64_t>(e.between()) + kWorkspaceAlign;
}

FG_GPU_ROWS(FUSED_EXPERTS);
FG_GPU_ROWS(GROUPED_TOPK);
FG_GPU_ROWS(TOPK_SOFTMAX);

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(FUSED_EXPERTS), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<fused_experts, fused_experts_workspace>},
    {FG_GPU_ENTRY(GROUPED_TOPK), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<route<of_grouped_topk>, route_workspace<of_grouped_topk>>},
    {FG_GPU_ENTRY(TOPK_SOFTMAX), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<route<of_topk_softmax>, route_workspace<of_topk_softmax>>},
};

}  // namespace

std::span<const sdk::KernelEntry> expert_entries() { return kEntries; }

}  // namespace fg::gpu
