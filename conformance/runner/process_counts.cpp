// SPDX-License-Identifier: Apache-2.0

#include "conformance/runner/process_counts.hpp"

#include <malloc.h>

#include <algorithm>
#include <filesystem>

namespace fg::conformance {
namespace {

std::int64_t entries(const char* folder) {
  std::error_code none;
  std::int64_t n = 0;
  for (std::filesystem::directory_iterator i(folder, none), end; i != end; i.increment(none)) ++n;
  return n;
}

std::int64_t heap_in_use() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
  return 0;  // another allocator, which counts elsewhere
#else
  return static_cast<std::int64_t>(mallinfo2().uordblks);
#endif
}

}  // namespace

ProcessCounts process_counts() { return {entries("/proc/self/fd"), entries("/proc/self/task"), heap_in_use()}; }

ProcessCounts operator-(const ProcessCounts& a, const ProcessCounts& b) {
  return {a.files - b.files, a.threads - b.threads, a.heap - b.heap};
}

ProcessCounts least_of(const ProcessCounts& a, const ProcessCounts& b) {
  return {std::min(a.files, b.files), std::min(a.threads, b.threads), std::min(a.heap, b.heap)};
}

}  // namespace fg::conformance
