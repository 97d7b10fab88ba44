// SPDX-License-Identifier: Apache-2.0
//
// NumPy's .npy files, format versions 1 to 3: little-endian numbers and bool, either order.

#ifndef FG_CORE_TENSOR_NPY_HPP_
#define FG_CORE_TENSOR_NPY_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/tensor/tensor.hpp"

namespace fg::core {

struct NpyHeader {
  fg_dtype dtype = 0;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::uint64_t data_offset = 0;  // Bytes, from the start of the file.
};

// Reads the header of a whole file in memory and checks it against the file's length.  Structured,
// object, string, complex, unsigned 16 to 64 bit and big-endian types are FG_E_UNSUPPORTED.
Result<NpyHeader> parse_npy(std::span<const std::byte> file);

// A tensor of the file's shape, over the mapped file where the device allows it; Fortran order
// becomes strides.  [any-thread]
Result<Tensor> load_npy(const std::string& path, Device* device);

// Row-major, version 1; replaces `path` only when the file is complete.  FG_E_UNSUPPORTED for bf16
// and f8, which NumPy has not.  [any-thread]
Result<void> save_npy(const std::string& path, const Tensor& t);

}  // namespace fg::core

#endif  // FG_CORE_TENSOR_NPY_HPP_
