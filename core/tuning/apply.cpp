// SPDX-License-Identifier: Apache-2.0

#include "core/tuning/apply.hpp"

#include "core/registry/sha256.hpp"
#include "core/trace/log.hpp"

namespace fg::core {

const fg_tune_table* tune_table(const Device& d) {
  const auto* t = static_cast<const fg_tune_table*>(d.api->get_table(d.instance, FG_TABLE_TUNE));
  if (t == nullptr || !FG_HAS(fg_tune_table, t, set)) return nullptr;
  return t->points != nullptr && t->set != nullptr ? t : nullptr;
}

TuningIdentity tuning_identity(const Device& d) {
  return {d.api->name, d.api->build_id, hex(d.info.uuid), d.info.driver};
}

std::string tuning_folder(const std::string& cache_folder) { return cache_folder + "/tuning"; }

std::size_t apply_tuning(const Device& d, const std::string& folder) {
  const fg_tune_table* const table = tune_table(d);
  if (table == nullptr) return 0;
  auto store = TuningStore::open_existing(folder);
  if (!store && store.error().status == FG_E_NOT_FOUND) return 0;
  auto rows = store ? store->of(tuning_identity(d)) : Result<std::vector<TuningRow>>(tl::unexpected(store.error()));
  if (!rows) {
    FG_LOG(warn, "{}: tuning results are not used: {}", d.name, rows.error().message);
    return 0;
  }
  std::size_t set = 0;
  for (const TuningRow& r : *rows) {
    const fg_status status = table->set(d.instance, d.ordinal, r.kernel.c_str(), r.kernel_hash, r.bucket.c_str(),
                                        r.values.data(), static_cast<std::uint32_t>(r.values.size()), nullptr);
    set += status >= 0 && !r.values.empty() ? 1 : 0;
  }
  FG_LOG(info, "{}: {} of {} tuning results set", d.name, set, rows->size());
  return set;
}

}  // namespace fg::core
