// SPDX-License-Identifier: Apache-2.0
//
// Tuning results on disk: one SQLite file, written with WAL, one transaction a point, shared by
// processes.  docs/tuning.md.

#ifndef FG_CORE_TUNING_STORE_HPP_
#define FG_CORE_TUNING_STORE_HPP_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fg/sdk/result.hpp"

struct sqlite3;

namespace fg::core {

// For whom a result holds.
struct TuningIdentity {
  std::string plugin, build_id, device_uuid, driver;
  friend bool operator==(const TuningIdentity&, const TuningIdentity&) = default;
};

// One result: the best values of a point.
struct TuningRow {
  TuningIdentity identity;
  std::string kernel, bucket;
  std::uint64_t kernel_hash = 0;
  std::vector<std::int64_t> values;  // Of the parameters, in the plugin's order.
  double default_us = 0, best_us = 0;
  friend bool operator==(const TuningRow&, const TuningRow&) = default;
};

class TuningStore {
 public:
  // The file in `folder`, made if need be (mode 0700).  A file that is no database, or a damaged one, is
  // moved aside with a warning and a new one is begun.  FG_E_UNSUPPORTED when the folder cannot be used.
  static Result<TuningStore> open(const std::string& folder);
  // The file as it is: FG_E_NOT_FOUND when there is none.  Nothing is made or moved.
  static Result<TuningStore> open_existing(const std::string& folder);

  // One transaction; replaces an earlier result of the same point.  FG_E_TIMEOUT when another process
  // holds the file longer than `kBusyMs`.
  Result<void> put(const TuningRow& row);
  // All rows, or those of one device, by kernel and bucket.
  Result<std::vector<TuningRow>> all();
  Result<std::vector<TuningRow>> of(const TuningIdentity& identity);

  const std::string& path() const { return path_; }
  static constexpr int kBusyMs = 2000;
  static constexpr const char* kFileName = "tuning.db";

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept;
  };
  using Db = std::unique_ptr<sqlite3, Close>;
  TuningStore(Db db, std::string path) : db_(std::move(db)), path_(std::move(path)) {}
  static Result<TuningStore> attach(const std::string& path, bool create);
  Result<std::vector<TuningRow>> query(const char* sql, std::span<const std::string> texts);

  Db db_;
  std::string path_;
};

}  // namespace fg::core

#endif  // FG_CORE_TUNING_STORE_HPP_
