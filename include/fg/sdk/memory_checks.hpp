// SPDX-License-Identifier: Apache-2.0
//
// What the memory functions of fg_api ask of their arguments, and the failure that fg.test/1 asks for.

#ifndef FG_SDK_MEMORY_CHECKS_HPP_
#define FG_SDK_MEMORY_CHECKS_HPP_

#include <atomic>
#include <cstdint>
#include <string>

#include "fg/abi/plugin.h"
#include "fg/sdk/result.hpp"

namespace fg::sdk {

// For mem_alloc.  Sizes beyond max_alloc are the plugin's to refuse, with FG_E_OOM_DEVICE.
inline Result<void> check_allocation(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) {
  if (kind != FG_MEM_DEVICE && kind != FG_MEM_STAGING) {
    return unsupported("mem_alloc: unknown kind of memory " + std::to_string(kind), FG_R_PARAMETER);
  }
  if (bytes == 0) return invalid("mem_alloc: 0 bytes", FG_R_PARAMETER);
  if ((align & (align - 1)) != 0) {
    return invalid("mem_alloc: alignment " + std::to_string(align) + " is not a power of two", FG_R_ALIGNMENT);
  }
  return {};
}

// For copy and fill: `bytes` from `offset` on lie inside a buffer, which has a member `bytes`.  `what` begins the
// message.
template <class Buffer>
Result<void> check_range(const char* what, const Buffer* b, std::uint64_t offset, std::uint64_t bytes) {
  if (b == nullptr) return invalid(std::string(what) + ": the buffer is NULL", FG_R_NULL_POINTER);
  if (offset > b->bytes || bytes > b->bytes - offset) {
    return invalid(std::string(what) + ": bytes " + std::to_string(offset) + " to " + std::to_string(offset + bytes) +
                       " lie outside a buffer of " + std::to_string(b->bytes),
                   FG_R_BOUNDS);
  }
  return {};
}

// fail_alloc_after of fg.test/1 (fg/abi/ext/test.h).  [any-thread]
class AllocationFailure {
 public:
  // n < 0: never.
  void after(std::int64_t n) noexcept { left_.store(n, std::memory_order_relaxed); }
  // Asked once for each allocation: whether it is the one.
  bool now() noexcept {
    if (left_.load(std::memory_order_relaxed) < 0) return false;
    return left_.fetch_sub(1, std::memory_order_relaxed) == 1;
  }

 private:
  std::atomic<std::int64_t> left_{-1};
};

}  // namespace fg::sdk

#endif  // FG_SDK_MEMORY_CHECKS_HPP_
