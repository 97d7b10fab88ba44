// SPDX-License-Identifier: Apache-2.0

#include "conformance/controller/confirm.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace fg::conformance {
namespace {

constexpr unsigned kRepetitions = 3;
constexpr unsigned kBisectRuns = 60;

// The last case's outcome when the cases run in order in one process; nothing when it was not reached.
std::optional<Outcome> last_of(Pool& pool, const std::vector<std::size_t>& cases) {
  std::optional<Outcome> last;
  const auto take = [&](Outcome o) {
    if (o.index == cases.back()) last = o;
    return !o.died;
  };
  if (!pool.run(cases, 1, std::numeric_limits<std::size_t>::max(), take)) return std::nullopt;
  return last;
}

bool fails_last(Pool& pool, const std::vector<std::size_t>& before, std::size_t index) {
  std::vector<std::size_t> cases = before;
  cases.push_back(index);
  const std::optional<Outcome> o = last_of(pool, cases);
  return o && fails(o->result.verdict);
}

CaseResult after_others(Pool& pool, const std::vector<std::string>& names, const Outcome& failed) {
  CaseResult r = failed.result;
  const auto again = [&](const std::vector<std::size_t>& before) { return fails_last(pool, before, failed.index); };
  if (failed.before.empty() || !again(failed.before)) {
    r.text = "it was " + std::string(name(r.verdict)) + " once and passes alone: " + r.text;
    r.verdict = Verdict::flaky;
    return r;
  }
  const std::vector<std::size_t> shortest = shortest_failing(failed.before, again, kBisectRuns);
  for (const std::size_t i : shortest) r.sequence.push_back(names[i]);
  r.sequence.push_back(names[failed.index]);
  r.text = std::string(name(r.verdict)) + " after " + std::to_string(shortest.size()) +
           (shortest.size() == 1 ? " other case" : " other cases") + ", passes alone: " + r.text;
  r.verdict = Verdict::sequence;
  return r;
}

}  // namespace

std::vector<std::size_t> shortest_failing(std::vector<std::size_t> items,
                                          const std::function<bool(const std::vector<std::size_t>&)>& fails,
                                          unsigned budget) {
  for (std::size_t parts = 2; items.size() > 1 && budget > 0;) {
    const std::size_t size = (items.size() + parts - 1) / parts;
    bool smaller = false;
    for (std::size_t at = 0; at < items.size() && !smaller && budget > 0; at += size) {
      const auto from = items.begin() + static_cast<std::ptrdiff_t>(at);
      const auto to = items.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, items.size()));
      const std::vector<std::size_t> part(from, to);
      std::vector<std::size_t> rest(items.begin(), from);
      rest.insert(rest.end(), to, items.end());
      if (--budget, fails(part)) {
        items = part;
        parts = 2;
        smaller = true;
      } else if (parts > 2 && budget > 0 && (--budget, fails(rest))) {
        items = rest;
        parts = std::max<std::size_t>(parts - 1, 2);
        smaller = true;
      }
    }
    if (smaller) continue;
    if (parts >= items.size()) break;
    parts = std::min(parts * 2, items.size());
  }
  return items;
}

CaseResult confirm(Pool& pool, const std::vector<std::string>& names, const Outcome& failed) {
  const unsigned repetitions = failed.died ? 1 : kRepetitions;
  unsigned failures = 0;
  CaseResult last = failed.result;
  for (unsigned k = 0; k < repetitions && !stop_requested(); ++k) {
    const std::optional<Outcome> o = last_of(pool, {failed.index});
    if (!o || !fails(o->result.verdict)) continue;
    ++failures;
    last = o->result;
  }
  if (stop_requested()) return failed.result;
  if (failures == repetitions) return last;
  if (failures == 0) return after_others(pool, names, failed);
  last.text = "it failed in " + std::to_string(failures) + " of " + std::to_string(repetitions) +
              " repetitions alone, last as " + std::string(name(last.verdict)) + ": " + last.text;
  last.verdict = Verdict::flaky;
  return last;
}

}  // namespace fg::conformance
