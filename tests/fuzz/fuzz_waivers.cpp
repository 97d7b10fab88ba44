// SPDX-License-Identifier: Apache-2.0
//
// Any text as a waiver file: refused with a message that names the file, or taken; what is taken
// waives no severe verdict and can be applied.

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/waivers/waivers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fg::conformance;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto waivers = parse_waivers(text, "a.yaml", "2027-01-31");
  if (!waivers) {
    if (waivers.error().message.find("a.yaml") == std::string::npos) std::abort();
    return 0;
  }
  for (const Waiver& w : *waivers) {
    if (!std::all_of(w.verdicts.begin(), w.verdicts.end(), can_be_waived)) std::abort();
  }
  const std::vector<std::string> plan{"op.add/self=f32:3,other=f32:3/real/new#0", "op.mm/self=f16:3x3/real/new#0",
                                      "claim.mm", "stream.synchronize"};
  std::vector<CaseResult> results;
  for (const Verdict v : {Verdict::fail, Verdict::pass, Verdict::crash, Verdict::fail}) {
    results.push_back({});
    results.back().id = plan[results.size() - 1];
    results.back().verdict = v;
  }
  Subject subject;
  subject.driver = "22.3";
  if (!apply_waivers(*waivers, subject, plan, results)) return 0;
  if (results[2].verdict != Verdict::crash || results[3].verdict != Verdict::fail) std::abort();
  return 0;
}
