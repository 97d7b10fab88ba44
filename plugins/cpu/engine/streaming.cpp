// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/engine/streaming.hpp"

#include <algorithm>
#include <fstream>

namespace fg::cpu {

std::int64_t last_level_bytes() {
  // Some machines tell the sum over all chips, or what other virtual machines use too.
  static constexpr std::int64_t kLeast = 4 << 20, kUsual = 32 << 20, kMost = 64 << 20;
  static const std::int64_t bytes = [] {
    std::ifstream size("/sys/devices/system/cpu/cpu0/cache/index3/size");  // "32768K"
    std::int64_t kibibytes = 0;
    return size >> kibibytes && kibibytes > 0 ? std::clamp(kibibytes << 10, kLeast, kMost) : kUsual;
  }();
  return bytes;
}

// Measured over sizes, with 0, 1 and 2 operands a result: with something to read, stores past the cache win
// once both together fill more than half of it; alone, whole lines are written without being fetched and
// ordinary stores keep up until the results are a few times the cache.
bool worth_streaming(std::int64_t written, std::int64_t read) {
  const std::int64_t cache = last_level_bytes();
  return read >= written / 4 ? written + read >= cache / 8 * 5 : written >= 4 * cache;
}

}  // namespace fg::cpu
