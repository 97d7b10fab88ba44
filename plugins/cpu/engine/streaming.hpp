// SPDX-License-Identifier: Apache-2.0
//
// When results are written past the cache.

#ifndef FG_PLUGINS_CPU_ENGINE_STREAMING_HPP_
#define FG_PLUGINS_CPU_ENGINE_STREAMING_HPP_

#include <cstdint>

namespace fg::cpu {

// Of the last-level cache that one core sees, bytes; what is usual where the system does not tell.
std::int64_t last_level_bytes();

// Whether `written` bytes made from `read` bytes, which do not overlap, should go past the cache: they would
// push out of it what is read.
bool worth_streaming(std::int64_t written, std::int64_t read);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_STREAMING_HPP_
