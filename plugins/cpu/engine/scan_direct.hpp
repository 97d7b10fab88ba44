// SPDX-License-Identifier: Apache-2.0
//
// Scans that read and write a tensor's own elements, converted in registers, without a block in
// between: prologue and epilogue are the element and the states themselves.

#ifndef FG_PLUGINS_CPU_ENGINE_SCAN_DIRECT_HPP_
#define FG_PLUGINS_CPU_ENGINE_SCAN_DIRECT_HPP_

#include <cstddef>
#include <cstdint>

#include "fg/abi/engine.h"
#include "fg/abi/kernel.h"
#include "plugins/cpu/engine/state.hpp"

namespace fg::cpu {

// out[1] are the positions of LASTMAX and LASTMIN.
struct ScanRow {
  const void* in;
  void* out[2];
};
// n > 0 neighbouring elements, the first at position `first`; `carry` is the state before them and
// then after them.
using RowScan = void (*)(State& carry, const ScanRow& row, std::size_t n, std::int64_t first);

// `rows` rows of n elements each, as one after another would give; strides in bytes.
struct ScanTile {
  ScanRow at;
  std::ptrdiff_t in_stride, out_stride[2];
  bool stream;  // Write past the cache; the caller fences.
};
// Side by side: element i of column c at i strides; cols <= kMaxScanColumns.
using ColumnScan = void (*)(const ScanTile& tile, std::size_t length, std::size_t cols);
inline constexpr std::int64_t kMaxScanColumns = 512;

struct DirectScan {
  RowScan row = nullptr;
  ColumnScan columns = nullptr;
};
// For values stored as `in` and results stored as `out`; empty where there is none.
DirectScan find_direct_scan(std::uint32_t monoid, std::uint16_t type, fg_dtype in, fg_dtype out);

// Whether output k is state k and the prologue the one input, up to conversions that keep the value.
bool is_direct(const fg_expr& prologue, const fg_expr& epilogue);

// Runs a checked launch; false when the tensors do not lie so.
bool scan_direct(const DirectScan& scan, const fg_launch& launch, const Monoid& monoid);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_SCAN_DIRECT_HPP_
