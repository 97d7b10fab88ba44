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

// 32 intervals of length 1/8; on each a quartic in the distance h from its centre: least squares on Chebyshev nodes
// made with mpmath, each coefficient rounded before the next are fitted, errors below 3e-8, of the first interval (h =
// |x|) 8e-9 and relative.  On the last one, from 3.8125, it is 1: exactly so at infinity, where gelu needs it.
struct Erf512 {
  HWY_ALIGN static constexpr float kC0[32] = {
      0.0f,         0.140316203f, 0.276326388f, 0.404116899f, 0.520499885f, 0.623240888f, 0.711155653f, 0.784075081f,
      0.842700779f, 0.888388216f, 0.92290014f,  0.948170066f, 0.966105163f, 0.978443742f, 0.986671686f, 0.99199003f,
      0.995322287f, 0.997345984f, 0.998537302f, 0.999217033f, 0.999593019f, 0.999794602f, 0.999899387f, 0.999952137f,
      0.999977887f, 0.999990106f, 0.999995708f, 0.999998212f, 0.999999285f, 0.999999702f, 0.999999881f, 1.0f};
  HWY_ALIGN static constexpr float kC1[32] = {0.128379151f,    1.11088479f,     1.06001377f,     0.980352581f,
                                              0.87878257f,     0.763499677f,    0.642931342f,    0.524745345f,
                                              0.415107816f,    0.31827426f,     0.236521348f,    0.170359924f,
                                              0.118930362f,    0.0804722682f,   0.0527749658f,   0.0335457735f,
                                              0.0206669234f,   0.0123407608f,   0.00714226812f,  0.00400643796f,
                                              0.002178255f,    0.00114785496f,  0.000586264068f, 0.000290220109f,
                                              0.000139248194f, 6.47559282e-05f, 2.9187524e-05f,  1.27509575e-05f,
                                              5.39903385e-06f, 2.21573077e-06f, 8.81344192e-07f, 0.0f};
  HWY_ALIGN static constexpr float kC2[32] = {6.86988233e-06f,  -0.138858899f,    -0.265001178f,    -0.367621064f,
                                              -0.439398408f,    -0.477192998f,    -0.482217938f,    -0.459172606f,
                                              -0.41509369f,     -0.358042747f,    -0.295663863f,    -0.234237775f,
                                              -0.178412586f,    -0.130776286f,    -0.0923716128f,   -0.0628699288f,
                                              -0.0413565673f,   -0.0262378938f,   -0.0160892494f,   -0.0094862869f,
                                              -0.00541651109f,  -0.00299076247f,  -0.00162175589f,  -0.000826524105f,
                                              -0.000394380186f, -0.000204788186f, -0.000106377491f, -7.08296429e-05f,
                                              -4.74083317e-05f, -5.08022231e-06f, 2.30836008e-06f,  0.0f};
  HWY_ALIGN static constexpr float kC3[32] = {-0.376676142f,   -0.358218908f,   -0.308787286f,   -0.234650478f,
                                              -0.146436036f,   -0.0558088161f,  0.0265231896f,   0.0926019773f,
                                              0.138034865f,    0.162150353f,    0.167305171f,    0.157786772f,
                                              0.13867873f,     0.114830442f,    0.0901891217f,   0.0674970895f,
                                              0.0482867025f,   0.0330984704f,   0.0217766091f,   0.0137713589f,
                                              0.00837998372f,  0.00491104694f,  0.00277386419f,  0.00151090941f,
                                              0.000794072344f, 0.000402841368f, 0.000197345536f, 9.33845949e-05f,
                                              4.26975857e-05f, 1.88676677e-05f, 8.05963646e-06f, 0.0f};
  HWY_ALIGN static constexpr float kC4[32] = {0.0140834413f,   0.0682534277f,    0.126333639f,    0.164077118f,
                                              0.18433322f,     0.177475005f,     0.154598594f,    0.11659044f,
                                              0.0663755313f,   0.0248724055f,    -0.00352018769f, -0.0318251178f,
                                              -0.0410065353f,  -0.0478436984f,   -0.0449178666f,  -0.0480797328f,
                                              -0.0298152678f,  -0.023572715f,    -0.0151975583f,  -0.0191052407f,
                                              -0.0146138854f,  -0.0100130318f,   -0.00132065022f, -0.00350071653f,
                                              -0.00583544001f, -6.43671083e-05f, 0.00207024324f,  0.00554941827f,
                                              0.0057708798f,   -0.00063600071f,  -0.00116361259f, 0.0f};

  static HWY_INLINE __m512 look_up(const float* table, __m512i at) {
    return _mm512_permutex2var_ps(_mm512_load_ps(table), at, _mm512_load_ps(table + 16));
  }
  static HWY_INLINE __m512 erf(__m512 x) {
    const __m512 a = _mm512_min_ps(_mm512_set1_ps(3.93f), _mm512_abs_ps(x));
    // 1.5 * 2^20: the sum has an ulp of 1/8, so its low bits are the number of the nearest eighth.
    const __m512 magic = _mm512_set1_ps(1572864.0f), sum = _mm512_add_ps(a, magic);
    const __m512i at = _mm512_castps_si512(sum);
    const __m512 h = _mm512_sub_ps(a, _mm512_sub_ps(sum, magic));
    __m512 y = _mm512_fmadd_ps(look_up(kC4, at), h, look_up(kC3, at));
    y = _mm512_fmadd_ps(y, h, look_up(kC2, at));
    y = _mm512_fmadd_ps(y, h, look_up(kC1, at));
    // The first interval, where h = |x|, adds to |x| itself: the factor of |x| has more bits than a float.
    // On every other h <= 1/16 is below the constant.
    const __m512 c0 = _mm512_max_ps(look_up(kC0, at), h);
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
