// SPDX-License-Identifier: Apache-2.0
//
// flip, roll, repeat, tile, repeat_interleave, constant_pad_nd, tril, triu and their
// indices as launches.

#include <cstring>

#include "fg/abi/ops.h"
#include "plugins/cpu/engine/convert.hpp"
#include "plugins/cpu/kernels/copy.hpp"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/triangle.hpp"

namespace fg::cpu::entry {
namespace {

Result<void> run_triangle(const sdk::Launch& l, std::int64_t diagonal, bool upper) {
  const fg_tensor &out = l.out(), &self = l.in();
  const int row = self.ndim - 2, column = self.ndim - 1;
  TriangleArgs a;
  a.element_bytes = element_bytes(self);
  a.self = self.ptr;
  a.out = out.ptr;
  a.rows = self.shape[row];
  a.columns = self.shape[column];
  a.self_row = self.stride[row];
  a.self_column = self.stride[column];
  a.out_row = out.stride[row];
  a.out_column = out.stride[column];
  for (int d = 0; d < row; ++d) a.batch.add(self.shape[d], {self.stride[d], out.stride[d]});
  a.batch.coalesce();
  a.diagonal = diagonal;
  a.upper = upper;
  triangle(a, PoolExec(l));
  return {};
}

// `counts` for the last dimensions of out; self has the last of those.
Result<void> repeat_by(const sdk::Launch& l, const std::int64_t* counts, std::int64_t n) {
  const fg_tensor &out = l.out(), &self = l.in();
  Space s;
  for (int d = 0; d < out.ndim; ++d) {
    const int own = d - (out.ndim - self.ndim);
    const std::int64_t k = d - (out.ndim - n), length = own < 0 ? 1 : self.shape[own];
    s.add(k < 0 ? 1 : counts[k], {0, length * out.stride[d]});
    s.add(length, {own < 0 ? 0 : self.stride[own], out.stride[d]});
  }
  s.coalesce();
  copy_elements(self.ptr, out.ptr, s, element_bytes(out), PoolExec(l));
  return {};
}

// A number as the bits of an element, by way of the type that programs compute in.
std::uint64_t bits_of(const fg_scalar& number, fg_dtype dtype) {
  std::uint64_t bits = 0;
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    constexpr bool kNarrow = std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) < 4;
    using C = std::conditional_t<kIsSmallFloat<T>, float, std::conditional_t<kNarrow, std::int32_t, T>>;
    const T value = convert_value<T>(scalar_as<C>(number));
    std::memcpy(&bits, &value, sizeof(T));
  });
  return bits;
}

// One line of all elements, where either tensor is not dense: element by element.
void roll_line(const sdk::Launch& l, std::int64_t shift) {
  const fg_tensor &out = l.out(), &self = l.in();
  Space s;
  for (int d = 0; d < out.ndim; ++d) s.add(self.shape[d], {self.stride[d], out.stride[d]});
  const std::int64_t n = s.count();
  with_bytes(element_bytes(out), [&]<class T>(T) {
    PoolExec(l).ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t from = i < shift ? i - shift + n : i - shift;
        static_cast<T*>(out.ptr)[s.offsets(i)[1]] = static_cast<const T*>(self.ptr)[s.offsets(from)[0]];
      }
    });
  });
}

std::int64_t modulo(std::int64_t by, std::int64_t n) { return n == 0 ? 0 : (by % n + n) % n; }

}  // namespace

Result<void> flip(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in();
  const auto& p = l.params<fg_flip_params>();
  std::array<bool, FG_MAX_NDIM> turned{};
  for (std::int64_t k = 0; k < p.n_dims; ++k) turned[static_cast<std::size_t>(p.dims[k])] = true;
  const auto* from = static_cast<const std::byte*>(self.ptr);
  Space s;
  for (int d = 0; d < self.ndim; ++d) {
    const bool turn = turned[static_cast<std::size_t>(d)];
    if (turn) from += (self.shape[d] - 1) * self.stride[d] * element_bytes(self);
    s.add(self.shape[d], {turn ? -self.stride[d] : self.stride[d], out.stride[d]});
  }
  s.coalesce();
  copy_elements(from, out.ptr, s, element_bytes(out), PoolExec(l));
  return {};
}

Result<void> roll(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in();
  const auto& p = l.params<fg_roll_params>();
  RollArgs a;
  a.element_bytes = element_bytes(out);
  a.self = self.ptr;
  a.out = out.ptr;
  if (p.n_dims == 0) {
    const std::int64_t n = sdk::numel(self), by = modulo(p.shifts[0], n);
    if (!sdk::is_dense(self) || !sdk::is_dense(out)) {
      roll_line(l, by);
      return {};
    }
    a.ndim = 1;
    a.size[0] = n;
    a.self_stride[0] = a.out_stride[0] = 1;
    a.by[0] = by;
    cpu::roll(a, PoolExec(l));
    return {};
  }
  a.ndim = self.ndim;
  for (int d = 0; d < self.ndim; ++d) {
    const auto i = static_cast<std::size_t>(d);
    a.size[i] = self.shape[d];
    a.self_stride[i] = self.stride[d];
    a.out_stride[i] = out.stride[d];
  }
  for (std::int64_t k = 0; k < p.n_dims && self.ndim > 0; ++k)
    a.by[static_cast<std::size_t>(p.dims[k])] = modulo(p.shifts[k], self.shape[p.dims[k]]);
  cpu::roll(a, PoolExec(l));
  return {};
}

Result<void> repeat(const sdk::Launch& l) {
  const auto& p = l.params<fg_repeat_params>();
  return repeat_by(l, p.repeats, p.n_repeats);
}

Result<void> tile(const sdk::Launch& l) {
  const auto& p = l.params<fg_tile_params>();
  return repeat_by(l, p.dims, p.n_dims);
}

Result<void> repeat_interleave(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in();
  const auto& p = l.params<fg_repeat_interleave_params>();
  Space s;
  if (p.has_dim != 0 && self.ndim > 0) {
    for (int d = 0; d < self.ndim; ++d) {
      s.add(self.shape[d], {self.stride[d], out.stride[d] * (d == p.dim ? p.repeats : 1)});
      if (d == p.dim) s.add(p.repeats, {0, out.stride[d]});
    }
  } else {
    std::int64_t after = sdk::numel(self);  // Elements of self from one index of dimension d to the next.
    for (int d = 0; d < self.ndim; ++d) {
      after /= self.shape[d];
      s.add(self.shape[d], {self.stride[d], after * p.repeats * out.stride[0]});
    }
    s.add(p.repeats, {0, out.stride[0]});
  }
  s.coalesce();
  copy_elements(self.ptr, out.ptr, s, element_bytes(out), PoolExec(l));
  return {};
}

Result<void> constant_pad_nd(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in();
  const auto& p = l.params<fg_constant_pad_nd_params>();
  PadArgs a;
  a.element_bytes = element_bytes(out);
  a.self = self.ptr;
  a.out = out.ptr;
  a.value = bits_of(p.value, out.dtype);
  a.ndim = out.ndim;
  for (int d = 0; d < out.ndim; ++d) {
    const auto i = static_cast<std::size_t>(d);
    const std::int64_t k = out.ndim - 1 - d;
    a.size[i] = out.shape[d];
    a.self_size[i] = self.shape[d];
    a.before[i] = 2 * k < p.n_pad ? p.pad[2 * k] : 0;
    a.self_stride[i] = self.stride[d];
    a.out_stride[i] = out.stride[d];
  }
  pad(a, PoolExec(l));
  return {};
}

Result<void> tril_indices(const sdk::Launch& l) {
  const auto& p = l.params<fg_tril_indices_params>();
  const fg_tensor& out = l.out();
  triangle_indices({p.row, p.col, p.offset, false, static_cast<std::int64_t*>(out.ptr), out.stride[0], out.stride[1]},
                   PoolExec(l));
  return {};
}

Result<void> triu_indices(const sdk::Launch& l) {
  const auto& p = l.params<fg_triu_indices_params>();
  const fg_tensor& out = l.out();
  triangle_indices({p.row, p.col, p.offset, true, static_cast<std::int64_t*>(out.ptr), out.stride[0], out.stride[1]},
                   PoolExec(l));
  return {};
}

Result<void> tril(const sdk::Launch& l) { return run_triangle(l, l.params<fg_tril_params>().diagonal, false); }
Result<void> triu(const sdk::Launch& l) { return run_triangle(l, l.params<fg_triu_params>().diagonal, true); }

}  // namespace fg::cpu::entry
