// SPDX-License-Identifier: Apache-2.0
//
// Launches in which each work-item has elements of its own, the same ones of every tensor that it writes: what two of
// them must have in common so that one work-item can do the work of both, one after the other.

#ifndef FG_PLUGINS_GPU_ITEMWISE_HPP_
#define FG_PLUGINS_GPU_ITEMWISE_HPP_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fg/abi/kernel.h"

namespace fg::gpu {

// Where a launch's elements lie in one of its buffers.
struct ItemPlace {
  const fg_buffer* buffer = nullptr;
  fg_dtype dtype = 0;
  bool written = false;
  std::uint64_t first = 0;           // The byte of element 0.
  std::uint64_t begin = 0, end = 0;  // All elements lie between.
  struct Dim {
    std::int64_t size, stride;
    bool operator==(const Dim& o) const { return size == o.size && stride == o.stride; }
  };
  std::vector<Dim> layout;  // From the element's number to its place; neighbours that can be are one.
};

// Element e is the work of the same work-item in all launches that are equal in this, of as many groups of one size.
struct ItemOrder {
  std::int64_t count = 0;   // Elements.
  std::int64_t each = 1;    // Of a piece.
  std::int64_t pieces = 1;  // Of a work-item; its neighbours in the group have those between.
  bool operator==(const ItemOrder& o) const { return count == o.count && each == o.each && pieces == o.pieces; }
};

struct ItemWise {
  ItemOrder order;
  std::vector<ItemPlace> places;  // As Dispatch::buffers.
};

// Of tensors in one space, row-major, the first `n_out` of them written.  None where an element is written twice.
std::optional<ItemWise> itemwise(std::span<const fg_tensor> t, std::size_t n_out, const ItemOrder& order);

// Whether a work-item may do its part of `next` as soon as it has done that of `before`: what one of the two writes,
// the other leaves alone or uses for the same elements.
bool may_follow(const ItemWise& before, const ItemWise& next);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ITEMWISE_HPP_
