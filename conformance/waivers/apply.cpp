// SPDX-License-Identifier: Apache-2.0
//
// From waivers and results to verdicts.

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "conformance/cases/case.hpp"
#include "conformance/report/report.hpp"
#include "conformance/waivers/waivers.hpp"

namespace fg::conformance {
namespace {

using Owners = std::unordered_map<std::string_view, std::size_t>;  // case -> position of its waiver

// Can the core keep an operator from running because this case is waived?  A claim that nobody serves
// needs no keeping.
bool names_an_operator(std::string_view id) {
  const std::string_view area = id.substr(0, id.find('.'));
  return is_operator_area(area) || area == "claim";
}

Result<void> take(const std::vector<Waiver>& waivers, std::size_t k, std::span<const std::string> plan, WaiverUse& use,
                  Owners& owners) {
  const Waiver& w = waivers[k];
  for (const std::string& id : plan) {
    if (!glob_matches(w.cases, id)) continue;
    ++use.matched;
    if (!names_an_operator(id)) {
      return invalid(
          fmt::format("{}: {} matches {}: it is no case of an operator, and cannot be waived", w.where, w.cases, id));
    }
    const auto [at, first] = owners.try_emplace(id, k);
    if (!first)
      return invalid(fmt::format("{}: {} matches {} too, as {} does", w.where, w.cases, id, waivers[at->second].where));
  }
  if (use.matched == 0) return invalid(fmt::format("{}: {} matches no case of the plan", w.where, w.cases));
  if (use.matched > kMaxWaivedCases) {
    return invalid(fmt::format("{}: {} matches {} cases of the plan, at most {} are allowed", w.where, w.cases,
                               use.matched, kMaxWaivedCases));
  }
  return {};
}

void judge_again(const Waiver& w, WaiverUse& use, CaseResult& r) {
  const bool named = std::find(w.verdicts.begin(), w.verdicts.end(), r.verdict) != w.verdicts.end();
  if (passes(r.verdict)) {
    r.text = fmt::format("passed as {}, although {} expects a failure: delete the entry or narrow its pattern",
                         name(r.verdict), w.where);
    r.verdict = Verdict::xpass;
    ++use.passed;
  } else if (named && can_be_waived(r.verdict)) {
    r.text.insert(0, fmt::format("{} waived until {} ({}: {}){}", name(r.verdict), w.expires, w.owner, w.reason,
                                 r.text.empty() ? "" : "; "));
    r.verdict = Verdict::waived;
    ++use.waived;
  }
}

}  // namespace

Result<std::vector<WaiverUse>> apply_waivers(const std::vector<Waiver>& waivers, const Subject& subject,
                                             std::span<const std::string> plan, std::vector<CaseResult>& results) {
  std::vector<WaiverUse> uses(waivers.size());
  Owners owners;
  std::string problems;
  for (std::size_t k = 0; k < waivers.size(); ++k) {
    uses[k].waiver = waivers[k];
    // Entries for others are counted too: a pattern that rots is found by everybody.
    Owners none;
    const auto taken = take(waivers, k, plan, uses[k], waivers[k].concerns(subject) ? owners : none);
    if (!taken) problems.append(problems.empty() ? "" : "\n").append(taken.error().message);
  }
  if (!problems.empty()) return invalid(std::move(problems));
  for (CaseResult& r : results) {
    if (const auto at = owners.find(r.id); at != owners.end()) judge_again(waivers[at->second], uses[at->second], r);
  }
  std::erase_if(uses, [&](const WaiverUse& u) { return !u.waiver.concerns(subject); });
  return uses;
}

std::string text_of(const std::vector<WaiverUse>& uses) {
  std::string out;
  for (const WaiverUse& u : uses) {
    out += fmt::format("{} of {} cases of {} waived until {} ({}: {})\n", u.waived, u.matched, u.waiver.cases,
                       u.waiver.expires, u.waiver.owner, u.waiver.reason);
  }
  return out;
}

}  // namespace fg::conformance
