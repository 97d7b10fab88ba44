// SPDX-License-Identifier: Apache-2.0

#include "conformance/runner/room.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace fg::conformance {
namespace {

// The number behind `key` at the start of a line, in the units of the file.
std::uint64_t number_of(const std::string& path, const std::string& key, std::uint64_t otherwise) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    std::uint64_t n = 0;
    if (!key.empty() && (!(words >> word) || word != key)) continue;
    if (words >> n) return n;
  }
  return otherwise;
}

}  // namespace

std::uint64_t host_memory_left(const std::string& root) {
  constexpr std::uint64_t kUnknown = UINT64_MAX;
  const std::uint64_t kib = number_of(root + "/proc/meminfo", "MemAvailable:", kUnknown / 1024);
  const std::string group = root + "/sys/fs/cgroup/memory.";
  // "max" is no number: no limit.
  const std::uint64_t limit = number_of(group + "max", "", kUnknown), used = number_of(group + "current", "", 0);
  // Pages of files are given back on demand.
  const std::uint64_t files = std::min(number_of(group + "stat", "inactive_file", 0), used);
  const std::uint64_t left = limit == kUnknown ? kUnknown : limit - std::min(limit, used - files);
  return std::min(kib * 1024, left);
}

Result<void> need_memory(const fg_device_info& device, std::uint64_t host_left, std::uint64_t bytes) {
  const std::uint64_t wanted = bytes + bytes / 8;
  std::uint64_t left = device.mem_free > 0 ? device.mem_free : device.mem_total;
  if ((device.caps & FG_D_HOST_VISIBLE) != 0) left = std::min(left, host_left);
  if (wanted <= left) return {};
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  return fail(FG_E_OOM_DEVICE, "needs " + std::to_string(wanted / kMiB) + " MiB of the device, which has " +
                                   std::to_string(left / kMiB) + " left");
}

}  // namespace fg::conformance
