// SPDX-License-Identifier: Apache-2.0
//
// Moving elements by position: embedding, gather, cat.  Elements are bytes here; no dtype matters.

#ifndef FG_PLUGINS_CPU_KERNELS_INDEX_HPP_
#define FG_PLUGINS_CPU_KERNELS_INDEX_HPP_

#include <optional>

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

// Indices of i32 or i64 over a space, tensor `tensor` of it.
struct Indices {
  const void* data = nullptr;
  std::int64_t bytes = 8;
  std::int64_t read(std::int64_t offset) const {
    return bytes == 8 ? static_cast<const std::int64_t*>(data)[offset] : static_cast<const std::int32_t*>(data)[offset];
  }
  // f(the data as what it is)
  template <class F>
  auto with_type(F&& f) const {
    return bytes == 8 ? f(static_cast<const std::int64_t*>(data)) : f(static_cast<const std::int32_t*>(data));
  }
};

struct BadIndex {
  std::int64_t position;  // Row-major, of the first index out of range.
  std::int64_t value;
};

// The first index outside of [lowest, bound), if any.
std::optional<BadIndex> find_bad_index(const Indices& indices, const Space& space, std::size_t tensor,
                                       std::int64_t lowest, std::int64_t bound, const Exec& exec);

// out[i][:] = weight[indices[i]][:].  The indices are in range.
struct EmbeddingArgs {
  std::int64_t element_bytes = 4;
  const void* weight = nullptr;
  std::int64_t weight_row = 0, weight_col = 0;  // Strides.
  std::int64_t width = 0;
  Indices indices;
  void* out = nullptr;
  std::int64_t out_col = 0;
  Space space;  // Of the indices: tensor 0 indices, 1 out (its leading dimensions).
};
void embedding(const EmbeddingArgs& args, const Exec& exec);

// out[p] = self[p with the index at p in the gathered dimension].  The indices are in range.
struct GatherArgs {
  std::int64_t element_bytes = 4;
  const void* self = nullptr;
  Indices indices;
  void* out = nullptr;
  std::int64_t self_dim = 0;  // Stride of self in the gathered dimension.
  Space space;                // Of the index: tensor 0 index, 1 out, 2 self with stride 0 in the gathered dimension.
};
void gather_elements(const GatherArgs& args, const Exec& exec);

// Slice i of out is slice indices[i] of self.  The indices are in range.
struct SelectArgs {
  std::int64_t element_bytes = 4;
  const void* self = nullptr;
  Indices indices;
  void* out = nullptr;
  std::int64_t count = 0;  // Indices.
  std::int64_t index_step = 0, self_step = 0, out_step = 0;
  Space outer, slice;  // Dimensions before and after the selected one: tensor 0 self, 1 out.
};
void index_select(const SelectArgs& args, const Exec& exec);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_INDEX_HPP_
