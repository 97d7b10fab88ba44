// SPDX-License-Identifier: Apache-2.0
//
// exp, sigmoid, tanh and erf of sixteen floats for AVX-512, which scales by powers of two and looks
// up tables of 32 floats in one instruction each.  math-inl.hpp includes it and checks the errors.

#if defined(PLUGINS_CPU_ENGINE_MATH_AVX3_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_MATH_AVX3_INL_HPP_
#undef PLUGINS_CPU_ENGINE_MATH_AVX3_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_MATH_AVX3_INL_HPP_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3

// exp(x) = 2^n (1 + p), p = r + r^2 q(r), |r| <= ln 2 / 2.  q is a Chebyshev fit made with mpmath: relative
// error of exp(r) 8.2e-9, 0.14 ulp.  min and max return their second operand for NaN.
//   fine      Taylor to r^5, for those who need p itself to an ulp
//   negative  exp(-x) = 2^-n (1 + p) instead
enum class Exp512 { plain, fine, negative };
template <Exp512 KIND>
constexpr float exp_coefficient(int k) {
  constexpr float kFit[] = {0.5f, 0.166665733f, 0.0416665487f, 0.00836377405f, 0.00139269268f};
  constexpr float kTaylor[] = {0.5f, 1.0f / 6, 1.0f / 24, 1.0f / 120, 1.0f / 720};
  const float c = KIND == Exp512::fine ? kTaylor[k] : kFit[k];
  return KIND == Exp512::negative && k % 2 == 1 ? -c : c;
}
struct ExpParts512 {
  __m512 n, p;
};
template <Exp512 KIND>
HWY_INLINE ExpParts512 exp_parts_512(__m512 x) {
  const __m512 magic = _mm512_set1_ps(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const __m512 n = _mm512_sub_ps(_mm512_fmadd_ps(x, _mm512_set1_ps(1.44269504088896341f), magic), magic);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440054690583e-4f), r);
  __m512 q = _mm512_set1_ps(exp_coefficient<KIND>(4));
  if constexpr (KIND == Exp512::fine) q = _mm512_fmadd_ps(r, _mm512_set1_ps(1.0f / 5040), q);
  for (int k = 3; k >= 0; --k) q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(exp_coefficient<KIND>(k)));
  const __m512 r2 = _mm512_mul_ps(r, r);
  return {n, KIND == Exp512::negative ? _mm512_fmsub_ps(r2, q, r) : _mm512_fmadd_ps(r2, q, r)};
}

HWY_INLINE __m512 exp_512(__m512 x) {
  const __m512 in = _mm512_min_ps(_mm512_set1_ps(89.0f), _mm512_max_ps(_mm512_set1_ps(-104.0f), x));
  const ExpParts512 e = exp_parts_512<Exp512::plain>(in);
  return _mm512_scalef_ps(_mm512_add_ps(_mm512_set1_ps(1.0f), e.p), e.n);
}

// 1 / (1 + exp(-x)) = 2^n / (2^n + exp(-r)) with x = n ln 2 + r: neither overflows within the limits, and
// beyond them the result is 1 or 0.
HWY_INLINE __m512 sigmoid_512(__m512 x) {
  const __m512 in = _mm512_min_ps(_mm512_set1_ps(25.0f), _mm512_max_ps(_mm512_set1_ps(-104.5f), x));
  const ExpParts512 e = exp_parts_512<Exp512::negative>(in);
  const __m512 scale = _mm512_scalef_ps(_mm512_set1_ps(1.0f), e.n);
  return _mm512_div_ps(scale, _mm512_add_ps(scale, _mm512_add_ps(_mm512_set1_ps(1.0f), e.p)));
}

HWY_INLINE __m512 with_sign_of_512(__m512 magnitude, __m512 x) {
  const __m512i sign = _mm512_set1_epi32(static_cast<int>(0x80000000u));
  // sign ? x : magnitude, bit by bit.
  return _mm512_castsi512_ps(
      _mm512_ternarylogic_epi32(sign, _mm512_castps_si512(x), _mm512_castps_si512(magnitude), 0xCA));
}

// t / (t + 2), t = exp(2|x|) - 1; from |x| = 10 on it rounds to 1.
HWY_INLINE __m512 tanh_512(__m512 x) {
  const __m512 a = _mm512_min_ps(_mm512_set1_ps(10.0f), _mm512_abs_ps(x));
  const ExpParts512 e = exp_parts_512<Exp512::fine>(_mm512_add_ps(a, a));
  const __m512 scale = _mm512_scalef_ps(_mm512_set1_ps(1.0f), e.n);
  const __m512 t = _mm512_fmadd_ps(scale, e.p, _mm512_sub_ps(scale, _mm512_set1_ps(1.0f)));
  const __m512 two = _mm512_set1_ps(2.0f), d = _mm512_add_ps(t, two);
  // d + lost is the exact sum, and 1 / d is (1 - q) / 2, too coarse where q is almost 1.
  const __mmask16 small = _mm512_cmp_ps_mask(t, _mm512_set1_ps(16.0f), _CMP_LT_OQ);
  const __m512 lost = _mm512_maskz_sub_ps(small, t, _mm512_sub_ps(d, two));
  const __m512 q = _mm512_div_ps(t, d), half = _mm512_set1_ps(0.5f), inverse = _mm512_fnmadd_ps(q, half, half);
  return with_sign_of_512(_mm512_fnmadd_ps(_mm512_mul_ps(q, lost), inverse, q), x);
}

// 32 intervals of length 1/8; on each a quartic in the distance h from about its centre, chosen so that
// the constant term is a float: Chebyshev fits made with mpmath, errors below 8e-9, on the first
// interval (h = |x|) relative.  On the last one, from 3.8125, it is 1: exactly so at infinity, where gelu
// needs it.
struct Erf512 {
  HWY_ALIGN static constexpr float kCentre[32] = {
      0.0f,         0.124999985f, 0.24999997f, 0.375000536f, 0.49999994f, 0.625000477f, 0.749983251f, 0.875000834f,
      0.999999106f, 1.12500632f,  1.25000131f, 1.37499821f,  1.49999964f, 1.62499714f,  1.7499969f,   1.87499917f,
      1.99999821f,  2.12499142f,  2.25000262f, 2.37499285f,  2.49998713f, 2.6249814f,   2.75001502f,  2.87497544f,
      2.99984026f,  3.12502742f,  3.2503655f,  3.37643051f,  3.50143051f, 3.6239717f,   3.74856949f,  3.87356949f,
  };
  HWY_ALIGN static constexpr float kC0[32] = {
      0.0f,         0.140316188f, 0.276326358f, 0.404117435f, 0.520499825f, 0.623241246f, 0.711144865f, 0.784075499f,
      0.842700422f, 0.888390243f, 0.922900438f, 0.948169768f, 0.966105103f, 0.978443503f, 0.986671507f, 0.99199003f,
      0.995322227f, 0.997345865f, 0.998537302f, 0.999217033f, 0.999593019f, 0.999794602f, 0.999899387f, 0.999952137f,
      0.999977887f, 0.999990106f, 0.999995708f, 0.999998212f, 0.999999285f, 0.999999702f, 0.999999881f, 1.0f,
  };
  HWY_ALIGN static constexpr float kC1[32] = {
      0.128379151f,    1.11088479f,     1.06001377f,     0.980352223f,
      0.87878257f,     0.7634992f,      0.642947495f,    0.52474457f,
      0.415108562f,    0.31826973f,     0.236520573f,    0.170360759f,
      0.118930489f,    0.0804730207f,   0.0527755357f,   0.0335458778f,
      0.0206670705f,   0.0123412115f,   0.00714218384f,  0.00400657393f,
      0.00217839517f,  0.00114796706f,  0.000586215639f, 0.000290261087f,
      0.000139381722f, 6.47448323e-05f, 2.91182605e-05f, 1.26284012e-05f,
      5.3452286e-06f,  2.23231041e-06f, 8.90850345e-07f, 0.0f,
  };
  HWY_ALIGN static constexpr float kC2[32] = {
      6.86988233e-06f,  -0.138860539f,    -0.265003324f,    -0.367632449f,
      -0.439391017f,    -0.477187097f,    -0.48219952f,     -0.459151626f,
      -0.415107876f,    -0.358055204f,    -0.29565084f,     -0.234245643f,
      -0.178395674f,    -0.130768478f,    -0.0923571214f,   -0.0628986135f,
      -0.0413342305f,   -0.0262250882f,   -0.0160700325f,   -0.00951566547f,
      -0.00544602098f,  -0.00301343552f,  -0.0016121295f,   -0.000834512175f,
      -0.000418136333f, -0.000202335592f, -9.46469154e-05f, -4.26374136e-05f,
      -1.871522e-05f,   -8.0909258e-06f,  -3.34003789e-06f, 0.0f,
  };
  HWY_ALIGN static constexpr float kC3[32] = {
      -0.376676142f,   -0.358215123f,   -0.308780223f,   -0.23465389f,
      -0.146427944f,   -0.0558050945f,  0.0265190843f,   0.0925961286f,
      0.138031393f,    0.162153795f,    0.167305455f,    0.157788455f,
      0.138679385f,    0.114830643f,    0.0901901126f,   0.0674971119f,
      0.0482870601f,   0.0330992863f,   0.02177638f,     0.0137717193f,
      0.00838041492f,  0.0049114381f,   0.00277366093f,  0.00151109707f,
      0.000794741325f, 0.000402780657f, 0.000196924331f, 9.25685963e-05f,
      4.23079182e-05f, 1.89966668e-05f, 8.13936913e-06f, 0.0f,
  };
  HWY_ALIGN static constexpr float kC4[32] = {
      0.0140834413f,    0.0685965419f,    0.126783133f,     0.166338935f,
      0.182835549f,     0.176258102f,     0.150555804f,     0.112345904f,
      0.0692070127f,    0.0280490462f,    -0.00605550269f,  -0.0303924829f,
      -0.0445045382f,   -0.0496484898f,   -0.0480584316f,   -0.0422398075f,
      -0.0344427042f,   -0.0263696965f,   -0.0190975461f,   -0.0131484075f,
      -0.00863603503f,  -0.00542526413f,  -0.00326620787f,  -0.00188732939f,
      -0.00104800414f,  -0.000559784647f, -0.000287857663f, -0.000142603953f,
      -6.80980738e-05f, -3.13619894e-05f, -1.3935557e-05f,  0.0f,
  };

  static HWY_INLINE __m512 look_up(const float* table, __m512i at) {
    return _mm512_permutex2var_ps(_mm512_load_ps(table), at, _mm512_load_ps(table + 16));
  }
  static HWY_INLINE __m512 erf(__m512 x) {
    const __m512 a = _mm512_min_ps(_mm512_set1_ps(3.93f), _mm512_abs_ps(x));
    // 1.5 * 2^20: the sum has an ulp of 1/8, so its low bits are the number of the nearest eighth.
    const __m512i at = _mm512_castps_si512(_mm512_add_ps(a, _mm512_set1_ps(1572864.0f)));
    const __m512 h = _mm512_sub_ps(a, look_up(kCentre, at));
    __m512 y = _mm512_fmadd_ps(look_up(kC4, at), h, look_up(kC3, at));
    y = _mm512_fmadd_ps(y, h, look_up(kC2, at));
    y = _mm512_fmadd_ps(y, h, look_up(kC1, at));
    // The first interval adds to |x| itself: the factor of |x| has more bits than a float.
    const __mmask16 first = _mm512_cmp_ps_mask(a, _mm512_set1_ps(0.0625f), _CMP_LE_OQ);
    const __m512 c0 = _mm512_mask_mov_ps(look_up(kC0, at), first, a);
    return with_sign_of_512(_mm512_fmadd_ps(y, h, c0), x);
  }
};

// Better matches than the templates of math-inl.hpp.
template <class D>
HWY_INLINE hn::Vec512<float> scale_f32(D, hn::Vec512<float> y, hn::Vec512<float> n) {
  return hn::Vec512<float>{_mm512_scalef_ps(y.raw, n.raw)};
}
template <class D>
HWY_INLINE hn::Vec512<float> exp_f32(D, hn::Vec512<float> x) {
  return hn::Vec512<float>{exp_512(x.raw)};
}
template <class D>
HWY_INLINE hn::Vec512<float> sigmoid_f32(D, hn::Vec512<float> x) {
  return hn::Vec512<float>{sigmoid_512(x.raw)};
}
template <class D>
HWY_INLINE hn::Vec512<float> tanh_f32(D, hn::Vec512<float> x) {
  return hn::Vec512<float>{tanh_512(x.raw)};
}
template <class D>
HWY_INLINE hn::Vec512<float> erf_f32(D, hn::Vec512<float> x) {
  return hn::Vec512<float>{Erf512::erf(x.raw)};
}

#endif  // HWY_TARGET

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
