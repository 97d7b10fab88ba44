// SPDX-License-Identifier: Apache-2.0

#include "conformance/controller/deadlines.hpp"

#include <algorithm>

#include "conformance/runner/probes.hpp"

namespace fg::conformance {
namespace {

constexpr std::size_t kRemembered = 31;
constexpr double kFactor = 20;
// The least leaves time for a kernel that has to be compiled on a busy machine.
constexpr std::chrono::milliseconds kLeast{60'000}, kMost{600'000};

}  // namespace

std::string_view kind_of(std::string_view id) { return id.substr(0, id.find('/')); }

std::chrono::milliseconds Deadlines::of(std::string_view id) const {
  if (fixed_.count() > 0) return fixed_;
  if (is_large(id)) return kMost;
  const auto it = taken_.find(kind_of(id));
  if (it == taken_.end()) return kLeast;
  std::vector<double> sorted = it->second;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return std::clamp(std::chrono::milliseconds(static_cast<std::int64_t>(*middle * kFactor)), kLeast, kMost);
}

void Deadlines::learn(std::string_view id, double milliseconds) {
  std::vector<double>& taken = taken_[std::string(kind_of(id))];
  if (taken.size() == kRemembered) taken.erase(taken.begin());
  taken.push_back(milliseconds);
}

}  // namespace fg::conformance
