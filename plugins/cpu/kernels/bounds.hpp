// SPDX-License-Identifier: Apache-2.0

#ifndef FG_PLUGINS_CPU_KERNELS_BOUNDS_HPP_
#define FG_PLUGINS_CPU_KERNELS_BOUNDS_HPP_

#include <cstdint>

namespace fg::cpu {

// Whether one of `count` neighbours lies outside of [lowest, lowest + range); 0 <= range < 2^63.
bool any_outside(const std::int64_t* at, std::int64_t count, std::int64_t lowest, std::int64_t range);
bool any_outside(const std::int32_t* at, std::int64_t count, std::int64_t lowest, std::int64_t range);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_BOUNDS_HPP_
