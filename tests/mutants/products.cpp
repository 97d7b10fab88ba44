// SPDX-License-Identifier: Apache-2.0
//
// Matrix products and sums, term by term: the orders that are legal and the ones that lose digits.

#include <atomic>
#include <bit>
#include <cfenv>
#include <cmath>

#include "tests/mutants/edited.hpp"
#include "tests/mutants/hooks.hpp"

namespace fg::mutants {
namespace {

using Row = std::vector<float>;

constexpr std::size_t kParts = 4, kLanes = 16;

float in_order(const float* x, std::size_t n) {
  float s = 0;
  for (std::size_t i = 0; i < n; ++i) s += x[i];
  return s;
}
float reversed(const float* x, std::size_t n) {
  float s = 0;
  for (std::size_t i = n; i-- > 0;) s += x[i];
  return s;
}
float by_pairs(const float* x, std::size_t n) {
  if (n <= 2) return in_order(x, n);
  return by_pairs(x, n / 2) + by_pairs(x + n / 2, n - n / 2);
}
float in_parts(const float* x, std::size_t n) {
  float s = 0;
  for (std::size_t p = 0; p < kParts; ++p) s += in_order(x + n * p / kParts, n * (p + 1) / kParts - n * p / kParts);
  return s;
}
float in_lanes(const float* x, std::size_t n) {
  float lane[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) lane[i % kLanes] += x[i];
  return by_pairs(lane, kLanes);
}
float kept_in_f16(const float* x, std::size_t n) {
  float s = 0;
  for (std::size_t i = 0; i < n; ++i) s = static_cast<float>(f16(s + x[i]));
  return s;
}
// Towards +infinity at the end, from a sum in f64.
float rounded_up(const float* x, std::size_t n) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += double{x[i]};
  const auto f = static_cast<float>(s);
  return double{f} < s ? std::nextafter(f, std::numeric_limits<float>::infinity()) : f;
}

// Launches so far.
std::atomic<std::uint64_t> turn{0};

float fold(const Row& terms) {
  const float* const x = terms.data();
  const std::size_t n = terms.size();
  if ((legal("turns") || has(fault("order_by_turns"))) && turn % 2 != 0) return reversed(x, n);
  if (legal("reverse")) return reversed(x, n);
  if (legal("tree")) return by_pairs(x, n);
  if (legal("splitk")) return in_parts(x, n);
  if (legal("lanes")) return in_lanes(x, n);
  if (has(fault("rounds_up"))) return rounded_up(x, n);
  return in_order(x, n);
}

// The 10 bits of mantissa that a tf32 unit reads, to nearest.
float as_tf32(float x) {
  if (!std::isfinite(x)) return x;
  constexpr std::uint32_t kDropped = 13;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + (1u << (kDropped - 1))) >> kDropped << kDropped);
}

// f32 accumulation that truncates, as some matrix units do: exact in f64 but for the last bits, which
// truncation does not see.
float dot_towards_zero(const Row& a, const Row& b) {
  float s = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double exact = double{s} + double{a[k]} * double{b[k]};
    const auto f = static_cast<float>(exact);
    s = std::fabs(double{f}) > std::fabs(exact) ? std::nextafter(f, 0.0F) : f;
  }
  return s;
}

float dot(const Row& a, const Row& b, fg_dtype dtype) {
  if (legal("rz") || has(fault("rz_undeclared"))) return dot_towards_zero(a, b);
  if (legal("fma")) {
    float s = 0;
    for (std::size_t k = 0; k < a.size(); ++k) s = std::fma(a[k], b[k], s);
    return s;
  }
  Row terms(a.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    terms[k] = has(fault("tf32_inputs")) ? as_tf32(a[k]) * as_tf32(b[k]) : a[k] * b[k];
    if (!has(fault("products_rounded"))) continue;
    if (dtype == FG_F16) terms[k] = static_cast<float>(f16(terms[k]));
    if (dtype == FG_BF16) terms[k] = static_cast<float>(bf16(terms[k]));
  }
  if (has(fault("partial_sums_f16")) && dtype != FG_F32) return kept_in_f16(terms.data(), terms.size());
  if (has(fault("rounds_up"))) {  // the products too are exact in f64
    double s = 0;
    for (std::size_t k = 0; k < a.size(); ++k) s += double{a[k]} * double{b[k]};
    const auto f = static_cast<float>(s);
    return double{f} < s ? std::nextafter(f, std::numeric_limits<float>::infinity()) : f;
  }
  return fold(terms);
}

// One matrix of a batch.
struct Matrix {
  const fg_tensor& t;
  std::int64_t base;
  std::int64_t at(std::int64_t r, std::int64_t c) const {
    return base + r * t.stride[t.ndim - 2] + c * t.stride[t.ndim - 1];
  }
  std::int64_t rows() const { return t.shape[t.ndim - 2]; }
  std::int64_t columns() const { return t.shape[t.ndim - 1]; }
};

void multiply(const Matrix& out, const Matrix& a, const Matrix& b) {
  Row row(static_cast<std::size_t>(a.columns())), column(row.size());
  for (std::int64_t m = 0; m < out.rows(); ++m) {
    for (std::size_t k = 0; k < row.size(); ++k) row[k] = load(a.t, a.at(m, static_cast<std::int64_t>(k)));
    for (std::int64_t n = 0; n < out.columns(); ++n) {
      for (std::size_t k = 0; k < row.size(); ++k) column[k] = load(b.t, b.at(static_cast<std::int64_t>(k), n));
      float x = dot(row, column, a.t.dtype);
      if (has(fault("row_scale")) && m == out.rows() - 1) x *= 1.002F;
      if (has(fault("read_uninit_output"))) x += load(out.t, out.at(m, n));
      store(out.t, out.at(m, n), x);
    }
  }
}

bool is_identity(const Program& p) {
  if (p.view().n_out != 1) return false;
  const fg_expr_node* n = &p.nodes()[p.view().out[0]];
  if (n->op == FG_EX_CAST) n = &p.nodes()[n->arg[0]];
  return n->op == FG_EX_INPUT && n->arg[0] == 0;
}

}  // namespace

fg_status product(const Call& c) {
  ++turn;
  const fg_tensor &out = out_of(c), &a = in_of(c, 0), &b = in_of(c, 1);
  const std::int64_t batch = out.ndim == 3 ? out.shape[0] : 1;
  const auto step = [](const fg_tensor& t) { return t.ndim == 3 ? t.stride[0] : 0; };
  for (std::int64_t i = 0; i < batch; ++i) multiply({out, i * step(out)}, {a, i * step(a)}, {b, i * step(b)});
  return FG_OK;
}

bool is_plain_sum(const Kernel& k) {
  return k.is_reduce() && k.programs.monoid == FG_MONOID_SUM && k.n_in == 1 && k.n_out == 1 &&
         is_small_float(k.dtypes[0]) && is_small_float(k.dtypes[1]) && is_identity(*k.programs.main) &&
         is_identity(*k.programs.epilogue);
}

fg_status sum(const Call& c) {
  ++turn;
  const fg_tensor &out = out_of(c), &in = in_of(c);
  const auto kept = static_cast<std::size_t>(out.ndim);
  const auto shape = sdk::shape_of(in), stride = sdk::strides_of(in);
  Row terms;
  for (sdk::Odometer<2> at(sdk::shape_of(out), {sdk::strides_of(out), stride.first(kept)}); !at.done(); at.next()) {
    terms.clear();
    for (sdk::Odometer<1> r(shape.subspan(kept), {stride.subspan(kept)}); !r.done(); r.next())
      terms.push_back(load(in, at.offset(1) + r.offset(0)));
    store(out, at.offset(0), fold(terms));
  }
  return FG_OK;
}

}  // namespace fg::mutants
