// SPDX-License-Identifier: Apache-2.0
//
// Other memory behind captured tensors.

#include <fmt/format.h>

#include <algorithm>

#include "core/dispatch/graph.hpp"
#include "core/dispatch/iteration.hpp"
#include "core/tensor/overlap.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {

struct Graph::Move {
  std::size_t launch, tensor;
  Tensor to;
};

namespace {

Result<void> check_alike(const Device& device, const Tensor& captured, const Tensor& to) {
  const auto differs = [](std::string_view what, const std::string& has, const std::string& wanted) {
    return invalid(fmt::format("rebind: the new tensor has {} {}, the captured one {}", what, has, wanted), FG_R_SHAPE,
                   1);
  };
  if (to.device() != &device) return differs("device", to.device()->name, device.name);
  if (to.dtype() != captured.dtype())
    return differs("dtype", std::string(dtype_name(to.dtype())), std::string(dtype_name(captured.dtype())));
  const auto same = [](std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  };
  if (!same(to.shape(), captured.shape()))
    return differs("shape", shape_text(to.shape()), shape_text(captured.shape()));
  if (!same(to.stride(), captured.stride()))
    return differs("strides", shape_text(to.stride()), shape_text(captured.stride()));
  return {};
}

bool aligned(const Tensor& t) { return (descriptor_class(t->desc) & kAligned16) != 0; }

// `view`, which lies inside `from`, at the same place inside `to`.
Result<Tensor> carry_over(const Tensor& view, const Tensor& from, const Tensor& to, std::string_view op) {
  const std::uint64_t offset = storage_offset_bytes(view) - byte_extent(from).lo + byte_extent(to).lo;
  FG_TRY_ASSIGN(Tensor moved,
                make_tensor(StorageRef::share(to.storage()), view.dtype(), view.shape(), view.stride(), offset));
  if (aligned(view) && !aligned(moved)) {
    return invalid(fmt::format("rebind: {} was captured with memory aligned to 16 bytes, the new tensor is not", op),
                   FG_R_ALIGNMENT, 1);
  }
  return moved;
}

}  // namespace

Result<std::vector<Graph::Move>> Graph::moves(const Tensor& captured, const Tensor& to) const {
  std::vector<Move> found;
  const ByteExtent whole = byte_extent(captured);
  for (std::size_t i = 0; i < launches_.size(); ++i) {
    for (std::size_t k = 0; k < captured_[i].size(); ++k) {
      const Tensor& view = captured_[i][k];
      if (!view || view.storage() != captured.storage() || view.numel() == 0) continue;
      const ByteExtent part = byte_extent(view);
      if (part.hi <= whole.lo || whole.hi <= part.lo) continue;
      if (part.lo < whole.lo || whole.hi < part.hi) {
        return invalid(fmt::format("rebind: {} uses memory around the captured tensor: bytes {} to {}, it has {} to {}",
                                   launches_[i].op, part.lo, part.hi, whole.lo, whole.hi),
                       FG_R_BOUNDS, 0);
      }
      if (k < launches_[i].call.n_out && to.read_only()) {
        return invalid(fmt::format("rebind: {} writes the captured tensor, the new one is read-only", launches_[i].op),
                       FG_R_ALIAS, 1);
      }
      FG_TRY_ASSIGN(Tensor moved, carry_over(view, captured, to, launches_[i].op));
      found.push_back({i, k, std::move(moved)});
    }
  }
  if (found.empty()) return invalid("rebind: no captured launch uses this tensor", FG_R_PARAMETER, 0);
  return found;
}

// Dispatch copied what a launch may not share; memory that begins to be shared now was not looked at.
Result<void> Graph::check_aliases(const std::vector<Move>& moves) const {
  for (std::size_t at = 0; at < moves.size();) {
    const std::size_t i = moves[at].launch;
    std::vector<Tensor> after = launches_[i].tensors;
    for (; at < moves.size() && moves[at].launch == i; ++at) after[moves[at].tensor] = moves[at].to;
    for (std::size_t out = 0; out < launches_[i].call.n_out; ++out) {
      for (std::size_t k = 0; k < after.size(); ++k) {
        if (k == out || !after[out] || !after[k]) continue;
        if (sharing(after[out], after[k]) == sharing(captured_[i][out], captured_[i][k])) continue;
        return invalid(fmt::format("rebind: {} would write memory of its other tensors, which it did not when captured",
                                   launches_[i].op),
                       FG_R_ALIAS, 1);
      }
    }
  }
  return {};
}

void Graph::commit(std::vector<Move> moves) {
  for (Move& m : moves) {
    RecordedLaunch& r = launches_[m.launch];
    fg_tensor& d = r.t[m.tensor];
    d.buffer = m.to->desc.buffer;
    d.byte_offset = m.to->desc.byte_offset;
    d.ptr = m.to->desc.ptr;
    if (graph_ != nullptr) {
      const auto node = static_cast<std::uint32_t>(m.launch);
      const auto tensor = static_cast<std::uint32_t>(m.tensor);
      std::erase_if(rebinds_, [&](const fg_rebind& b) { return b.node == node && b.tensor == tensor; });
      rebinds_.push_back({node, tensor, d.buffer, d.ptr, d.byte_offset});
    }
    // The descriptor's shape and strides stay those of the captured view, which captured_ holds.
    r.tensors[m.tensor] = std::move(m.to);
  }
  collect_storages();
}

Result<void> Graph::rebind(const Tensor& captured, const Tensor& to) {
  FG_TRY(check_alike(*device_, captured, to));
  const std::lock_guard lock(mutex_);
  FG_TRY_ASSIGN(std::vector<Move> list, moves(captured, to));
  FG_TRY(check_aliases(list));
  commit(std::move(list));
  return {};
}

}  // namespace fg::core
