// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/join.hpp"

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"

namespace fg::gpu {
namespace {

std::uint64_t aligned(std::int64_t bytes) {
  return groups_for(static_cast<std::uint64_t>(bytes), kWorkspaceAlign) * kWorkspaceAlign;
}

// What joins a value without changing it; a sum of nothing but -0 is -0.
std::string identity(Join join, fg_dtype state) {
  const bool f64 = state == FG_F64, real = f64 || state == FG_F32, truth = state == FG_BOOL, wide = state == FG_I64;
  const std::string word(compute_word(state));
  switch (join) {
    case Join::add:
      if (truth) return "false";
      return real ? word + "(F32_BITS(0x80000000u))" : word + "(0)";
    case Join::multiply:
      if (truth) return "true";
      return real ? word + "(1.0f)" : word + "(1)";
    case Join::greatest:
      if (truth) return "false";
      if (real) return f64 ? "-INF_F64" : "-INF_F32";
      return wide ? "i64(u64(1u) << 63)" : "i32(0x80000000u)";
    default:
      if (truth) return "true";
      if (real) return f64 ? "INF_F64" : "INF_F32";
      return wide ? "i64((u64(1u) << 63) - u64(1u))" : "i32(0x7FFFFFFF)";
  }
}

std::string zero_of(fg_dtype dtype) { return dtype == FG_BOOL ? "false" : std::string(compute_word(dtype)) + "(0)"; }

// What stands where values will be joined.
enum class Start : std::uint8_t { self, zero, identity };

// All elements of y, of this dtype, for a launch that joins by `join`.
Result<void> put_all(const Prepared& k, const sdk::Launch& l, const BufferRef& y, fg_dtype dtype, Start start,
                     Join join, const BufferRef& self = {}) {
  const std::int64_t n = sdk::numel(l.out());
  const bool wide = !fits_index32(l);
  const std::uint64_t number = variant_number(
      {'b', dtype == l.out().dtype, wide, static_cast<std::int64_t>(start), static_cast<std::int64_t>(join)});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] {
    return make_source("join_begin", {dtype, l.out().dtype}, wide, [&](Source& s) {
      s.define("VALUE", start == Start::self   ? "x_load(at)"
                        : start == Start::zero ? zero_of(dtype)
                                               : identity(join, dtype));
    });
  }));
  return enqueue(l, *program, {y, self}, {n}, groups_of(*program, n));
}

}  // namespace

bool Joined::ordered(fg_dtype dtype) const { return join == Join::multiply && is_float(dtype); }

bool Joined::separate(fg_dtype dtype) const {
  return counted() || ((dtype == FG_F16 || dtype == FG_BF16) && (join == Join::add || join == Join::multiply));
}

fg_dtype Joined::state_of(fg_dtype dtype) const {
  if (!separate(dtype)) return dtype;
  constexpr fg_dtype kState[] = {FG_BOOL, FG_I32, FG_I64, FG_F32, FG_F64};
  return kState[compute_type(dtype)];
}

JoinMemory join_memory(const sdk::Launch& l, const Joined& j, std::uint64_t offset) {
  const fg_dtype dtype = l.out().dtype;
  const std::int64_t n = sdk::numel(l.out());
  JoinMemory m;
  if (j.separate(dtype)) {
    m.state = workspace_at(l, offset);
    m.bytes = aligned(n * dtype_bytes(j.state_of(dtype)));
  }
  if (j.counted()) {
    m.counts = workspace_at(l, offset + m.bytes);
    m.bytes += aligned(4 * n);
  }
  return m;
}

Result<void> put_self(const Prepared& k, const sdk::Launch& l, const fg_tensor* self) {
  if (self != nullptr) return copy_self(l, l.out(), *self);
  return put_all(k, l, ref(l.out()), l.out().dtype, Start::zero, Join::assign);
}

Result<void> begin_join(const Prepared& k, const sdk::Launch& l, const Joined& j, const JoinMemory& m,
                        const fg_tensor* self) {
  const fg_dtype dtype = l.out().dtype, state = j.state_of(dtype);
  if (!j.separate(dtype)) return put_self(k, l, self);
  if (j.counted()) {
    FG_TRY(l.raw().stream->fill(m.counts, static_cast<std::uint64_t>(4 * sdk::numel(l.out())), 0));
  }
  if (!j.include_self) return put_all(k, l, m.state, state, Start::identity, j.join);
  return self != nullptr ? put_all(k, l, m.state, state, Start::self, j.join, ref(*self))
                         : put_all(k, l, m.state, state, Start::zero, j.join);
}

Result<void> end_join(const Prepared& k, const sdk::Launch& l, const Joined& j, const JoinMemory& m,
                      const fg_tensor* self) {
  const fg_tensor& out = l.out();
  const fg_dtype dtype = out.dtype, state = j.state_of(dtype);
  if (!j.separate(dtype)) return {};
  const std::int64_t n = sdk::numel(out);
  const bool wide = !fits_index32(l);
  const bool divides = j.mean && state != FG_BOOL;  // The mean of truths is their product.
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'e', wide, j.mean, j.include_self}), [&] {
    return make_source("join_end", {dtype, state, FG_I32, dtype}, wide, [&](Source& s) {
      s.define("COUNTED", j.counted() ? 1 : 0);
      s.define("MEAN", !divides ? 0 : is_integer(state) ? 2 : 1);
      s.define("UNTOUCHED", self != nullptr ? "x_bits(at)" : dtype_bytes(dtype) == 8 ? "u64(0u)" : "0u");
    });
  }));
  const BufferRef x = self != nullptr ? ref(*self) : BufferRef{};
  return enqueue(l, *program, {ref(out), m.state, m.counts, x}, {n, j.include_self ? 1 : 0}, groups_of(*program, n));
}

void define_join(Source& s, Join join, fg_dtype state) {
  s.define("JOIN", static_cast<std::int64_t>(join));
  s.define("NEEDS_ATOMIC64", dtype_bytes(state) == 8 && join != Join::assign ? 1 : 0);
  const std::string t = state == FG_F64 ? "F64" : "I64";
  const auto wrapping = [&](const char* op) {
    return is_float(state) ? "((a) " + std::string(op) + " (b))" : "i64(u64(a) " + std::string(op) + " u64(b))";
  };
  s.define("JOINED(a, b)", join == Join::add        ? wrapping("+")
                           : join == Join::multiply ? wrapping("*")
                                                    : (join == Join::greatest ? "MAX_" : "MIN_") + t + "(a, b)");
}

Result<void> clear_claims(const sdk::Launch& l, const BufferRef& claims, fg_dtype dtype, std::int64_t places) {
  return l.raw().stream->fill(claims, static_cast<std::uint64_t>(places * dtype_bytes(dtype)), 0xFFFFFFFFu);
}

}  // namespace fg::gpu
