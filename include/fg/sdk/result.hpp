// SPDX-License-Identifier: Apache-2.0
//
// Error and Result: how C++ code of the core, the plugins and the tools reports failure.
// Never part of the ABI; guard.hpp translates at the boundary.

#ifndef FG_SDK_RESULT_HPP_
#define FG_SDK_RESULT_HPP_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "fg/abi/status.h"

namespace fg {

// A failure and what the caller can do about it.  Messages: lower case, no trailing dot, with the
// offending value and what was expected.
struct [[nodiscard]] Error {
  fg_status status = FG_E_INTERNAL;
  std::string message;
  fg_reason reason = FG_R_OTHER;
  std::int32_t arg_index = -1;
  std::int32_t vendor_code = 0;

  // Prefixes the message with what the caller was doing: "open /dev/x: EPERM".
  Error while_doing(std::string_view action) && {
    message.insert(0, ": ").insert(0, action);
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(fg_status status, std::string why, fg_reason reason = FG_R_OTHER,
                                  std::int32_t arg_index = -1) {
  return tl::unexpected(Error{status, std::move(why), reason, arg_index});
}
inline tl::unexpected<Error> invalid(std::string why, fg_reason reason = FG_R_PARAMETER, std::int32_t arg_index = -1) {
  return fail(FG_E_INVALID, std::move(why), reason, arg_index);
}
inline tl::unexpected<Error> unsupported(std::string why, fg_reason reason = FG_R_OTHER, std::int32_t arg_index = -1) {
  return fail(FG_E_UNSUPPORTED, std::move(why), reason, arg_index);
}

}  // namespace fg

// Returns early with the error of `expr`, a Result of any type.
#define FG_TRY(expr)                                     \
  do {                                                   \
    if (auto fg_r_ = (expr); !fg_r_) {                   \
      return ::tl::unexpected(std::move(fg_r_).error()); \
    }                                                    \
  } while (false)

// FG_TRY_ASSIGN(auto x, f()): declares x from the value, or returns early with the error.
#define FG_TRY_CONCAT2_(a, b) a##b
#define FG_TRY_CONCAT_(a, b) FG_TRY_CONCAT2_(a, b)
#define FG_TRY_ASSIGN(decl, expr) FG_TRY_ASSIGN_(FG_TRY_CONCAT_(fg_r_, __LINE__), decl, expr)
#define FG_TRY_ASSIGN_(tmp, decl, expr)                      \
  auto tmp = (expr);                                         \
  if (!tmp) return ::tl::unexpected(std::move(tmp).error()); \
  decl = std::move(tmp).value()

#endif  // FG_SDK_RESULT_HPP_
