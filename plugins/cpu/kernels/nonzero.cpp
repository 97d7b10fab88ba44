// SPDX-License-Identifier: Apache-2.0
//
// Two passes: parts of the tensor are counted, then each part writes behind those before it.

#include "plugins/cpu/kernels/nonzero.hpp"

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/parts.hpp"

namespace fg::cpu {
namespace {

std::int64_t count_of(const NonzeroArgs& a) {
  std::int64_t n = 1;
  for (int d = 0; d < a.ndim; ++d) n *= a.size[d];
  return n;
}

// A run along the last dimension: elements [along, stop) of the line at `index`.
struct Run {
  std::array<std::int64_t, FG_MAX_NDIM> index{};
  std::int64_t offset = 0;  // Of element 0 of the line.
  std::int64_t along = 0, stop = 0;
};

// Calls f(run) for the runs that make up [begin, end).
template <class F>
void each_run(const NonzeroArgs& a, std::int64_t begin, std::int64_t end, F&& f) {
  Run r;
  const int last = a.ndim - 1;
  if (last < 0) {
    r.stop = end - begin;
    return f(r);
  }
  std::int64_t rest = begin;
  for (int d = last; d >= 0; --d) {
    r.index[static_cast<std::size_t>(d)] = rest % a.size[d];
    if (d < last) r.offset += rest % a.size[d] * a.stride[d];
    rest /= a.size[d];
  }
  r.along = r.index[static_cast<std::size_t>(last)];
  for (std::int64_t i = begin; i < end;) {
    r.stop = std::min(a.size[last], r.along + end - i);
    i += r.stop - r.along;
    f(r);
    r.along = 0;
    for (int d = last - 1; d >= 0; --d) {
      std::int64_t& k = r.index[static_cast<std::size_t>(d)];
      r.offset += a.stride[d];
      if (++k < a.size[d]) break;
      r.offset -= k * a.stride[d];
      k = 0;
    }
  }
}

// Zero of either sign is zero, NaN is not: for floats all bits but the sign's.
template <class T>
std::int64_t count_set(const T* self, std::int64_t step, std::int64_t n, T mask) {
  constexpr std::int64_t kBlock = 240;  // Counts of a block fit T, so that lanes are as narrow as elements.
  std::int64_t found = 0;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = std::min(n, begin + kBlock);
    T some = 0;
    if (step == 1) {
      for (std::int64_t i = begin; i < end; ++i) some = static_cast<T>(some + static_cast<T>((self[i] & mask) != 0));
    } else {
      for (std::int64_t i = begin; i < end; ++i)
        some = static_cast<T>(some + static_cast<T>((self[i * step] & mask) != 0));
    }
    found += static_cast<std::int64_t>(some);
  }
  return found;
}

// Rows of RANK dense numbers: each is stored, and the place moves on where the element is set, so that
// random elements cost no mispredicted branches.  Rows [k, stop) are free.
template <int RANK, class T>
std::int64_t write_dense(const T* self, std::int64_t step, const Run& r, T mask, std::int64_t* out, std::int64_t k,
                         std::int64_t stop) {
  for (std::int64_t i = r.along; i < r.stop && k < stop; ++i) {
    std::int64_t* row = out + k * RANK;
    for (int d = 0; d < RANK - 1; ++d) row[d] = r.index[static_cast<std::size_t>(d)];
    row[RANK - 1] = i;
    k += static_cast<std::int64_t>((self[i * step] & mask) != 0);
  }
  return k;
}

template <class T>
std::int64_t write_any(const NonzeroArgs& a, const T* self, std::int64_t step, const Run& r, T mask, std::int64_t k) {
  for (std::int64_t i = r.along; i < r.stop; ++i) {
    if ((self[i * step] & mask) == 0) continue;
    std::int64_t* row = a.out + k++ * a.out_row;
    for (int d = 0; d < a.ndim; ++d) row[d * a.out_col] = d == a.ndim - 1 ? i : r.index[static_cast<std::size_t>(d)];
  }
  return k;
}

}  // namespace

std::size_t nonzero_workspace(const NonzeroArgs&) { return kPartsWorkspace; }

std::int64_t nonzero(const NonzeroArgs& a, const Exec& exec, void* ws) {
  const std::int64_t n = count_of(a);
  if (n == 0) return 0;
  const std::int64_t step = a.ndim == 0 ? 0 : a.stride[a.ndim - 1];
  const bool dense = a.out_col == 1 && a.out_row == a.ndim;
  Parts parts(n, ws);
  std::int64_t total = 0;
  with_bytes(dtype_bytes(a.dtype), [&]<class T>(T) {
    const T mask = is_float(a.dtype) ? static_cast<T>(static_cast<T>(~T{0}) >> 1) : static_cast<T>(~T{0});
    const T* self = static_cast<const T*>(a.self);
    total = parts.count(exec, [&](std::int64_t begin, std::int64_t end) {
      std::int64_t found = 0;
      each_run(a, begin, end, [&](const Run& r) {
        found += count_set(self + r.offset + r.along * step, step, r.stop - r.along, mask);
      });
      return found;
    });
    parts.write(exec, [&](std::int64_t begin, std::int64_t end, std::int64_t k, std::int64_t stop) {
      each_run(a, begin, end, [&](const Run& r) {
        const T* line = self + r.offset;
        if (dense && a.ndim == 1) {
          k = write_dense<1>(line, step, r, mask, a.out, k, stop);
        } else if (dense && a.ndim == 2) {
          k = write_dense<2>(line, step, r, mask, a.out, k, stop);
        } else if (dense && a.ndim == 3) {
          k = write_dense<3>(line, step, r, mask, a.out, k, stop);
        } else {
          k = write_any(a, line, step, r, mask, k);
        }
      });
    });
  });
  return total;
}

}  // namespace fg::cpu
