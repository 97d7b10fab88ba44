// SPDX-License-Identifier: Apache-2.0

#include "core/tuning/store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>

#include "core/registry/cache_dir.hpp"
#include "core/trace/log.hpp"

namespace fg::core {
namespace {

// The number changes with the table: another format is moved aside like a damaged file.
constexpr int kFormat = 1;
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS result (plugin TEXT NOT NULL, build_id TEXT NOT NULL, device_uuid TEXT NOT NULL,"
    " driver TEXT NOT NULL, kernel TEXT NOT NULL, kernel_hash INTEGER NOT NULL, bucket TEXT NOT NULL,"
    " chosen TEXT NOT NULL, default_us REAL NOT NULL, best_us REAL NOT NULL,"
    " PRIMARY KEY (plugin, build_id, device_uuid, driver, kernel, kernel_hash, bucket)) WITHOUT ROWID";
constexpr const char* kColumns =
    "SELECT plugin, build_id, device_uuid, driver, kernel, kernel_hash, bucket, chosen, default_us, best_us FROM "
    "result";

// What a caller can do about an answer of SQLite.
fg_status status_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return FG_E_TIMEOUT;
    case SQLITE_NOMEM: return FG_E_OOM_HOST;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return FG_E_INVALID;
    case SQLITE_CANTOPEN: return FG_E_NOT_FOUND;
    default: return FG_E_UNSUPPORTED;
  }
}

tl::unexpected<Error> failed(sqlite3* db, int code, std::string_view what) {
  return tl::unexpected(Error{status_of(code),
                              fmt::format("{}: {}", what, db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code)),
                              FG_R_OTHER, -1, code});
}

Result<void> execute(sqlite3* db, const char* sql) {
  const int code = sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(db, code, sql);
  return {};
}

class Statement {
 public:
  Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(s_); }
  Result<void> prepare(sqlite3* db, const char* sql) {
    db_ = db;
    if (const int code = sqlite3_prepare_v2(db, sql, -1, &s_, nullptr); code != SQLITE_OK) return failed(db, code, sql);
    return {};
  }
  void text(const std::string& v) {
    sqlite3_bind_text(s_, ++at_, v.c_str(), static_cast<int>(v.size()), SQLITE_TRANSIENT);
  }
  void integer(std::uint64_t v) { sqlite3_bind_int64(s_, ++at_, static_cast<sqlite3_int64>(v)); }
  void real(double v) { sqlite3_bind_double(s_, ++at_, v); }
  // Whether there is a row.
  Result<bool> step() {
    const int code = sqlite3_step(s_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) return failed(db_, code, "tuning database");
    return code == SQLITE_ROW;
  }
  std::string text_at(int column) const {
    const auto* t = reinterpret_cast<const char*>(sqlite3_column_text(s_, column));
    return t == nullptr ? std::string() : std::string(t);
  }
  std::uint64_t integer_at(int column) const { return static_cast<std::uint64_t>(sqlite3_column_int64(s_, column)); }
  double real_at(int column) const { return sqlite3_column_double(s_, column); }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* s_ = nullptr;
  int at_ = 0;
};

Result<int> format_of(sqlite3* db) {
  Statement s;
  FG_TRY(s.prepare(db, "PRAGMA user_version"));
  FG_TRY_ASSIGN(const bool row, s.step());
  return row ? static_cast<int>(s.integer_at(0)) : 0;
}

// "4 128"; a text that is not of this form gives nothing, which no point takes.
std::vector<std::int64_t> values_of(const std::string& text) {
  std::vector<std::int64_t> values;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    std::int64_t v = 0;
    const auto [next, error] = std::from_chars(at, end, v);
    if (error != std::errc{}) return {};
    values.push_back(v);
    at = next < end && *next == ' ' ? next + 1 : next;
    if (next < end && *next != ' ') return {};
  }
  return values;
}

void move_aside(const std::string& path, const Error& why) {
  const std::string aside =
      fmt::format("{}.damaged-{}-{}", path, static_cast<long long>(std::time(nullptr)), ::getpid());
  if (std::rename(path.c_str(), aside.c_str()) != 0) return;
  for (const char* part : {"-wal", "-shm"}) std::remove((path + part).c_str());
  FG_LOG(warn, "tuning: {} is damaged ({}); it is now {}, and tuning begins anew", path, why.message, aside);
}

}  // namespace

void TuningStore::Close::operator()(sqlite3* db) const noexcept { sqlite3_close(db); }

Result<TuningStore> TuningStore::attach(const std::string& path, bool create) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Db db(raw);
  if (code != SQLITE_OK) return failed(raw, code, path);
  sqlite3_busy_timeout(raw, kBusyMs);
  FG_TRY_ASSIGN(const int format, format_of(raw));
  if (format != 0 && format != kFormat)
    return fail(FG_E_INVALID, fmt::format("{}: format {}, expected {}", path, format, kFormat));
  if (format == 0) {
    FG_TRY(execute(raw, "PRAGMA journal_mode=WAL"));
    FG_TRY(execute(raw, kSchema));
    FG_TRY(execute(raw, fmt::format("PRAGMA user_version={}", kFormat).c_str()));
  }
  // A commit is on disk when put() returns only after a checkpoint, but a killed process loses nothing.
  FG_TRY(execute(raw, "PRAGMA synchronous=NORMAL"));
  return TuningStore(std::move(db), path);
}

Result<TuningStore> TuningStore::open(const std::string& folder) {
  FG_TRY(CacheDir::open(folder));
  const std::string path = folder + "/" + kFileName;
  for (int attempt = 0;; ++attempt) {
    auto store = attach(path, true);
    auto readable = store ? store->all().map([](auto&&) {}) : Result<void>{};
    if (store && readable) return store;
    Error why = store ? readable.error() : store.error();
    if (why.status != FG_E_INVALID || attempt > 0) return tl::unexpected(std::move(why).while_doing("tuning database"));
    if (store) *store = TuningStore(nullptr, path);  // Closed before its file is moved.
    move_aside(path, why);
  }
}

Result<TuningStore> TuningStore::open_existing(const std::string& folder) {
  return attach(folder + "/" + kFileName, false);
}

Result<void> TuningStore::put(const TuningRow& r) {
  Statement s;
  FG_TRY(s.prepare(db_.get(), "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const std::string* t :
       {&r.identity.plugin, &r.identity.build_id, &r.identity.device_uuid, &r.identity.driver, &r.kernel})
    s.text(*t);
  s.integer(r.kernel_hash);
  s.text(r.bucket);
  s.text(fmt::format("{}", fmt::join(r.values, " ")));
  s.real(r.default_us);
  s.real(r.best_us);
  FG_TRY(s.step());  // A statement by itself is a transaction.
  return {};
}

Result<std::vector<TuningRow>> TuningStore::query(const char* sql, std::span<const std::string> texts) {
  Statement s;
  FG_TRY(s.prepare(db_.get(), sql));
  for (const std::string& t : texts) s.text(t);
  std::vector<TuningRow> rows;
  while (true) {
    FG_TRY_ASSIGN(const bool more, s.step());
    if (!more) return rows;
    rows.push_back({{s.text_at(0), s.text_at(1), s.text_at(2), s.text_at(3)},
                    s.text_at(4),
                    s.text_at(6),
                    s.integer_at(5),
                    values_of(s.text_at(7)),
                    s.real_at(8),
                    s.real_at(9)});
  }
}

Result<std::vector<TuningRow>> TuningStore::all() {
  return query(fmt::format("{} ORDER BY plugin, kernel, bucket", kColumns).c_str(), {});
}

Result<std::vector<TuningRow>> TuningStore::of(const TuningIdentity& i) {
  const std::string texts[] = {i.plugin, i.build_id, i.device_uuid, i.driver};
  return query(
      fmt::format("{} WHERE plugin=? AND build_id=? AND device_uuid=? AND driver=? ORDER BY kernel, bucket", kColumns)
          .c_str(),
      texts);
}

}  // namespace fg::core
