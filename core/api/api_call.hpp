// SPDX-License-Identifier: Apache-2.0
//
// Where every function of the C API enters the core: starts the library on first use, answers
// FG_E_FORKED in a child of fork(), turns a Result into a status.  Generated typed functions
// (`fg_add`, ...) build their fg_value array and end in api_call().

#ifndef FG_CORE_API_API_CALL_HPP_
#define FG_CORE_API_API_CALL_HPP_

#include <algorithm>
#include <atomic>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "core/dispatch/call.hpp"
#include "core/registry/registry.hpp"
#include "fg/sdk/guard.hpp"
#include "fg/types.h"

namespace fg::core {

namespace detail {
extern std::atomic<bool> g_started;
Result<void> start();
}  // namespace detail

// Success once the library runs in this process; starts it on first use.  [any-thread]
inline Result<void> enter() {
  if (forked()) [[unlikely]]
    return forked_error();
  if (!detail::g_started.load(std::memory_order_acquire)) [[unlikely]]
    return detail::start();
  return {};
}

// Runs `op` as core::call does and reports into `err`.  `outs` entries that are NULL are filled on
// success and stay NULL on failure.  [any-thread]
fg_status api_call(const OpInfo& op, std::span<const fg_value> args, Form form, std::span<fg_tensor_handle> outs,
                   fg_device_handle device, fg_error* err) noexcept;

// The handle is the core's Device.
inline Device* from_handle(fg_device_handle h) { return const_cast<Device*>(reinterpret_cast<const Device*>(h)); }
inline fg_device_handle to_handle(const Device* d) { return reinterpret_cast<fg_device_handle>(d); }

// The device behind a handle, the current one for NULL.
Result<Device*> device_or_current(fg_device_handle h);

// Runs the body of a C function: enter(), then `body`, failures into `err`.
template <class Body>
fg_status enter_guarded(fg_error* err, Body&& body) noexcept {
  return sdk::guard(err, [&]() -> Result<void> {
    FG_TRY(enter());
    return body();
  });
}

// FG_R_NULL_POINTER unless `p` is set.
inline Result<void> need(const void* p, const char* function, const char* name) {
  if (p != nullptr) return {};
  return invalid(std::string(function) + ": " + name + " is NULL", FG_R_NULL_POINTER);
}

// Copies what fits into a caller's GROWS struct; its hdr stays.
template <class T>
void copy_out(T* to, const T& from) {
  const std::size_t n = std::min<std::size_t>(to->hdr.struct_size, sizeof(T));
  if (n <= sizeof(fg_hdr)) return;
  std::memcpy(reinterpret_cast<std::byte*>(to) + sizeof(fg_hdr),
              reinterpret_cast<const std::byte*>(&from) + sizeof(fg_hdr), n - sizeof(fg_hdr));
}

}  // namespace fg::core

#endif  // FG_CORE_API_API_CALL_HPP_
