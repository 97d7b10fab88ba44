// SPDX-License-Identifier: Apache-2.0
//
// uniform_, normal_, exponential_, bernoulli_, bernoulli_tensor, native_dropout, dropout.

#include <cmath>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/random_bounds.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/named.hpp"
#include "plugins/gpu/random_text.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kBlock = 4;  // Elements of 32 bits that a work-item makes.

// Indices reach a group's elements beyond the last.
bool is_wide(const sdk::Launch& l) { return !fits_index32(l) || sdk::numel(l.out()) >= std::int64_t{1} << 30; }

void add_real_param(Source& s, fg_dtype dtype, const char* name) {
  s.params.push_back({dtype == FG_F64 ? ParamType::f64 : ParamType::f32, name, 1});
}

// --- numbers: kernels/random.fgk ---

enum class Law : std::uint8_t { uniform, normal, exponential };

Result<Source> numbers_source(fg_dtype dtype, Law law, bool wide) {
  FG_TRY_ASSIGN(Source s, make_source("random", {dtype}, wide, [&](Source& x) {
                  add_real(x, dtype);
                  x.define("KIND", static_cast<std::int64_t>(law));
                  for (const char* name : {"a", "b", "low", "high"}) add_real_param(x, dtype, name);
                }));
  FG_TRY(add_philox(s));
  FG_TRY(add_numbers(s, dtype));
  return s;
}

struct LawValues {
  double a = 0, b = 1, low = 0, high = 0;
};

template <class P>
Result<void> fill_numbers(const Prepared& k, const sdk::Launch& l, Law law, const P& p, const LawValues& v) {
  const fg_tensor& out = l.out();
  const bool wide = is_wide(l);
  FG_TRY_ASSIGN(const Program* program,
                k->get(device_of(l), variant_number({wide}), [&] { return numbers_source(out.dtype, law, wide); }));
  const std::int64_t count = sdk::numel(out), each = out.dtype == FG_F64 ? kBlock / 2 : kBlock;
  return enqueue(l, *program, {ref(out)}, {count, p.seed, p.offset, v.a, v.b, v.low, v.high},
                 groups_of(*program, ceil_div(count, each)));
}

sdk::UniformBounds bounds_of(fg_dtype dtype, double from, double to) {
  switch (dtype) {
    case FG_F64: return sdk::uniform_bounds<double>(from, to);
    case FG_F16: return sdk::uniform_bounds<f16>(from, to);
    case FG_BF16: return sdk::uniform_bounds<bf16>(from, to);
    default: return sdk::uniform_bounds<float>(from, to);
  }
}

Result<void> uniform(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_uniform_params>();
  if (!(p.from <= p.to) || !std::isfinite(p.to - p.from)) {
    return invalid("uniform_: from is " + std::to_string(p.from) + " and to is " + std::to_string(p.to) +
                   ", expected finite numbers with from <= to");
  }
  const sdk::UniformBounds b = bounds_of(l.out().dtype, p.from, p.to);
  return fill_numbers(k, l, Law::uniform, p, {p.from, p.to - p.from, b.least, b.greatest});
}

Result<void> normal(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_normal_params>();
  return fill_numbers(k, l, Law::normal, p, {p.mean, p.std});
}

Result<void> exponential(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_exponential_params>();
  return fill_numbers(k, l, Law::exponential, p, {0, p.lambd});
}

// --- elements that are drawn: kernels/random_drawn.fgk ---

enum class Drawn : std::uint8_t { equal, each, dropped };

struct Draw {
  Drawn kind;
  const fg_tensor* input = nullptr;
  const fg_tensor* mask = nullptr;
  double p = 0, scale = 1;
};

Result<Source> drawn_source(const Draw& d, fg_dtype dtype, bool wide) {
  FG_TRY_ASSIGN(Source s,
                make_source("random_drawn", {dtype, d.input == nullptr ? FG_I8 : dtype, FG_BOOL}, wide, [&](Source& x) {
                  add_real(x, dtype);
                  x.define("KIND", static_cast<std::int64_t>(d.kind));
                  x.define("KEEPS", d.mask != nullptr ? 1 : 0);
                  add_real_param(x, dtype, "scale");
                }));
  FG_TRY(add_philox(s));
  FG_TRY_ASSIGN(const Source below, source_of("random_below", {}));
  s.functions += below.functions;
  return s;
}

template <class P>
Result<void> draw(const Prepared& k, const sdk::Launch& l, const P& p, const Draw& d) {
  const fg_tensor& out = l.out();
  const bool wide = is_wide(l);
  FG_TRY_ASSIGN(const Program* program,
                k->get(device_of(l), variant_number({wide}), [&] { return drawn_source(d, out.dtype, wide); }));
  const std::int64_t count = sdk::numel(out);
  const auto below = static_cast<std::int64_t>(std::ceil(d.p * 0x1p32));
  return enqueue(
      l, *program,
      {ref(out), d.input == nullptr ? BufferRef{} : ref(*d.input), d.mask == nullptr ? BufferRef{} : ref(*d.mask)},
      {count, p.seed, p.offset, below, d.scale}, groups_of(*program, ceil_div(count, kBlock)));
}

Result<void> bernoulli(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_bernoulli_params>();
  return draw(k, l, p, {Drawn::equal, nullptr, nullptr, p.p});
}

Result<void> bernoulli_tensor(const Prepared& k, const sdk::Launch& l) {
  return draw(k, l, l.params<fg_bernoulli_tensor_params>(), {Drawn::each, &l.in()});
}

template <class P>
Result<void> drop(const Prepared& k, const sdk::Launch& l, const fg_tensor* mask) {
  const auto& p = l.params<P>();
  const double rate = p.train != 0 ? p.p : 0.0;
  return draw(k, l, p, {Drawn::dropped, &l.in(), mask, rate, rate >= 1 ? 0.0 : 1 / (1 - rate)});
}
Result<void> native_dropout(const Prepared& k, const sdk::Launch& l) {
  return drop<fg_native_dropout_params>(k, l, &l.out(1));
}
Result<void> dropout(const Prepared& k, const sdk::Launch& l) { return drop<fg_dropout_params>(k, l, nullptr); }

FG_GPU_ROWS(BERNOULLI);
FG_GPU_ROWS(BERNOULLI_TENSOR);
FG_GPU_ROWS(DROPOUT);
FG_GPU_ROWS(EXPONENTIAL);
FG_GPU_ROWS(NATIVE_DROPOUT);
FG_GPU_ROWS(NORMAL);
FG_GPU_ROWS(UNIFORM);

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;
constexpr std::uint32_t kInPlace = kFlags | FG_K_INPLACE_OK;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(BERNOULLI), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<bernoulli>},
    {FG_GPU_ENTRY(BERNOULLI_TENSOR), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<bernoulli_tensor>},
    {FG_GPU_ENTRY(DROPOUT), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<dropout>},
    {FG_GPU_ENTRY(EXPONENTIAL), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<exponential>},
    {FG_GPU_ENTRY(NATIVE_DROPOUT), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<native_dropout>},
    {FG_GPU_ENTRY(NORMAL), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<normal>},
    {FG_GPU_ENTRY(UNIFORM), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<uniform>},
};

}  // namespace

std::span<const sdk::KernelEntry> random_entries() { return kEntries; }

}  // namespace fg::gpu
