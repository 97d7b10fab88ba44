// SPDX-License-Identifier: Apache-2.0
//
// How long a case may take: 20 times the median of cases like it, at least a minute and at most 10.

#ifndef FG_CONFORMANCE_CONTROLLER_DEADLINES_HPP_
#define FG_CONFORMANCE_CONTROLLER_DEADLINES_HPP_

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fg::conformance {

// Area and operator of a case: what stands before the first slash.
std::string_view kind_of(std::string_view id);

class Deadlines {
 public:
  static constexpr std::chrono::seconds kStart{60};  // for opening the plugin
  static constexpr std::chrono::seconds kLeave{20};  // for releasing everything

  // `fixed` > 0 holds for every case.
  explicit Deadlines(std::chrono::milliseconds fixed = {}) : fixed_(fixed) {}

  std::chrono::milliseconds of(std::string_view id) const;
  void learn(std::string_view id, double milliseconds);

 private:
  std::chrono::milliseconds fixed_;
  std::map<std::string, std::vector<double>, std::less<>> taken_;  // the last few of each kind
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CONTROLLER_DEADLINES_HPP_
