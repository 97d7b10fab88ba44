// SPDX-License-Identifier: Apache-2.0
//
// Whether two views share a byte is a bounded linear equation over their indices.  Views made by
// slicing, transposing and reshaping have nested strides, for which the search below has one or two
// branches a dimension; it gives up after kBudget steps.

#include "core/tensor/overlap.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace fg::core {
namespace {

constexpr int kBudget = 512;

// Multiples 0 .. count of a positive step.
struct Term {
  std::int64_t step;
  std::int64_t count;
};

struct Terms {
  Term term[2 * FG_MAX_NDIM];
  int n = 0;

  void add(std::int64_t step, std::int64_t count) {
    for (int i = 0; i < n; ++i) {
      if (term[i].step == step) {
        term[i].count += count;
        return;
      }
    }
    term[n++] = {step, count};
  }
};

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - static_cast<std::int64_t>(a % b < 0);
}
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return -floor_div(-a, b); }

// Can the terms i.. add up to something in [lo, hi]?  `rest` is the greatest sum they reach.
Overlap reaches(const Terms& t, int i, std::int64_t lo, std::int64_t hi, std::int64_t rest, int& budget) {
  if (hi < 0 || lo > rest) return Overlap::no;
  if (lo <= 0) return Overlap::yes;  // All indices 0.
  if (i == t.n) return Overlap::no;
  if (--budget < 0) return Overlap::too_hard;
  const Term& term = t.term[i];
  rest -= term.step * term.count;
  const std::int64_t first = std::max<std::int64_t>(0, ceil_div(lo - rest, term.step));
  const std::int64_t last = std::min(term.count, floor_div(hi, term.step));
  for (std::int64_t k = first; k <= last; ++k) {
    const Overlap o = reaches(t, i + 1, lo - k * term.step, hi - k * term.step, rest, budget);
    if (o != Overlap::no) return o;
  }
  return Overlap::no;
}

// Where element 0 lies, comparable between tensors that may share memory.
std::int64_t position(const Tensor& t) {
  return static_cast<std::int64_t>(t->desc.ptr != nullptr ? reinterpret_cast<std::uintptr_t>(t->desc.ptr)
                                                          : std::uintptr_t{t->desc.byte_offset});
}

bool same_memory(const Tensor& a, const Tensor& b) {
  if (a.device() != b.device()) return false;
  // Two imports of one foreign array are two storages: addresses decide where there are any.
  return (a->desc.ptr != nullptr && b->desc.ptr != nullptr) || a->desc.buffer == b->desc.buffer;
}

bool identical(const Tensor& a, const Tensor& b) {
  if (position(a) != position(b) || dtype_bytes(a.dtype()) != dtype_bytes(b.dtype()) || a.ndim() != b.ndim()) {
    return false;
  }
  for (int i = 0; i < a.ndim(); ++i) {
    if (a->shape[i] != b->shape[i] || (a->shape[i] > 1 && a->stride[i] != b->stride[i])) return false;
  }
  return true;
}

}  // namespace

Overlap internal_overlap(const Tensor& t) {
  if (t.dense() || t.numel() <= 1) return Overlap::no;
  std::pair<std::int64_t, std::int64_t> dims[FG_MAX_NDIM];  // |stride|, size
  int n = 0;
  for (int i = 0; i < t.ndim(); ++i) {
    if (t->shape[i] == 1) continue;
    if (t->stride[i] == 0) return Overlap::yes;
    dims[n++] = {std::abs(t->stride[i]), t->shape[i]};
  }
  std::sort(dims, dims + n);
  std::int64_t covered = 0;  // Greatest distance within the smaller dimensions.
  for (int i = 0; i < n; ++i) {
    if (dims[i].first <= covered) return Overlap::too_hard;
    covered += dims[i].first * (dims[i].second - 1);
  }
  return Overlap::no;
}

Sharing sharing(const Tensor& a, const Tensor& b) {
  if (a.numel() == 0 || b.numel() == 0 || !same_memory(a, b)) return Sharing::none;
  if (identical(a, b)) return Sharing::full;
  const std::int64_t size_a = dtype_bytes(a.dtype());
  const std::int64_t size_b = dtype_bytes(b.dtype());
  // Element starts x of a and y of b share a byte when -size_a < x - y < size_b.  Every dimension is
  // written as a positive multiple: a negative one is counted from its other end.
  std::int64_t shift = position(a) - position(b);
  Terms terms;
  const auto add = [&](std::int64_t step, std::int64_t count) {
    if (step == 0 || count == 0) return;
    if (step < 0) shift += step * count;
    terms.add(std::abs(step), count);
  };
  for (int i = 0; i < a.ndim(); ++i) add(a->stride[i] * size_a, a->shape[i] - 1);
  for (int i = 0; i < b.ndim(); ++i) add(-b->stride[i] * size_b, b->shape[i] - 1);
  std::sort(terms.term, terms.term + terms.n, [](const Term& x, const Term& y) { return x.step > y.step; });
  std::int64_t reach = 0;
  for (int i = 0; i < terms.n; ++i) reach += terms.term[i].step * terms.term[i].count;
  int budget = kBudget;
  const Overlap o = reaches(terms, 0, 1 - size_a - shift, size_b - 1 - shift, reach, budget);
  return o == Overlap::no ? Sharing::none : Sharing::partial;
}

}  // namespace fg::core
