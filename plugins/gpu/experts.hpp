// SPDX-License-Identifier: Apache-2.0
//
// What experts make of tokens: pair by pair where a token or a few choose among many (experts.cpp), else by tiles of
// pairs that name the same expert, so that its weights are read once for them (expert_groups.cpp).  Which pairs these
// are is counted on the device: nobody waits for it.

#ifndef FG_PLUGINS_GPU_EXPERTS_HPP_
#define FG_PLUGINS_GPU_EXPERTS_HPP_

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/named.hpp"
#include "plugins/gpu/reading.hpp"

namespace fg::gpu {

// Places in the workspace, one after the other.
class Places {
 public:
  explicit Places(const sdk::Launch& l) : launch_(l) {}
  BufferRef take(std::int64_t bytes) {
    const BufferRef at = workspace_at(launch_, bytes_);
    bytes_ += groups_for(static_cast<std::uint64_t>(bytes), kWorkspaceAlign) * kWorkspaceAlign;
    return at;
  }
  std::uint64_t bytes() const { return bytes_ + kWorkspaceAlign; }

 private:
  const sdk::Launch& launch_;
  std::uint64_t bytes_ = 0;
};

// fused_experts.
struct Experts {
  const fg_tensor &out, &x, &w1, &w2, &weights, &ids;
  std::int64_t tokens, channels, experts, middle, choices;
  bool wide;

  explicit Experts(const sdk::Launch& l)
      : out(l.out()),
        x(l.in(0)),
        w1(l.in(1)),
        w2(l.in(2)),
        weights(l.in(3)),
        ids(l.in(4)),
        tokens(x.shape[0]),
        channels(x.shape[1]),
        experts(w1.shape[0]),
        middle(w2.shape[2]),
        choices(ids.shape[1]),
        wide(!fits_index32(l) || tokens * choices * middle >= std::int64_t{1} << 31) {}
  std::int64_t pairs() const { return tokens * choices; }
  std::int64_t between() const { return pairs() * middle * dtype_bytes(sum_dtype(x.dtype)); }
};

// Rows along which sums run, one after the other.
inline Reading read_rows(const fg_tensor& t, std::int64_t length) {
  return reading_of({ref(t), length == 0 ? 0 : sdk::numel(t) / length, length, length, 1, 0}, t.dtype);
}

// Whether pairs are many enough for each expert.
bool by_groups(const Experts& e, const Features& features);
Result<void> experts_by_groups(const Prepared& k, const sdk::Launch& l, const Experts& e);
std::uint64_t experts_by_groups_workspace(const sdk::Launch& l, const Experts& e);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_EXPERTS_HPP_
