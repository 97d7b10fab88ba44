// SPDX-License-Identifier: Apache-2.0
#include "core/registry/blob_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/registry/sha256.hpp"
#include "core/trace/log.hpp"

namespace fg::core {
namespace {

constexpr char kMagic[8] = {'F', 'G', 'B', 'L', 'O', 'B', '0', '1'};
constexpr std::string_view kFormat = "fg-blob-1";  // Changes with the layout below.
constexpr std::size_t kMaxBlob = std::size_t{1} << 30;

// A cache file: this header, then the payload.
struct BlobHeader {
  char magic[8];
  std::uint64_t length;
  Sha256 key;  // Of everything that makes up the key: a renamed file is not taken for another.
  Sha256 payload;
};
static_assert(sizeof(BlobHeader) == 80);

std::span<const std::byte> bytes_of(std::string_view s) { return std::as_bytes(std::span(s.data(), s.size())); }

Sha256 full_key(std::string_view scope, std::span<const std::byte> key) {
  return sha256_of_parts({bytes_of(kFormat), bytes_of(scope), key});
}

bool intact(std::span<const std::byte> file, const Sha256& key) {
  BlobHeader header;
  if (file.size() < sizeof header) return false;
  std::memcpy(&header, file.data(), sizeof header);
  return std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 && header.length == file.size() - sizeof header &&
         header.key == key && header.payload == sha256(file.subspan(sizeof header));
}

}  // namespace

BlobCache::BlobCache(std::string folder, std::uint64_t max_bytes) : folder_(std::move(folder)), max_bytes_(max_bytes) {}

const CacheDir* BlobCache::dir() {
  if (!opened_ && !folder_.empty()) {
    auto opened = CacheDir::open(folder_);
    if (opened) {
      dir_.emplace(*std::move(opened));
    } else {
      complain_once(opened.error());
    }
  }
  opened_ = true;
  return dir_ ? &*dir_ : nullptr;
}

void BlobCache::complain_once(const Error& error) {
  if (error.message == last_complaint_) return;
  last_complaint_ = error.message;
  FG_LOG(warn, "kernel cache: {}; compiled kernels are not kept", error.message);
}

Result<std::vector<std::byte>> BlobCache::get(std::string_view scope, std::span<const std::byte> key) {
  const CacheDir* const d = [&] {
    const std::lock_guard lock(mutex_);
    return dir();
  }();
  if (d == nullptr) return fail(FG_E_NOT_FOUND, "kernel cache: none");
  const Sha256 id = full_key(scope, key);
  const std::string name = hex(id);
  auto file = d->read(name, kMaxBlob + sizeof(BlobHeader));
  if (!file && file.error().status == FG_E_NOT_FOUND) return fail(FG_E_NOT_FOUND, "kernel cache: no such key");
  if (!file || !intact(*file, id)) {
    FG_LOG(warn, "kernel cache: {}/{} is damaged and was removed", d->path(), name);
    d->remove(name);
    return fail(FG_E_NOT_FOUND, "kernel cache: the entry was damaged");
  }
  file->erase(file->begin(), file->begin() + sizeof(BlobHeader));
  return file;
}

// The oldest of an eighth of the bytes, the oldest last: counting a folder of many files takes long, so that many puts
// are served by one count.
void BlobCache::count() {
  std::vector<CacheEntry> entries = dir_->list();
  bytes_ = std::accumulate(entries.begin(), entries.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const CacheEntry& e) { return sum + e.bytes; });
  std::sort(entries.begin(), entries.end(),
            [](const CacheEntry& a, const CacheEntry& b) { return a.used_ns < b.used_ns; });
  std::uint64_t held = 0;
  const auto enough = std::find_if(entries.begin(), entries.end(), [&](const CacheEntry& e) {
    return std::exchange(held, held + e.bytes) > max_bytes_ / 8;
  });
  oldest_.assign(std::make_reverse_iterator(enough), entries.rend());
}

void BlobCache::make_room(std::uint64_t incoming) {
  if (!bytes_) count();
  while (*bytes_ + incoming > max_bytes_) {
    if (oldest_.empty()) count();
    if (oldest_.empty()) return;
    if (*bytes_ + incoming <= max_bytes_) return;
    dir_->remove(oldest_.back().name);
    *bytes_ -= std::min(*bytes_, oldest_.back().bytes);
    oldest_.pop_back();
  }
}

void BlobCache::put(std::string_view scope, std::span<const std::byte> key, std::span<const std::byte> value) {
  const std::uint64_t size = value.size() + sizeof(BlobHeader);
  if (value.size() > kMaxBlob || size > max_bytes_) {
    FG_LOG(debug, "kernel cache: {} bytes are more than the cache may hold", value.size());
    return;
  }
  std::unique_lock lock(mutex_);
  const CacheDir* const d = dir();
  if (d == nullptr) return;
  make_room(size);
  *bytes_ += size;
  lock.unlock();
  BlobHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.length = value.size();
  header.key = full_key(scope, key);
  header.payload = sha256(value);
  std::vector<std::byte> file(size);
  std::memcpy(file.data(), &header, sizeof header);
  if (!value.empty()) std::memcpy(file.data() + sizeof header, value.data(), value.size());
  const auto written = d->write(hex(header.key), file);
  if (written) return;
  lock.lock();
  bytes_.reset();  // Counted anew.
  complain_once(written.error());
}

}  // namespace fg::core
