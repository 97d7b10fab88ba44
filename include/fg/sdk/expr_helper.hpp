// SPDX-License-Identifier: Apache-2.0
//
// What the tables of expr_helpers.hpp are made of.

#ifndef FG_SDK_EXPR_HELPER_HPP_
#define FG_SDK_EXPR_HELPER_HPP_

#include <cstdint>
#include <string_view>

namespace fg::sdk::detail {

enum class For : std::uint8_t { integers, floats, f32, f64 };

struct ExprHelper {
  std::uint16_t op;       // 0: serves other helpers.
  For types;              // The types that it is for.
  std::string_view name;  // Without "fg_" and the type.
  std::string_view text;  // From the parameters on; before them, another type of the result than $T.
};

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_HELPER_HPP_
