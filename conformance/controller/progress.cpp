// SPDX-License-Identifier: Apache-2.0

#include "conformance/controller/progress.hpp"

#include <algorithm>
#include <cstdio>

namespace fg::conformance {

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::show(std::size_t done, std::size_t failed, const std::string& doing) {
  if (quiet_ || total_ == 0) return;
  if (!terminal_) {
    const std::size_t tenth = done * 10 / total_;
    if (tenth > tenths_) std::fprintf(stderr, "%zu/%zu  %zu failed\n", done, total_, failed);
    tenths_ = std::max(tenths_, tenth);
    return;
  }
  const double now = seconds();
  if (now - shown_ < 0.1) return;
  shown_ = now;
  const double left = done == 0 ? 0 : now / static_cast<double>(done) * static_cast<double>(total_ - done);
  const int eta = static_cast<int>(left);
  std::fprintf(stderr, "\r\033[K%zu/%zu  %zu failed  ETA %d:%02d  %.50s", done, total_, failed, eta / 60, eta % 60,
               doing.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace fg::conformance
