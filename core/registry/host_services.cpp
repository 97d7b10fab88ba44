// SPDX-License-Identifier: Apache-2.0
#include "core/registry/host_services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <span>
#include <utility>

#include "core/trace/log.hpp"
#include "core/trace/trace.hpp"

namespace fg::core {
namespace {

constexpr std::size_t kMaxKey = std::size_t{1} << 20;
constexpr std::size_t kMaxBytes = PTRDIFF_MAX - (std::size_t{1} << 24);
constexpr std::size_t kMaxAlign = std::size_t{1} << 24;

std::span<const std::byte> view(const void* p, std::size_t n) { return {static_cast<const std::byte*>(p), n}; }

// Nothing may leave a host function as an exception.
template <class Body>
fg_status contained(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return FG_E_OOM_HOST;
  } catch (...) {
    return FG_E_INTERNAL;
  }
}

// Copies `value` out under the rule of fg_host: *len is the capacity before, the length after.
fg_status hand_out(std::span<const std::byte> value, void* buf, std::size_t* len) {
  const std::size_t capacity = std::exchange(*len, value.size());
  if (buf == nullptr) return FG_OK;
  if (capacity < value.size()) return FG_E_INVALID;
  if (!value.empty()) std::memcpy(buf, value.data(), value.size());
  return FG_OK;
}

}  // namespace

struct HostCalls {
  static HostServices& self(void* ctx) { return *static_cast<HostServices*>(ctx); }

  static void FG_CALL log(void* ctx, std::int32_t level, const char* file, std::int32_t line,
                          const char* msg) FG_NOEXCEPT {
    if (msg == nullptr) return;
    const auto l = static_cast<log::Level>(std::clamp<std::int32_t>(level, FG_LOG_TRACE, FG_LOG_ERROR));
    if (!log::enabled(l)) return;
    contained([&] {
      log::write(l, file == nullptr ? "" : file, line, fmt::format("{}: {}", self(ctx).plugin_, msg));
      return FG_OK;
    });
  }

  static void* FG_CALL mem_alloc(void* ctx, std::size_t bytes, std::size_t align) FG_NOEXCEPT {
    if (align != 0 && (!std::has_single_bit(align) || align > kMaxAlign)) return nullptr;
    if (bytes > kMaxBytes) return nullptr;  // a negative number on the plugin's side
    void* p = nullptr;
    if (::posix_memalign(&p, std::max(align, sizeof(void*)), std::max<std::size_t>(bytes, 1)) != 0) return nullptr;
    self(ctx).bytes_.fetch_add(bytes, std::memory_order_relaxed);
    self(ctx).blocks_.fetch_add(1, std::memory_order_relaxed);
    return p;
  }

  static void FG_CALL mem_free(void* ctx, void* p, std::size_t bytes) FG_NOEXCEPT {
    if (p == nullptr) return;
    std::free(p);
    self(ctx).bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    self(ctx).blocks_.fetch_sub(1, std::memory_order_relaxed);
  }

  static fg_status FG_CALL config_get(void* ctx, const char* key, char* buf, std::size_t* len) FG_NOEXCEPT {
    if (key == nullptr || len == nullptr) return FG_E_INVALID;
    return contained([&]() -> fg_status {
      const auto it = self(ctx).options_.find(key);
      if (it == self(ctx).options_.end()) return FG_E_NOT_FOUND;
      return hand_out(view(it->second.c_str(), it->second.size() + 1), buf, len);
    });
  }

  static fg_status FG_CALL blob_get(void* ctx, const void* key, std::size_t key_len, void* buf,
                                    std::size_t* len) FG_NOEXCEPT {
    if ((key == nullptr && key_len != 0) || len == nullptr || key_len > kMaxKey) return FG_E_INVALID;
    return contained([&]() -> fg_status {
      const auto value = self(ctx).cache_->get(self(ctx).cache_scope(), view(key, key_len));
      return value ? hand_out(*value, buf, len) : static_cast<fg_status>(FG_E_NOT_FOUND);
    });
  }

  static fg_status FG_CALL blob_put(void* ctx, const void* key, std::size_t key_len, const void* buf,
                                    std::size_t len) FG_NOEXCEPT {
    if ((key == nullptr && key_len != 0) || (buf == nullptr && len != 0) || key_len > kMaxKey) return FG_E_INVALID;
    return contained([&]() -> fg_status {
      self(ctx).cache_->put(self(ctx).cache_scope(), view(key, key_len), view(buf, len));
      return FG_OK;
    });
  }

  static std::uint64_t FG_CALL span_begin(void* ctx, const char* name) FG_NOEXCEPT {
    return name == nullptr ? 0 : trace::begin(self(ctx).plugin_, name);
  }
  static void FG_CALL span_end(void*, std::uint64_t span) FG_NOEXCEPT {
    if (span != 0) trace::end(span);
  }
};

HostServices::HostServices(std::string plugin, std::map<std::string, std::string> options, std::string scope,
                           std::shared_ptr<BlobCache> cache)
    : plugin_(std::move(plugin)), options_(std::move(options)), cache_(std::move(cache)), scope_(std::move(scope)) {
  host_ = fg_host{{sizeof(fg_host), 0, nullptr},
                  this,
                  &HostCalls::log,
                  &HostCalls::mem_alloc,
                  &HostCalls::mem_free,
                  &HostCalls::config_get,
                  &HostCalls::blob_get,
                  &HostCalls::blob_put,
                  &HostCalls::span_begin,
                  &HostCalls::span_end};
}

void HostServices::set_identity(std::string identity) {
  const std::lock_guard lock(mutex_);
  identity_ = std::move(identity);
}

std::string HostServices::cache_scope() const {
  const std::lock_guard lock(mutex_);
  return scope_ + "|" + identity_;
}

}  // namespace fg::core
