// SPDX-License-Identifier: Apache-2.0
//
// Do elements of views share memory?  What dispatch needs to accept, refuse or copy an output.

#ifndef FG_CORE_TENSOR_OVERLAP_HPP_
#define FG_CORE_TENSOR_OVERLAP_HPP_

#include <cstdint>

#include "core/tensor/tensor.hpp"

namespace fg::core {

enum class Overlap : std::uint8_t { no, yes, too_hard };

// Do two indices of `t` name one element?  A stride of 0 is `yes`; strides that do not nest are
// `too_hard`.
Overlap internal_overlap(const Tensor& t);

// How two tensors share memory.  `full`: the same elements under the same indices, so an
// elementwise kernel may write one while it reads the other.  `none` is certain; `partial` is
// anything else inside one storage, exact where it is cheap, else by extent.
enum class Sharing : std::uint8_t { none, full, partial };
Sharing sharing(const Tensor& a, const Tensor& b);

}  // namespace fg::core

#endif  // FG_CORE_TENSOR_OVERLAP_HPP_
