// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/engine/engine.hpp"

#include <algorithm>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/engine/streaming.hpp"

namespace fg::cpu {
namespace {

// Of the elements, those that are repeated counted once.
std::int64_t memory_bytes(const fg_tensor& t) {
  std::int64_t n = dtype_bytes(t.dtype);
  for (int d = 0; d < t.ndim; ++d) n *= t.stride[d] == 0 ? std::min<std::int64_t>(t.shape[d], 1) : t.shape[d];
  return n;
}

}  // namespace

std::int64_t block_elements(std::size_t buffers) {
  constexpr std::int64_t kL1Bytes = 32 << 10, kMaxBlock = 1024;
  const std::int64_t fits = kL1Bytes / (8 * static_cast<std::int64_t>(std::max<std::size_t>(buffers, 1)));
  const std::int64_t limit =
      static_cast<std::int64_t>(kScratchBytes) / (8 * static_cast<std::int64_t>(std::max<std::size_t>(buffers, 1)));
  return std::max(kMinBlock, std::min({fits, limit, kMaxBlock}) / kMinBlock * kMinBlock);
}

std::int64_t piece_grain(std::int64_t cost, std::int64_t elements) {
  // Tenths of a nanosecond; below this, waking a thread costs more than it gains.
  constexpr std::int64_t kPieceCost = 80'000;
  return std::max<std::int64_t>(1, kPieceCost / (cost + 2) / elements);
}

std::int64_t block_grain(const Program& program, std::int64_t block) { return piece_grain(program.cost, block); }

bool should_stream(const fg_launch& l) {
  std::int64_t written = 0, read = 0;
  for (int j = 0; j < l.n_out; ++j) written += memory_bytes(l.t[j]);
  for (int k = l.n_out; k < l.n_out + l.n_in; ++k) read += memory_bytes(l.t[k]);
  if (!worth_streaming(written, read)) return false;
  for (int k = l.n_out; k < l.n_out + l.n_in; ++k) {
    for (int j = 0; j < l.n_out; ++j) {
      if (l.t[j].ptr == l.t[k].ptr) return false;
    }
  }
  return true;
}

std::vector<fg_dtype> dtypes_of(const fg_sig& sig, std::size_t first, std::size_t n) {
  std::vector<fg_dtype> d(n);
  for (std::size_t i = 0; i < n; ++i) d[i] = sig.t[first + i].dtype;
  return d;
}

Operand operand_of(const fg_tensor& t) {
  Operand o;
  o.base = static_cast<std::byte*>(t.ptr);
  o.element_bytes = static_cast<std::uint32_t>(dtype_bytes(t.dtype));
  for (int d = 0; d < t.ndim; ++d) o.stride[static_cast<std::size_t>(d)] = t.stride[d] * o.element_bytes;
  return o;
}

Operand index_operand(std::uint16_t dim) {
  Operand o;
  o.index = true;
  o.element_bytes = 8;
  o.stride[dim] = 1;
  return o;
}

}  // namespace fg::cpu
