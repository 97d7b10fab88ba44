// SPDX-License-Identifier: Apache-2.0
//
// sort, topk.

#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/sorting.hpp"

namespace fg::gpu {
namespace {

// The lines of self along `dim`, values and indices being the outputs.
Sorting lines_of(const sdk::Launch& l, std::int64_t dim) {
  const fg_tensor &self = l.in(), &values = l.out(0), &indices = l.out(1);
  Sorting s;
  s.length = self.ndim == 0 ? 1 : self.shape[dim];
  for (int d = 0; d < self.ndim; ++d) {
    if (d == dim) continue;
    s.lines *= self.shape[d];
    if (d > dim) s.inner *= self.shape[d];
  }
  s.keep = s.length;
  s.dtype = self.dtype;
  s.x = ref(self);
  s.values = ref(values);
  s.places = ref(indices);
  return s;
}

Sorting sort_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_sort_params>();
  Sorting s = lines_of(l, p.dim);
  s.descending = p.descending != 0;
  return s;
}
Sorting topk_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_topk_params>();
  Sorting s = lines_of(l, p.dim);
  s.keep = p.k;
  s.descending = p.largest != 0;
  return s;
}

Result<void> sort(const Prepared& k, const sdk::Launch& l) { return sort_lines(k, l, sort_of(l)); }
Result<std::uint64_t> sort_workspace(const Prepared&, const sdk::Launch& l) { return sorting_bytes(sort_of(l)); }
Result<void> topk(const Prepared& k, const sdk::Launch& l) { return sort_lines(k, l, topk_of(l)); }
Result<std::uint64_t> topk_workspace(const Prepared&, const sdk::Launch& l) { return sorting_bytes(topk_of(l)); }

FG_GPU_ROWS(SORT);
FG_GPU_ROWS(TOPK);

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(SORT), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<sort, sort_workspace>},
    {FG_GPU_ENTRY(TOPK), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<topk, topk_workspace>},
};

}  // namespace

std::span<const sdk::KernelEntry> sort_entries() { return kEntries; }

}  // namespace fg::gpu
