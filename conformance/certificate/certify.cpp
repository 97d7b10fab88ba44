// SPDX-License-Identifier: Apache-2.0
//
// Which runs decide, and what they certify.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "conformance/certificate/certificate.hpp"

namespace fg::conformance {
namespace {

constexpr std::array<std::string_view, 3> kTiers{"quick", "standard", "full"};

class Reasons {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> text, Args&&... args) {
    if (!all_.empty()) all_ += '\n';
    all_ += fmt::format(text, std::forward<Args>(args)...);
  }
  const std::string& text() const { return all_; }

 private:
  std::string all_;
};

void judge_extent(const Report& report, Reasons& no) {
  const Subject& s = report.subject;
  if (report.interrupted) no.add("the run was interrupted: finish it with --resume");
  if (!s.filters.empty())
    no.add("the run was filtered by {}: a certificate needs every case", fmt::join(s.filters, " "));
  if (s.shards > 1)
    no.add("this is shard {} of {}: merge the journals of all shards, then sign the result", s.shard, s.shards);
  if (std::find(kTiers.begin(), kTiers.end(), s.tier) == kTiers.end()) {
    no.add("the run judged recorded results ({}): a certificate needs a tier of the suite", s.tier);
  }
}

void judge_plan(const Report& report, std::span<const std::string> plan, Reasons& no) {
  const std::unordered_set<std::string_view> planned(plan.begin(), plan.end());
  std::unordered_set<std::string_view> seen;
  for (const CaseResult& r : report.results) {
    if (!seen.insert(r.id).second) return no.add("{} has two results", r.id);
    if (!planned.contains(r.id))
      return no.add("{} is no case of this suite's plan: sign with the suite that ran it", r.id);
  }
  if (seen.size() == planned.size()) return;
  const auto missing =
      std::find_if(plan.begin(), plan.end(), [&](const std::string& id) { return !seen.contains(id); });
  no.add("the run is partial: {} of {} cases have no result, first {}", planned.size() - seen.size(), planned.size(),
         *missing);
}

// One sentence for each kind of verdict that stands in the way.
void judge_verdicts(const Report& report, Reasons& no) {
  std::map<Verdict, std::pair<std::size_t, std::string>> found;  // how many, the first
  for (const CaseResult& r : report.results) {
    if (!fails(r.verdict)) continue;
    auto& [n, first] = found[r.verdict];
    if (n++ == 0) first = r.id;
  }
  for (const auto& [verdict, seen] : found) {
    const auto& [n, first] = seen;
    switch (verdict) {
      case Verdict::not_run: no.add("{} cases were planned and not run to a verdict, first {}", n, first); break;
      case Verdict::mistrusted:
        no.add("{} cases could not be judged (MISTRUSTED), first {}: report it, it is the suite's fault", n, first);
        break;
      case Verdict::oracle_doubt:
        no.add("in {} cases the oracle contradicts a recorded result (ORACLE_DOUBT), first {}: report it", n, first);
        break;
      case Verdict::xpass:
        no.add("{} cases passed although a waiver expects a failure (XPASS), first {}: mend the waiver file", n, first);
        break;
      default:
        no.add("{} cases are {}, first {}{}", n, name(verdict), first,
               severe(verdict) ? ": severe, and not to be waived" : "");
    }
  }
  if (count(report.results).passed == 0) no.add("no case passed");
}

void judge_waivers(const Report& report, const std::vector<WaiverUse>& uses, Reasons& no) {
  std::size_t accounted = 0;
  for (const WaiverUse& u : uses) accounted += u.waived;
  const auto waived = static_cast<std::size_t>(std::count_if(
      report.results.begin(), report.results.end(), [](const CaseResult& r) { return r.verdict == Verdict::waived; }));
  if (waived != accounted)
    no.add("{} cases are WAIVED, the waivers given account for {}: sign with the file of the run", waived, accounted);
  for (const WaiverUse& u : uses) {
    if (u.waived == 0 && u.passed == 0)
      no.add("{}: {} waived nothing: none of its cases failed as it says", u.waiver.where, u.waiver.cases);
  }
}

core::CertifiedSubject certified(const Subject& s) {
  core::CertifiedSubject c;
  c.plugin = s.vendor;
  c.plugin_version = s.plugin_version;
  c.build_id = s.build_id;
  c.plugin_sha256 = s.plugin_sha256;
  c.device = s.device;
  c.device_uuid = s.device_uuid;
  c.description = s.description;
  c.arch = s.arch;
  c.driver = s.driver;
  c.os = s.os;
  c.processor = s.processor;
  c.suite = s.version;
  c.abi = s.abi;
  c.catalogue = s.catalogue;
  c.profile = s.profile;
  c.tier = s.tier;
  c.plan_root = s.plan_root;
  c.operators = static_cast<std::int64_t>(s.operators);
  c.planned = static_cast<std::int64_t>(s.planned);
  c.seed = s.seed;
  return c;
}

core::CertifiedWaiver certified(const WaiverUse& use) {
  const Waiver& w = use.waiver;
  core::CertifiedWaiver c{w.cases, w.reason, w.owner, w.issue, w.expires, {}, static_cast<std::int64_t>(use.waived)};
  for (const Verdict v : w.verdicts) c.verdicts.emplace_back(name(v));
  return c;
}

}  // namespace

Result<core::Certificate> certify(const Report& report, std::span<const std::string> plan,
                                  const std::vector<WaiverUse>& uses, const Provenance& provenance) {
  Reasons no;
  judge_extent(report, no);
  judge_plan(report, plan, no);
  judge_verdicts(report, no);
  judge_waivers(report, uses, no);
  if (!core::is_lower_hex(report.subject.plugin_sha256, 32))
    no.add("the journal does not say which file was judged: its plugin_sha256 is '{}'", report.subject.plugin_sha256);
  if (provenance.journal_head.empty()) no.add("the journal has no hash of its last line");
  if (!no.text().empty()) return fail(FG_E_STATE, no.text());

  core::Certificate c;
  c.subject = certified(report.subject);
  for (const CaseResult& r : report.results) ++c.verdicts[std::string(name(r.verdict))];
  FG_TRY_ASSIGN(c.operators, rows_of(report.results));
  for (const WaiverUse& u : uses) c.waivers.push_back(certified(u));
  c.journal_head = provenance.journal_head;
  c.journal_lines = static_cast<std::int64_t>(provenance.journal_lines);
  c.started = provenance.started;
  c.milliseconds = std::llround(report.seconds * 1000);
  return c;
}

}  // namespace fg::conformance
