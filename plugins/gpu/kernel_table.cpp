// SPDX-License-Identifier: Apache-2.0
//
// The operators of a device: the engines and the named kernels, without what the device cannot do.

#include <algorithm>
#include <array>

#include "fg/abi/ops.h"
#include "plugins/gpu/engine/engine.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/instance.hpp"

namespace fg::gpu {
namespace {

constexpr std::array kAnyDtype{FG_F64, FG_F32, FG_F16, FG_BF16, FG_F8_E4M3FN, FG_F8_E5M2,
                               FG_I64, FG_I32, FG_I16, FG_I8,   FG_U8,        FG_BOOL};

constexpr sdk::KernelEntry kEngines[] = {
    {.name = FG_OP_MAP,
     .uid = FG_OP_MAP_UID,
     .schema_hash = FG_OP_MAP_SCHEMA_HASH,
     .n_slots = 0,
     .rows = kAnyDtype,
     .max_ndim = FG_ENGINE_MAX_NDIM,
     .flags = FG_K_BITWISE_DETERMINISTIC | FG_K_INPLACE_OK,
     .prepare = prepare_map,
     .check = check_map},
    {.name = FG_OP_REDUCE,
     .uid = FG_OP_REDUCE_UID,
     .schema_hash = FG_OP_REDUCE_SCHEMA_HASH,
     .n_slots = 0,
     .rows = kAnyDtype,
     .max_ndim = FG_ENGINE_MAX_NDIM,
     .flags = FG_K_BITWISE_DETERMINISTIC,
     .prepare = prepare_reduce,
     .check = check_reduce},
    {.name = FG_OP_SCAN,
     .uid = FG_OP_SCAN_UID,
     .schema_hash = FG_OP_SCAN_SCHEMA_HASH,
     .n_slots = 0,
     .rows = kAnyDtype,
     .max_ndim = FG_ENGINE_MAX_NDIM,
     .flags = FG_K_BITWISE_DETERMINISTIC | FG_K_INPLACE_OK,
     .prepare = prepare_scan,
     .check = check_scan},
};

// The rows without those that name f64.
std::vector<fg_dtype> rows_without_f64(const sdk::KernelEntry& e) {
  const std::size_t n = std::max<std::size_t>(e.n_slots, 1);
  std::vector<fg_dtype> kept;
  for (std::size_t at = 0; at < e.rows.size(); at += n) {
    const auto row = e.rows.subspan(at, n);
    if (std::find(row.begin(), row.end(), FG_F64) == row.end()) kept.insert(kept.end(), row.begin(), row.end());
  }
  return kept;
}

}  // namespace

std::vector<sdk::KernelEntry> all_entries() {
  std::vector<sdk::KernelEntry> all(std::begin(kEngines), std::end(kEngines));
  for (const auto& part : named_entries()) all.insert(all.end(), part.begin(), part.end());
  for (sdk::KernelEntry& e : all) e.flags |= FG_K_CAPTURABLE;  // A dispatch copies all that it needs.
  return all;
}

std::span<const TunableKernel* const> tunable_kernels() {
  static constexpr const TunableKernel* kAll[] = {&kTunableMap};
  return kAll;
}

Operators::Operators(const Features& features) : entries_(all_entries()) {
  rows_.reserve(entries_.size());
  for (sdk::KernelEntry& e : entries_) {
    if (features.f64) continue;
    rows_.push_back(rows_without_f64(e));
    e.rows = rows_.back();
  }
  // multinomial is defined in f64 whatever its weights are.
  const auto lacks = [&](const sdk::KernelEntry& e) { return !features.f64 && e.uid == FG_OP_MULTINOMIAL_UID; };
  std::erase_if(entries_, [&](const sdk::KernelEntry& e) { return e.rows.empty() || lacks(e); });
  table_ = std::make_unique<sdk::KernelTable>(entries_);
}

}  // namespace fg::gpu
