// SPDX-License-Identifier: Apache-2.0
//
// A tensor over a range of a mapped file, shared by the file readers.

#ifndef FG_CORE_TENSOR_MAPPED_TENSOR_HPP_
#define FG_CORE_TENSOR_MAPPED_TENSOR_HPP_

#include <cstdint>
#include <memory>
#include <span>

#include "core/memory/file.hpp"
#include "core/tensor/tensor.hpp"

namespace fg::core {

// `bytes` lies inside `file` and holds numel * element bytes in the order that `stride` says.  The
// file stays mapped as long as the tensor needs it.  A copy where the device cannot borrow host
// memory or `bytes` is not aligned to its type.
Result<Tensor> mapped_tensor(Device* device, const std::shared_ptr<MappedFile>& file, std::span<std::byte> bytes,
                             fg_dtype dtype, std::span<const std::int64_t> shape, std::span<const std::int64_t> stride);

}  // namespace fg::core

#endif  // FG_CORE_TENSOR_MAPPED_TENSOR_HPP_
