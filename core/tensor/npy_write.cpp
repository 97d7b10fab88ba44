// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/memory/file.hpp"
#include "core/tensor/npy.hpp"
#include "core/tensor/npy_dtype.hpp"

namespace fg::core {

Result<void> save_npy(const std::string& path, const Tensor& t) {
  const auto type = std::ranges::find(kNpyDtypes, t.dtype(), &NpyDtype::dtype);
  if (type == kNpyDtypes.end()) {
    return unsupported(fmt::format("npy: NumPy has no {}", dtype_name(t.dtype())), FG_R_DTYPE);
  }
  std::string shape = "(";
  for (const std::int64_t n : t.shape()) shape += std::to_string(n) + ", ";
  if (t.ndim() > 0) shape.resize(shape.size() - (t.ndim() == 1 ? 1 : 2));  // "(3,)", "(3, 4)"
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}), }}", type->descr, shape);
  constexpr std::size_t kPrefix = 10;
  const std::size_t total = (kPrefix + dict.size() + 1 + 63) / 64 * 64;  // The data begins at a multiple of 64.
  dict.resize(total - kPrefix - 1, ' ');
  dict += '\n';
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(dict.size() & 0xFFu);
  head += static_cast<char>(dict.size() >> 8);
  head += dict;
  std::vector<std::byte> data(static_cast<std::size_t>(t.numel() * dtype_bytes(t.dtype())));
  FG_TRY(copy_to_host(t, data));
  FG_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  FG_TRY(file.write(std::as_bytes(std::span(head))));
  FG_TRY(file.write(data));
  return file.commit();
}

}  // namespace fg::core
