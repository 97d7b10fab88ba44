// SPDX-License-Identifier: Apache-2.0
//
// Rotation in f32, or in f64 when an operand is f64; one rounding at the end.  The angles' row is
// made once for each position and used by all heads.

#include "plugins/cpu/kernels/rotary.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/rotary.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/simd-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

template <class C, class S>
HWY_INLINE C read(S x) {
  return static_cast<C>(static_cast<Compute<S>>(x));
}
template <class S, class C>
HWY_INLINE S written(C x) {
  return static_cast<S>(static_cast<Compute<S>>(x));
}

template <class S, class C>
void rotate_strided(const S* x, std::int64_t x_step, S* y, std::int64_t y_step, const C* cos, const C* sin,
                    std::int64_t half, bool interleaved) {
  const std::int64_t pair = interleaved ? 2 : 1, apart = interleaved ? 1 : half;
  for (std::int64_t i = 0; i < half; ++i) {
    const C a = read<C>(x[i * pair * x_step]), b = read<C>(x[(i * pair + apart) * x_step]);
    y[i * pair * y_step] = written<S>(a * cos[i] - b * sin[i]);
    y[(i * pair + apart) * y_step] = written<S>(b * cos[i] + a * sin[i]);
  }
}

template <class S, class C>
void rotate_halves(const S* x, S* y, const C* cos, const C* sin, std::int64_t half) {
  std::int64_t i = 0;
  if constexpr (std::is_same_v<C, Compute<S>>) {
    const hn::ScalableTag<C> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    for (; i + lanes <= half; i += lanes) {
      const auto a = load(d, x + i), b = load(d, x + half + i);
      const auto c = hn::LoadU(d, cos + i), s = hn::LoadU(d, sin + i);
      store(d, hn::Sub(hn::Mul(a, c), hn::Mul(b, s)), y + i);
      store(d, hn::Add(hn::Mul(b, c), hn::Mul(a, s)), y + half + i);
    }
  }
  for (; i < half; ++i) {
    const C a = read<C>(x[i]), b = read<C>(x[half + i]);
    y[i] = written<S>(a * cos[i] - b * sin[i]);
    y[half + i] = written<S>(b * cos[i] + a * sin[i]);
  }
}

template <class S, class C>
void rotate_side(const RotaryArgs& r, const RotaryArgs::Side& side, std::int64_t x_at, std::int64_t y_at, const C* cos,
                 const C* sin) {
  const std::int64_t half = r.channels / 2;
  for (std::int64_t h = 0; h < side.heads; ++h) {
    const S* x = static_cast<const S*>(side.x) + x_at + h * side.x_head;
    S* y = static_cast<S*>(side.y) + y_at + h * side.y_head;
    if (!r.interleaved && side.x_channel == 1 && side.y_channel == 1) {
      rotate_halves(x, y, cos, sin, half);
    } else {
      rotate_strided(x, side.x_channel, y, side.y_channel, cos, sin, half, r.interleaved);
    }
  }
}

template <class T, class C>
void read_row(const void* table, std::int64_t row, std::int64_t row_step, std::int64_t col_step, std::int64_t n,
              C* out) {
  const T* from = static_cast<const T*>(table) + row * row_step;
  for (std::int64_t i = 0; i < n; ++i) out[i] = read<C>(from[i * col_step]);
}

template <class S, class T>
void run(const RotaryArgs& r, const Exec& exec, void* ws) {
  using C = std::conditional_t<std::is_same_v<S, double> || std::is_same_v<T, double>, double, float>;
  const std::int64_t half = r.channels / 2, positions = r.space.count();
  const std::int64_t grain =
      std::max<std::int64_t>(1, kGrain / 4 / std::max<std::int64_t>((r.q.heads + r.k.heads) * r.channels, 1));
  exec.ranges(positions, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
    C* cos = static_cast<C*>(ws) + worker * r.channels;
    C* sin = cos + half;
    for (std::int64_t i = begin; i < end; ++i) {
      const auto at = r.space.offsets(i);
      const std::int64_t position = r.ids.data != nullptr ? r.ids.read(at[RotaryArgs::kIds]) : at[RotaryArgs::kIds];
      read_row<T>(r.cos, position, r.cos_row, r.cos_col, half, cos);
      read_row<T>(r.sin, position, r.sin_row, r.sin_col, half, sin);
      rotate_side<S>(r, r.q, at[RotaryArgs::kQ], at[RotaryArgs::kQOut], cos, sin);
      rotate_side<S>(r, r.k, at[RotaryArgs::kK], at[RotaryArgs::kKOut], cos, sin);
    }
  });
}

template <class F>
void with_float(fg_dtype dtype, F&& f) {
  switch (dtype) {
    case FG_F64: return f(double{});
    case FG_F16: return f(f16{});
    case FG_BF16: return f(bf16{});
    default: return f(float{});
  }
}

}  // namespace

void rotary_on_target(const RotaryArgs& r, const Exec& exec, void* ws) {
  with_float(r.dtype, [&]<class S>(S) { with_float(r.table_dtype, [&]<class T>(T) { run<S, T>(r, exec, ws); }); });
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(rotary_on_target);

std::size_t rotary_workspace(const RotaryArgs& args, int workers) {
  return static_cast<std::size_t>(args.channels * workers) * sizeof(double);
}
void rotary(const RotaryArgs& args, const Exec& exec, void* ws) {
  if (args.channels != 0) HWY_DYNAMIC_DISPATCH(rotary_on_target)(args, exec, ws);
}
}  // namespace fg::cpu
#endif
