// SPDX-License-Identifier: Apache-2.0
//
// Known failures that somebody answers for until a date: a YAML file that the vendor keeps.
//
//   waivers:
//     - cases: op.sort/self=f16*        # glob over names of cases; 1 to 200 of the plan
//       verdicts: [FAIL, SPECIAL_VALUE]
//       plugin: acme                    # glob over the plugin's name; left out: any
//       device: Acme One*               # glob over the device's description; left out: any
//       driver: {from: "22.3", to: "22.9"}  # both ends included; left out: any
//       reason: the sorting network loses the second NaN
//       owner: kernels@acme.example
//       issue: https://acme.example/issues/7
//       expires: 2027-03-31             # at most 180 days ahead

#ifndef FG_CONFORMANCE_WAIVERS_WAIVERS_HPP_
#define FG_CONFORMANCE_WAIVERS_WAIVERS_HPP_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/report/subject.hpp"
#include "conformance/runner/judge.hpp"

namespace fg::conformance {

inline constexpr std::size_t kMaxWaivedCases = 200;
inline constexpr int kMaxWaiverDays = 180;

struct Waiver {
  std::string where;  // "waivers.yaml:12"
  std::string cases;
  std::vector<Verdict> verdicts;
  std::string plugin, device, driver_from, driver_to;  // empty: any
  std::string reason, owner, issue, expires;

  // Whether it speaks of this plugin, device and driver.
  bool concerns(const Subject& subject) const;
};

// Verdicts that a waiver may name: failures of the plugin that leave memory and processes whole.
bool can_be_waived(Verdict verdict);

// Reads a file as of the day `today`, "2027-01-31".  Every mistake is an error with file and line, an
// expired entry too.
Result<std::vector<Waiver>> parse_waivers(std::string_view text, const std::string& file, std::string_view today);
Result<std::vector<Waiver>> read_waivers(const std::string& path, std::string_view today);

// What became of one entry.
struct WaiverUse {
  Waiver waiver;
  std::size_t matched = 0;  // cases of the plan
  std::size_t waived = 0;   // results that failed and are WAIVED now
  std::size_t passed = 0;   // results that are XPASS now
};

// Changes verdicts: a waived failure becomes WAIVED, a passing case that is expected to fail XPASS.
// `plan`: the names of all cases of the tier, whatever ran of them.  Entries for other plugins,
// devices or drivers are left out of what comes back.  An error, and nothing changed, when an entry
// matches no case, too many, one that another matches too, or one that no operator answers for.
Result<std::vector<WaiverUse>> apply_waivers(const std::vector<Waiver>& waivers, const Subject& subject,
                                             std::span<const std::string> plan, std::vector<CaseResult>& results);

// "2 of 3 cases of op.sort/* waived until 2027-03-31 (kernels@acme.example: reason)": a line each.
std::string text_of(const std::vector<WaiverUse>& uses);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_WAIVERS_WAIVERS_HPP_
