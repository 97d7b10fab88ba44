// SPDX-License-Identifier: Apache-2.0
//
// guard(): the only place where C++ failures become C ABI failures.

#ifndef FG_SDK_GUARD_HPP_
#define FG_SDK_GUARD_HPP_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <type_traits>

#include "fg/sdk/result.hpp"

namespace fg::sdk {

// Copies `e` into the caller's record, as far as the caller's struct_size reaches.
inline fg_status report(fg_error* err, const Error& e) noexcept {
  if (err != nullptr && err->hdr.struct_size >= offsetof(fg_error, message)) {
    err->code = e.status;
    err->vendor_code = e.vendor_code;
    err->arg_index = e.arg_index;
    err->reason = e.reason;
    const std::size_t capacity =
        std::min<std::size_t>(err->hdr.struct_size - offsetof(fg_error, message), sizeof(err->message));
    if (capacity > 0) {
      const std::size_t n = std::min(e.message.size(), capacity - 1);
      std::memcpy(err->message, e.message.data(), n);
      err->message[n] = '\0';
    }
  }
  return e.status;
}

// Runs `body` and turns its Result, or anything it throws, into an fg_status.
template <std::invocable Body>
requires std::same_as<std::invoke_result_t<Body>, Result<void>> fg_status guard(fg_error* err, Body&& body)
noexcept {
  try {
    Result<void> r = body();
    if (r) [[likely]]
      return FG_OK;
    return report(err, r.error());
  } catch (const std::bad_alloc&) {
    return report(err, Error{FG_E_OOM_HOST, "out of host memory"});
  } catch (const std::exception& e) {
    return report(err, Error{FG_E_INTERNAL, e.what()});
  } catch (...) {
    return report(err, Error{FG_E_INTERNAL, "unknown exception"});
  }
}

}  // namespace fg::sdk

#endif  // FG_SDK_GUARD_HPP_
