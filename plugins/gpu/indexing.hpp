// SPDX-License-Identifier: Apache-2.0
//
// Reading by position, and writing one slice.  Indices lie in memory that the host does not see: one outside of its
// dimension reads zeros and writes nothing.

#ifndef FG_PLUGINS_GPU_INDEXING_HPP_
#define FG_PLUGINS_GPU_INDEXING_HPP_

#include "plugins/gpu/named.hpp"

namespace fg::gpu {

// out[o, i, :] = self[o, index[i], :]; with `wraps` a negative index counts from the end.
struct TakeRows {
  std::int64_t outer = 1, bound = 1, width = 1;  // Lengths of self.
  bool wraps = false;
};
Result<void> take_rows(const Prepared& k, const sdk::Launch& l, const fg_tensor& index, const TakeRows& t);
// out[o, index[0], :] = source[o, 0, :], `index` being one number.
Result<void> put_slice(const Prepared& k, const sdk::Launch& l, const fg_tensor& index, const fg_tensor& source,
                       const TakeRows& t);
// The lengths before, along and after dimension dim.
TakeRows rows_along(const fg_tensor& self, std::int64_t dim);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_INDEXING_HPP_
