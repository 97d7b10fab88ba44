// SPDX-License-Identifier: Apache-2.0
//
// A few cases run again by somebody else: results that were made up, or of another file, show.

#include <fmt/format.h>
#include <sodium/randombytes.h>

#include <algorithm>
#include <map>

#include "conformance/certificate/certificate.hpp"
#include "conformance/data/rng.hpp"

namespace fg::conformance {
namespace {

bool waived(const core::Certificate& c, const CaseResult& r) {
  return std::any_of(c.waivers.begin(), c.waivers.end(), [&](const core::CertifiedWaiver& w) {
    return glob_matches(w.cases, r.id) &&
           std::find(w.verdicts.begin(), w.verdicts.end(), name(r.verdict)) != w.verdicts.end();
  });
}

}  // namespace

std::uint64_t fresh_seed() {
  std::uint64_t seed = 0;
  randombytes_buf(&seed, sizeof seed);
  return seed;
}

std::vector<std::string> spot_choice(std::span<const std::string> plan, std::size_t n, std::uint64_t seed) {
  std::vector<std::string> ids(plan.begin(), plan.end());
  std::sort(ids.begin(), ids.end());
  const Rng rng(seed);
  n = std::min(n, ids.size());
  for (std::size_t i = 0; i < n; ++i) std::swap(ids[i], ids[i + rng.bits(i) % (ids.size() - i)]);
  ids.resize(n);
  return ids;
}

std::vector<std::string> contradictions(const core::Certificate& certificate, const std::vector<CaseResult>& results) {
  std::map<RowKey, const core::CertifiedRow*> rows;
  for (const core::CertifiedRow& r : certificate.operators) rows[{r.op, r.dtype, r.by}] = &r;
  std::vector<std::string> out;
  for (const CaseResult& r : results) {
    if (fails(r.verdict) && !waived(certificate, r)) {
      out.push_back(fmt::format("{} is {}, no such failure is in the certificate", r.id, name(r.verdict)));
      continue;
    }
    const auto key = row_of(r.id);
    if (!key || !*key) continue;
    const auto at = rows.find(**key);
    const core::CertifiedRow* row = at == rows.end() ? nullptr : at->second;
    if (r.verdict == Verdict::not_claimed && row != nullptr && row->passed == row->cases) {
      out.push_back(
          fmt::format("{} is NOT_CLAIMED, the certificate has {} {} passed whole", r.id, row->op, row->dtype));
    }
    if (passes(r.verdict) && !r.id.starts_with("robust.") && (row == nullptr || row->passed == 0)) {
      out.push_back(
          fmt::format("{} passes, the certificate has no passed case of {} {}", r.id, (*key)->op, (*key)->dtype));
    }
  }
  return out;
}

}  // namespace fg::conformance
