// SPDX-License-Identifier: Apache-2.0
//
// Values that join what a place holds.  Where more than a value of the result's dtype must be kept meanwhile (sums of
// 16-bit floats, means, what self did not take part in) it stands in the workspace, one for each element of the result.

#ifndef FG_PLUGINS_GPU_JOIN_HPP_
#define FG_PLUGINS_GPU_JOIN_HPP_

#include <string>

#include "plugins/gpu/named.hpp"

namespace fg::gpu {

enum class Join : std::uint8_t { claim, assign, add, multiply, greatest, least };  // As kernels number them.

struct Joined {
  Join join = Join::assign;
  bool mean = false, include_self = true;

  bool counted() const { return mean || !include_self; }
  // Products of floats that leave the range on the way depend on their order, sums do not beyond their bound.
  bool ordered(fg_dtype dtype) const;
  bool separate(fg_dtype dtype) const;      // In the workspace, as state_of(dtype).
  fg_dtype state_of(fg_dtype dtype) const;  // Where it is joined.
};

// Where the parts of a launch's workspace lie.  Unused ones are empty.
struct JoinMemory {
  BufferRef state, counts;
  std::uint64_t bytes = 0;
};
// From `offset` of the workspace on, for `n` elements; without a launch only `bytes` are meant.
JoinMemory join_memory(const sdk::Launch& l, const Joined& j, std::uint64_t offset);

// Puts self (null: zeros), or the identity, where values will be joined: out or the workspace.
Result<void> begin_join(const Prepared& k, const sdk::Launch& l, const Joined& j, const JoinMemory& m,
                        const fg_tensor* self);
// Puts what was joined into out, where it is not there already.
Result<void> end_join(const Prepared& k, const sdk::Launch& l, const Joined& j, const JoinMemory& m,
                      const fg_tensor* self);
// out becomes self, or zeros.
Result<void> put_self(const Prepared& k, const sdk::Launch& l, const fg_tensor* self);
// Defines JOIN, NEEDS_ATOMIC64 and JOINED for values of `state` joined by `join`.
void define_join(Source& source, Join join, fg_dtype state);

// The i32 (or i64) of the greatest position that wrote to each of `places`: workspace and a fill with -1.
inline fg_dtype claim_dtype(std::int64_t positions) { return positions < std::int64_t{1} << 31 ? FG_I32 : FG_I64; }
Result<void> clear_claims(const sdk::Launch& l, const BufferRef& claims, fg_dtype dtype, std::int64_t places);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_JOIN_HPP_
