// SPDX-License-Identifier: Apache-2.0
//
// The operators of a device: the engines and the named kernels, without what the device cannot do.

#include <algorithm>
#include <array>

#include "fg/abi/ops.h"
#include "fg/sdk/engines.hpp"
#include "plugins/gpu/engine/engine.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/instance.hpp"

namespace fg::gpu {
namespace {

constexpr std::array kEngines = sdk::engine_rows(
    {.map = {prepare_map, check_map}, .reduce = {prepare_reduce, check_reduce}, .scan = {prepare_scan, check_scan}},
    FG_K_BITWISE_DETERMINISTIC);

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
  static constexpr const TunableKernel* kAll[] = {&kTunableAttention,    &kTunableMap,         &kTunableProduct,
                                                  &kTunableProductParts, &kTunableProductRows, &kTunableRows,
                                                  &kTunableReduce,       &kTunableTranspose};
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
