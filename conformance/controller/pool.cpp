// SPDX-License-Identifier: Apache-2.0

#include "conformance/controller/pool.hpp"

#include <algorithm>
#include <atomic>

#include "conformance/controller/greeting.hpp"
#include "conformance/report/case_json.hpp"

namespace fg::conformance {
namespace {

std::atomic<bool> g_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

// Names sent ahead of the answers: enough that a worker never waits for the controller.
constexpr std::size_t kAhead = 16;
constexpr int kPollMilliseconds = 200;
// Workers in a row that die before they have opened the plugin.
constexpr unsigned kMostFailedStarts = 3;

std::string seconds_text(std::chrono::milliseconds ms) { return std::to_string(ms.count() / 1000) + " s"; }

}  // namespace

void request_stop() { g_stop.store(true); }
bool stop_requested() { return g_stop.load(); }

Result<void> Pool::run(std::span<const std::size_t> cases, unsigned jobs, std::size_t fresh_after,
                       const std::function<bool(Outcome)>& take) {
  waiting_.assign(cases.begin(), cases.end());
  take_ = take;
  go_on_ = true;
  std::vector<Slot> slots(std::max(1u, jobs));
  const auto busy = [](const Slot& s) { return s.process != nullptr; };
  if (waiting_.empty() && !opened_) {
    FG_TRY_ASSIGN(slots.front().process, WorkerProcess::start(worker_));
  }
  while (!waiting_.empty() || std::any_of(slots.begin(), slots.end(), busy)) {
    for (Slot& slot : slots) FG_TRY(feed(slot, slots, fresh_after));
    wait(slots);
    for (Slot& slot : slots) {
      FG_TRY(listen(slot));
      FG_TRY(watch(slot));
      if (!go_on_ || stop_requested()) return {};
    }
  }
  return {};
}

// Cases of one kind share compiled programs: a worker stays with a kind, and takes up one that no other is at.  One
// worker alone keeps to the order given: what fails after certain cases is run again so.
std::size_t Pool::take_waiting(Slot& slot, std::span<const Slot> slots) {
  const auto taken = [&](std::string_view kind) {
    return std::any_of(slots.begin(), slots.end(),
                       [&](const Slot& s) { return s.process != nullptr && s.kind == kind; });
  };
  auto chosen = slots.size() == 1 ? waiting_.begin() : waiting_.end();
  for (auto it = waiting_.begin(); slots.size() > 1 && it != waiting_.end(); ++it) {
    const std::string_view kind = kind_of(names_[*it]);
    if (kind == slot.kind || (chosen == waiting_.end() && !taken(kind))) chosen = it;
    if (kind == slot.kind) break;
  }
  if (chosen == waiting_.end()) chosen = waiting_.begin();  // Helps another with its kind.
  const std::size_t index = *chosen;
  slot.kind = kind_of(names_[index]);
  waiting_.erase(chosen);
  return index;
}

Result<void> Pool::feed(Slot& slot, std::span<const Slot> slots, std::size_t fresh_after) {
  if (slot.process == nullptr) {
    if (waiting_.empty()) return {};
    slot = Slot{};
    FG_TRY_ASSIGN(slot.process, WorkerProcess::start(worker_));
  }
  while (!slot.finishing) {
    if (waiting_.empty() || slot.sent.size() + slot.done.size() >= fresh_after) {
      slot.finishing = true;
      slot.process->finish();
    } else if (slot.sent.size() < kAhead) {
      slot.sent.push_back(take_waiting(slot, slots));
      slot.process->send(names_[slot.sent.back()]);
    } else {
      break;
    }
  }
  return {};
}

void Pool::wait(std::vector<Slot>& slots) const {
  std::vector<pollfd> wanted;
  for (const Slot& slot : slots) {
    if (slot.process) slot.process->add_to(wanted);
  }
  ::poll(wanted.data(), wanted.size(), kPollMilliseconds);
}

Result<void> Pool::listen(Slot& slot) {
  if (slot.process == nullptr) return {};
  slot.process->pump();
  for (const std::string& line : slot.process->take_lines()) {
    if (slot.process == nullptr || !go_on_) break;
    FG_TRY(hear(slot, line));
  }
  return {};
}

Result<void> Pool::hear(Slot& slot, const std::string& line) {
  if (!slot.greeted) {
    FG_TRY_ASSIGN(const std::optional<Subject> subject, greeting_of(line));
    if (!subject) return bury(slot, Verdict::crash, "spoilt the worker's answers");
    slot.greeted = true;
    failed_starts_ = 0;
    if (!std::exchange(opened_, true) && when_opened_) go_on_ = when_opened_(*subject);
    return {};
  }
  Result<CaseResult> result = case_from_json(line);
  if (!result || slot.sent.empty() || result->id != names_[slot.sent.front()])
    return bury(slot, Verdict::crash, "spoilt the worker's answers");
  Outcome o{slot.sent.front(), std::move(*result), false, {}};
  if (fails(o.result.verdict)) o.before = slot.done;
  deadlines_.learn(o.result.id, o.result.milliseconds);
  slot.sent.pop_front();
  slot.done.push_back(o.index);
  const bool lost = o.result.verdict == Verdict::device_lost;
  go_on_ = take_(std::move(o));
  if (!lost) return {};
  // Whatever follows in that process proves nothing.
  waiting_.insert(waiting_.begin(), slot.sent.begin(), slot.sent.end());
  slot.process.reset();
  return {};
}

Result<void> Pool::watch(Slot& slot) {
  if (slot.process == nullptr || !go_on_) return {};
  const WorkerProcess& p = *slot.process;
  if (p.ended()) {
    const bool orderly = *p.ended() == 0 && slot.greeted && slot.finishing && slot.sent.empty();
    if (!orderly) return bury(slot, Verdict::crash, "the process ended: " + ending_text(*p.ended()));
    slot.process.reset();
    return {};
  }
  std::chrono::milliseconds limit = Deadlines::kStart;
  if (slot.greeted && !slot.sent.empty()) {
    if (p.begun() <= slot.done.size()) return {};  // It has not begun what it was sent.
    limit = deadlines_.of(names_[slot.sent.front()]);
  } else if (slot.greeted) {
    if (p.phase() != Phase::leave) return {};
    limit = Deadlines::kLeave;
  }
  if (p.busy_for() < limit) return {};
  return bury(slot, Verdict::hang, "no answer within " + seconds_text(limit));
}

Result<void> Pool::bury(Slot& slot, Verdict verdict, const std::string& how) {
  const std::unique_ptr<WorkerProcess> process = std::move(slot.process);
  const Phase phase = process->phase();
  const std::uint64_t begun = process->begun();
  process->end();
  Outcome o;
  o.died = true;
  if (begun > slot.done.size() && !slot.sent.empty()) {
    o.index = slot.sent.front();
    slot.sent.pop_front();
  } else if (!slot.done.empty()) {
    o.index = slot.done.back();  // in its own time, or when everything was released
    slot.done.pop_back();
  } else {
    waiting_.insert(waiting_.begin(), slot.sent.begin(), slot.sent.end());
    if (++failed_starts_ < kMostFailedStarts) return {};
    return fail(FG_E_UNSUPPORTED, "the plugin cannot be opened in a process of its own: " + how + ", in phase " +
                                      std::string(name(phase)) + "\n" + process->said());
  }
  waiting_.insert(waiting_.begin(), slot.sent.begin(), slot.sent.end());
  o.before = std::move(slot.done);
  o.result.id = names_[o.index];
  // The plugin is not asked anything in these phases: that the suite is slow there says nothing of it.
  const bool own = phase == Phase::prepare || phase == Phase::oracle || phase == Phase::compare;
  o.result.verdict = verdict == Verdict::hang && own ? Verdict::mistrusted : verdict;
  o.result.phase = name(phase);
  o.result.text = how + ", in phase " + o.result.phase;
  o.result.milliseconds = std::chrono::duration<double, std::milli>(process->busy_for()).count();
  if (!process->said().empty()) o.result.text += "; it said: " + process->said();
  go_on_ = take_(std::move(o));
  return {};
}

}  // namespace fg::conformance
