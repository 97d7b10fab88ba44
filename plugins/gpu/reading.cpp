// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/reading.hpp"

#include <bit>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {

Reading reading_of(const Lines& x, fg_dtype dtype) {
  const auto vec = static_cast<int>(16 / dtype_bytes(dtype));
  const bool along = x.stride == 1 || (x.step != 1 && x.length != 1);
  const std::int64_t extent = along ? x.length : x.count, step = along ? x.stride : x.step;
  const std::int64_t across = along ? x.step : x.stride;
  const bool whole = step == 1 && extent % vec == 0 && across % vec == 0 && x.batch % vec == 0;
  return {along, whole && x.at.byte_offset % 16 == 0 ? vec : 1};
}

fg_dtype sum_dtype(fg_dtype dtype) {
  if (dtype == FG_F64 || dtype == FG_I64) return dtype;
  return is_float(dtype) ? FG_F32 : FG_I32;
}

std::string sum_word(fg_dtype dtype) {
  const fg_dtype d = sum_dtype(dtype);
  return d == FG_F64 ? "f64" : d == FG_F32 ? "f32" : d == FG_I64 ? "u64" : "u32";
}

void add_sums(Source& s, fg_dtype dtype) {
  const std::string word = sum_word(dtype);
  s.define("ACC", word).define("ZERO", word + "(0)");
  s.define("MAC(x, y, z)", word == "f32" ? "FMA(x, y, z)" : "((x) * (y) + (z))");
}

void add_reading(Source& s, const std::string& x, const std::string& X, const Reading& r) {
  const bool pieces = r.vec > 1;
  const std::string shift = std::to_string(std::countr_zero(static_cast<unsigned>(r.vec)));
  s.define(X + "_VEC", r.vec).define(X + "_ALONG", r.along ? 1 : 0);
  s.define(X + "_PIECE", pieces ? "PIECE16" : "ACC").define(X + "_NONE", pieces ? "ZERO16" : "ZERO");
  s.define(X + "_LOAD(i)", pieces ? x + "_load16((i) >> " + shift + ")" : "ACC(" + x + "_load(i))");
  s.define(X + "_OF(p, j)", pieces ? "ACC(" + x + "_from(" + x + "_of16(p, j)))" : "(p)");
}

void add_slice(Source& s, const std::string& X, const Reading& r, int lines, int k) {
  const std::string along = std::to_string((r.along ? k : lines) / r.vec), vec = std::to_string(r.vec);
  const std::string first = "((p) % " + along + " * " + vec + ")", second = "((p) / " + along + ")";
  const int pieces = lines * k / r.vec, group = static_cast<int>(s.group_size);
  s.define(X + "_K(p)", r.along ? first : second).define(X + "_LINE(p)", r.along ? second : first);
  s.define(X + "_PIECES", pieces).define(X + "_EACH", (pieces + group - 1) / group);
  s.define(X + "_PITCH", lines + kSlicePad);
  s.define(X + "_AT(j)", r.along ? "(j) * " + X + "_PITCH" : std::string("(j)"));
}

Result<void> add_slice_text(Source& s, const Features& features) {
  s.define("UNROLL_K", features.software ? "" : "UNROLL");
  FG_TRY_ASSIGN(const Source text, source_of("slice", {}));
  s.functions = text.functions + s.functions;
  return {};
}

}  // namespace fg::gpu
