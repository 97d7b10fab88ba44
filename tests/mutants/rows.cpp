// SPDX-License-Identifier: Apache-2.0
//
// Softmax and norms with the classical mistakes.

#include <cmath>

#include "tests/mutants/edited.hpp"
#include "tests/mutants/hooks.hpp"

namespace fg::mutants {
namespace {

// Lines of `in` along `dim`: f(offset of the line in `out`, in `in`).
template <class F>
void lines(const fg_tensor& out, const fg_tensor& in, std::int64_t dim, F&& f) {
  std::vector<std::int64_t> shape, to, from;
  for (std::int32_t d = 0; d < in.ndim; ++d) {
    if (d == dim) continue;
    shape.push_back(in.shape[d]);
    to.push_back(out.stride[d]);
    from.push_back(in.stride[d]);
  }
  for (sdk::Odometer<2> at(shape, {to, from}); !at.done(); at.next()) f(at.offset(0), at.offset(1));
}

using Row = std::vector<float>;

fg_status softmax(const Call& c, std::int64_t dim, float (*shift)(const Row&)) {
  const fg_tensor &out = out_of(c), &in = in_of(c);
  if (!is_small_float(in.dtype) || !is_small_float(out.dtype) || in.ndim == 0) return forward(c);
  const std::int64_t n = in.shape[dim], to = out.stride[dim], from = in.stride[dim];
  Row row(static_cast<std::size_t>(n));
  lines(out, in, dim, [&](std::int64_t o, std::int64_t i) {
    for (std::int64_t k = 0; k < n; ++k) row[static_cast<std::size_t>(k)] = load(in, i + k * from);
    const float m = shift(row);
    float sum = 0;
    for (float& x : row) sum += x = std::exp(x - m);
    for (std::int64_t k = 0; k < n; ++k) store(out, o + k * to, row[static_cast<std::size_t>(k)] / sum);
  });
  return FG_OK;
}

float greatest(const Row& row) {
  float m = -std::numeric_limits<float>::infinity();
  for (const float x : row) m = x > m || std::isnan(x) ? x : m;
  return m;
}

// f(row of values, offsets of its elements in the output) for the trailing `n` dimensions; the result of
// the driver is overwritten, so nothing happens when that was in place.
template <class F>
void normalized_rows(const fg_tensor& out, const fg_tensor& in, std::int64_t n, F&& f) {
  const auto kept = static_cast<std::size_t>(in.ndim - n);
  const auto shape = sdk::shape_of(in), from = sdk::strides_of(in), to = sdk::strides_of(out);
  Row row;
  std::vector<std::int64_t> place;
  for (sdk::Odometer<2> at(shape.first(kept), {to.first(kept), from.first(kept)}); !at.done(); at.next()) {
    row.clear();
    place.clear();
    for (sdk::Odometer<2> r(shape.subspan(kept), {to.subspan(kept), from.subspan(kept)}); !r.done(); r.next()) {
      place.push_back(at.offset(0) + r.offset(0));
      row.push_back(load(in, at.offset(1) + r.offset(1)));
    }
    f(row, place);
  }
}

Row values_of(const fg_tensor& t, float absent, std::size_t n) {
  Row v;
  if (t.dtype == 0) return Row(n, absent);
  each(t, [&](std::int64_t at) { v.push_back(load(t, at)); });
  return v;
}

}  // namespace

fg_status softmax_no_max(const Call& c) {
  const auto& p = *static_cast<const fg_softmax_params*>(c.launch.params);
  return softmax(c, p.dim, [](const Row&) { return 0.0F; });
}

fg_status softmax_inf_row(const Call& c) {
  const auto& p = *static_cast<const fg_safe_softmax_params*>(c.launch.params);
  return softmax(c, p.dim, greatest);  // -inf - -inf is NaN
}

fg_status eps_outside_sqrt(const Call& c) {
  const fg_tensor &out = out_of(c), &in = in_of(c);
  const auto& p = *static_cast<const fg_rms_norm_params*>(c.launch.params);
  if (!is_small_float(in.dtype) || same_place(out, in)) return forward(c);
  if (const fg_status s = forward(c); s < 0) return s;
  normalized_rows(out, in, p.n_normalized_shape, [&](const Row& row, const std::vector<std::int64_t>& place) {
    const Row weight = values_of(in_of(c, 1), 1, row.size());
    double squares = 0;
    for (const float x : row) squares += double{x} * double{x};
    const double root = std::sqrt(squares / static_cast<double>(row.size())) + p.eps;
    for (std::size_t k = 0; k < row.size(); ++k) store(out, place[k], static_cast<float>(row[k] / root) * weight[k]);
  });
  return FG_OK;
}

fg_status square_of_mean(const Call& c) {
  const fg_tensor &out = out_of(c), &in = in_of(c);
  const auto& p = *static_cast<const fg_layer_norm_params*>(c.launch.params);
  if (!is_small_float(in.dtype) || same_place(out, in)) return forward(c);
  if (const fg_status s = forward(c); s < 0) return s;
  normalized_rows(out, in, p.n_normalized_shape, [&](const Row& row, const std::vector<std::int64_t>& place) {
    const Row weight = values_of(in_of(c, 1), 1, row.size()), bias = values_of(in_of(c, 2), 0, row.size());
    float sum = 0, squares = 0;
    for (const float x : row) sum += x, squares += x * x;
    const auto n = static_cast<float>(row.size());
    const float mean = sum / n, variance = squares / n - mean * mean;
    const float scale = 1.0F / std::sqrt(variance + static_cast<float>(p.eps));
    for (std::size_t k = 0; k < row.size(); ++k) store(out, place[k], (row[k] - mean) * scale * weight[k] + bias[k]);
  });
  return FG_OK;
}

}  // namespace fg::mutants
