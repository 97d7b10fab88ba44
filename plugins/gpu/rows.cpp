// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/rows.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <string>
#include <vector>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/functions.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kGroup = 256;  // Work-items of a group of short rows, and of one longer row while they do.
constexpr std::int64_t kMostGroup = 1024;
constexpr std::int64_t kFewHeld = 16;     // Elements that a work-item should hold ...
constexpr std::int64_t kMostHeld = 32;    // ... and can.
constexpr std::int64_t kNeighbours = 32;  // Rows side by side, so that memory is read in whole lines.

// What a tuner may choose: the work-items of a row.
constexpr std::int64_t kLanes[] = {kByRule, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
constexpr fg_tune_param kRowsParams[] = {{"lanes", kLanes, std::size(kLanes), 0}};

std::int64_t power_of_two(std::int64_t at_least) {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(at_least, 1))));
}

int vec_of(const RowSpace& s, std::span<const fg_tensor> tensors) {
  const std::int64_t vec = 16 / dtype_bytes(tensors[0].dtype);
  if (s.inner != 1 || s.length % vec != 0) return 1;
  const auto aligned = [](const fg_tensor& t) { return t.byte_offset % 16 == 0; };
  return std::all_of(tensors.begin(), tensors.end(), aligned) ? static_cast<int>(vec) : 1;
}

}  // namespace

RowSpace row_space_along(const fg_tensor& t, std::int64_t dim) {
  RowSpace s{1, 1, 1};
  for (int d = 0; d < t.ndim; ++d) {
    (d == dim ? s.length : s.count) *= t.shape[d];
    if (d > dim) s.inner *= t.shape[d];
  }
  return s;
}

RowSpace row_space_of_last(const fg_tensor& t, std::int64_t dims) {
  RowSpace s{1, 1, 1};
  for (int d = 0; d < t.ndim; ++d) (d < t.ndim - dims ? s.count : s.length) *= t.shape[d];
  return s;
}

Number RowForm::number() const {
  return Number()
      .add(std::countr_zero(static_cast<unsigned>(lanes)), 4)
      .add(std::countr_zero(static_cast<unsigned>(rows)), 4)
      .add(vec, 4)
      .add(held, 6)
      .add(across, 1)
      .add(full, 1)
      .add(wide, 1);
}

namespace {

// Rows that a group has at least, and lanes that it can have then.
std::int64_t least_rows(const RowSpace& s) { return s.inner != 1 ? std::min(kNeighbours, power_of_two(s.count)) : 1; }
std::int64_t most_lanes(const RowSpace& s, const Features& f) {
  return std::min<std::int64_t>(kMostGroup, f.max_group) / least_rows(s);
}

std::int64_t lanes_by_rule(const RowSpace& s, const Features& f) {
  std::int64_t lanes = std::min(power_of_two(ceil_div(s.length, kFewHeld)), kGroup / least_rows(s));
  while (lanes < most_lanes(s, f) && lanes * kMostHeld < s.length) lanes *= 2;
  return lanes;
}

// Buckets: the kernel, bytes of an element, how rows lie, and powers of two of their count and length.
std::int64_t tuned_lanes(RowKernel kernel, const RowSpace& s, std::int64_t bytes, Device& device) {
  constexpr const char* kNames[] = {"softmax", "softmax_backward", "norm", "loss"};
  const auto name = static_cast<std::size_t>(kernel);
  const int count = log2_below(s.count), length = log2_below(s.length);
  const bool across = s.inner != 1;
  const std::uint64_t code = Number()
                                 .add(static_cast<std::int64_t>(name), 4)
                                 .add(bytes, 4)
                                 .add(across, 1)
                                 .add(count, 6)
                                 .add(length, 6)
                                 .value();
  const auto point = [&]() -> TunablePoint {
    return {std::string(kNames[name]) + " " + std::to_string(bytes) + (across ? " across" : " along") + " 2^" +
                std::to_string(count) + " of 2^" + std::to_string(length),
            [s, &device] {
              const std::int64_t own = lanes_by_rule(s, device.features());
              std::vector<std::int64_t> lanes{kByRule};
              for (const std::int64_t n : kLanes) {
                const bool pays = n <= s.length && n * 32 >= own && n <= most_lanes(s, device.features());
                if (n != kByRule && n != own && pays) lanes.push_back(n);
              }
              return std::vector<std::vector<std::int64_t>>{lanes};
            }};
  };
  return device.tunables().choose(kTunableRows, code, point)[0];
}

}  // namespace

const TunableKernel kTunableRows{"rows", 1, kRowsParams};

RowForm row_form(RowKernel kernel, const RowSpace& s, std::span<const fg_tensor> tensors, Device& device) {
  const Features& f = device.features();
  RowForm form;
  form.across = s.inner != 1;
  form.vec = vec_of(s, tensors);
  // A loop's counter goes beyond the end by what a group takes at once.
  form.wide = !fits_index32(tensors) || s.count * s.length >= std::int64_t{1} << 30;
  const std::int64_t chosen = tuned_lanes(kernel, s, dtype_bytes(tensors[0].dtype), device);
  const std::int64_t lanes = chosen != kByRule && chosen <= most_lanes(s, f) ? chosen : lanes_by_rule(s, f);
  const std::int64_t held = power_of_two(ceil_div(s.length, lanes * form.vec));
  form.lanes = static_cast<int>(lanes);
  form.held = held * form.vec <= kMostHeld ? static_cast<int>(held) : 0;
  form.rows = static_cast<int>(std::max(least_rows(s), std::min(kGroup / lanes, power_of_two(s.count))));
  form.full = form.held != 0 && lanes * held * form.vec == s.length && s.count % form.rows == 0;
  return form;
}

Result<void> add_rows(Source& source, const RowForm& form, fg_dtype dtype) {
  const bool f64 = dtype == FG_F64;
  source.group_size = static_cast<std::uint32_t>(form.lanes * form.rows);
  source.wide_index = form.wide;
  // The sum of all lanes goes by the sums of every FAN of them.
  const int fan = form.lanes <= 16 ? form.lanes : 1 << ((std::countr_zero(static_cast<unsigned>(form.lanes)) + 1) / 2);
  source.define("LANES", form.lanes).define("ROWS", form.rows).define("VEC", form.vec).define("FAN", fan);
  source.define("HELD", form.held).define("ACROSS", form.across ? 1 : 0).define("FULL", form.full ? 1 : 0);
  source.define("INF", f64 ? "INF_F64" : "INF_F32").define("NONE", f64 ? "NAN_F64" : "NAN_F32");
  source.define("MAX", f64 ? "MAX_F64" : "MAX_F32").define("ADD", f64 ? "ADD_F64" : "ADD_F32");
  add_sums(source, dtype);
  FG_TRY_ASSIGN(const Source text, source_of("rows", {}));
  source.functions = text.functions + source.functions;
  return {};
}

Result<void> add_scores(Source& source, const RowForm& form, fg_dtype dtype, const char* keep) {
  FG_TRY_ASSIGN(const Source text, source_of("row_scores", {}));
  source.functions = text.functions + source.functions;
  source.define("KEEP(x, e)", keep);
  FG_TRY(add_exp_negative(source, compute_type(dtype)));
  FG_TRY(add_rows(source, form, dtype));
  add_row_input(source, "x", "X", form);
  return {};
}

void add_row_input(Source& source, const char* x, const char* X, const RowForm& form) {
  add_reading(source, x, X, {true, form.vec});
}

void add_row_output(Source& source, const char* y_, const char* Y_, const RowForm& form) {
  const std::string y = y_, Y = Y_, shift = std::to_string(std::countr_zero(static_cast<unsigned>(form.vec)));
  const bool pieces = form.vec > 1;
  source.define(Y + "_PIECE", pieces ? "PIECE16" : "ACC").define(Y + "_NONE", pieces ? "ZERO16" : "ZERO");
  source.define(Y + "_PUT(p, j, v)", pieces ? y + "_put16(p, j, " + y + "_to(v))" : "p = v");
  source.define(Y + "_STORE(i, p)", pieces ? y + "_store16((i) >> " + shift + ", p)" : y + "_store(i, p)");
}

}  // namespace fg::gpu
