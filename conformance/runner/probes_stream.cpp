// SPDX-License-Identifier: Apache-2.0
//
// The order of work.  A gate, a timeline that the host opens later, holds the producer back; a consumer
// that does not wait finds what was there before.  On a synchronous device a gate blocks the caller, so
// another thread opens it.

#include <chrono>
#include <cstring>
#include <thread>

#include "conformance/runner/direct.hpp"
#include "conformance/runner/probes.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "core/registry/loader.hpp"

namespace fg::conformance {
namespace {

constexpr std::int64_t kElements = 1 << 16;
constexpr std::uint64_t kBytes = kElements * sizeof(std::uint32_t);
constexpr std::uint32_t kOld = 0x0DD0DD00u, kNew = 0x600D600Du;
constexpr auto kDelay = std::chrono::milliseconds(20);

// Two streams, memory that holds kOld, and a gate that opens after a while.
struct Race {
  Direct d;
  RawBuffer from, to;
  Owned<fg_stream> first, second;
  Owned<fg_timeline> gate, done;
  std::jthread opener;

  static Result<Race> make(const Device& device) {
    FG_TRY_ASSIGN(Direct d, Direct::of(device));
    const std::vector<std::uint32_t> old(kElements, kOld);
    FG_TRY_ASSIGN(RawBuffer from, d.buffer(kBytes));
    FG_TRY_ASSIGN(RawBuffer to, d.buffer(kBytes));
    FG_TRY(d.put(from, 0, std::as_bytes(std::span(old))));
    FG_TRY(d.put(to, 0, std::as_bytes(std::span(old))));
    FG_TRY_ASSIGN(Owned<fg_stream> first, d.stream());
    FG_TRY_ASSIGN(Owned<fg_stream> second, d.stream());
    FG_TRY_ASSIGN(Owned<fg_timeline> gate, d.timeline());
    FG_TRY_ASSIGN(Owned<fg_timeline> done, d.timeline());
    return Race{std::move(d),      std::move(from), std::move(to),   std::move(first),
                std::move(second), std::move(gate), std::move(done), {}};
  }
  const fg_api& api() const { return d.api(); }
  // Holds `stream` back for a while.
  void hold(fg_stream* stream) {
    opener = std::jthread([&api = d.api(), g = gate.get()] {
      std::this_thread::sleep_for(kDelay);
      api.host_signal(g, 1);
    });
    api().stream_wait(stream, gate.get(), 1);
  }
  void fill(fg_stream* s, const RawBuffer& b, std::uint32_t value) {
    api().fill(s, b.handle.get(), 0, kBytes, value, nullptr);
  }
  void copy(fg_stream* s) { api().copy(s, to.handle.get(), 0, from.handle.get(), 0, kBytes, nullptr); }
  // Whether all elements of `b` are `value`, once both streams have finished.
  Result<bool> holds(const RawBuffer& b, std::uint32_t value) {
    if (opener.joinable()) opener.join();
    FG_TRY(d.finish(first.get()));
    FG_TRY(d.finish(second.get()));
    std::vector<std::uint32_t> got(kElements);
    FG_TRY(d.get(b, 0, std::as_writable_bytes(std::span(got))));
    return got == std::vector<std::uint32_t>(kElements, value);
  }
};

// The second stream copies what the first fills late; with the wait it must see it.
Result<bool> crossed(const Device& device, bool with_wait) {
  FG_TRY_ASSIGN(Race r, Race::make(device));
  r.hold(r.first.get());
  r.fill(r.first.get(), r.from, kNew);
  r.api().stream_signal(r.first.get(), r.done.get(), 1);
  if (with_wait) r.api().stream_wait(r.second.get(), r.done.get(), 1);
  r.copy(r.second.get());
  return r.holds(r.to, kNew);
}

}  // namespace

Result<std::string> stream_order(const Device& device) {
  constexpr int kRounds = 20;
  FG_TRY_ASSIGN(Race r, Race::make(device));
  r.hold(r.first.get());
  for (std::uint32_t k = 0; k < kRounds; ++k) {
    // Each step undoes or reads the one before: any other order ends in another value.
    r.fill(r.first.get(), r.from, kNew + k);
    r.copy(r.first.get());
    r.fill(r.first.get(), r.from, kOld);
  }
  FG_TRY_ASSIGN(const bool right, r.holds(r.to, kNew + kRounds - 1));
  if (!right) return "fill, copy, fill on one stream did not run in that order";
  FG_TRY_ASSIGN(const bool last, r.holds(r.from, kOld));
  return last ? "" : "the last fill of a stream was not the last to run";
}

Result<std::string> waits_for_timeline(const Device& device) {
  constexpr int kTries = 5;
  for (int k = 0; k < kTries; ++k) {
    FG_TRY_ASSIGN(const bool right, crossed(device, true));
    if (!right) return "a stream that waited for another's timeline read what was there before";
  }
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  if (d.synchronous()) return "";  // nothing can be early there, so there is nothing to be sensitive to
  for (int k = 0; k < kTries; ++k) {
    FG_TRY_ASSIGN(const bool lucky, crossed(device, false));
    if (!lucky) return "";
  }
  return std::string(kProvesNothing);
}

Result<std::string> signals_after_work(const Device& device) {
  FG_TRY_ASSIGN(Race r, Race::make(device));
  r.hold(r.first.get());
  for (std::uint64_t k = 1; k <= 4; ++k) {
    r.fill(r.first.get(), r.to, kNew + static_cast<std::uint32_t>(k));
    if (r.api().stream_signal(r.first.get(), r.done.get(), k) < 0) return "stream_signal failed";
  }
  for (std::uint64_t k = 1; k <= 4; ++k) {
    fg_error err = core::fresh_error();
    if (r.api().host_wait(r.done.get(), k, -1, &err) < 0) return std::string("host_wait failed: ") + err.message;
    std::uint32_t got = 0;
    FG_TRY(r.d.get(r.to, kBytes - sizeof got, std::as_writable_bytes(std::span(&got, 1))));
    if (got < kNew + k || got > kNew + 4)
      return "after waiting for value " + std::to_string(k) + " the work before that signal was not done";
  }
  FG_TRY_ASSIGN(const bool right, r.holds(r.to, kNew + 4));
  return right ? "" : "the last of four fills was lost";
}

Result<std::string> descriptors_end_with_the_call(const Device& device) {
  FG_TRY_ASSIGN(Race r, Race::make(device));
  FG_TRY_ASSIGN(const std::unique_ptr<RawAxpy> x, RawAxpy::make(r.d, kElements, 2));
  FG_TRY_ASSIGN(const std::unique_ptr<RawAxpy> y, RawAxpy::make(r.d, kElements, 7));
  FG_TRY_ASSIGN(const Owned<fg_kernel> kernel, r.d.prepare(x->sig()));
  r.hold(r.first.get());
  fg_status s = FG_OK;
  {
    const fg_launch l = x->call().launch(r.first.get());
    s = kernel->launch(kernel.get(), &l);
  }
  // What the call pointed to is the caller's again; another launch has other tensors and scalars.
  x->scalar().v.f = 1000;
  std::memset(x->call().tensors().data(), 0, x->call().tensors().size() * sizeof(fg_tensor));
  if (s >= 0) {
    const fg_launch l = y->call().launch(r.first.get());
    s = kernel->launch(kernel.get(), &l);
  }
  if (s < 0) return expect_status("launch", s, FG_OK);
  r.opener.join();
  FG_TRY_ASSIGN(std::string text, x->check(r.d, r.first.get()));
  if (!text.empty()) return "a launch used its descriptors after it had returned: " + text;
  FG_TRY_ASSIGN(text, y->check(r.d, r.first.get()));
  return text.empty() ? text : "the second of two launches: " + text;
}

Result<std::string> timelines(const Device& device) {
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  FG_TRY_ASSIGN(const Owned<fg_timeline> t, d.timeline());
  const fg_api& api = d.api();
  const auto wait = [&](std::uint64_t value, std::int64_t ns) { return api.host_wait(t.get(), value, ns, nullptr); };
  using Clock = std::chrono::steady_clock;
  constexpr std::int64_t kTimeout = 20'000'000;
  if (wait(1, 0) != FG_NOT_READY) return "polling a timeline that is not there yet did not give FG_NOT_READY";
  const Clock::time_point start = Clock::now();
  if (wait(1, kTimeout) != FG_E_TIMEOUT) return "waiting in vain for 20 ms did not give FG_E_TIMEOUT";
  if (Clock::now() - start < std::chrono::nanoseconds(kTimeout)) return "a time-out of 20 ms came early";
  if (api.host_signal(t.get(), 3) != FG_OK || wait(2, 0) != FG_OK || wait(3, -1) != FG_OK)
    return "a timeline raised to 3 is not there";
  if (std::string s = expect_status("lowering a timeline", api.host_signal(t.get(), 2), FG_E_INVALID); !s.empty())
    return s;
  std::uint64_t value = 0;
  if (api.timeline_read(t.get(), &value, nullptr) != FG_OK || value != 3) return "timeline_read does not give 3";
  return "";
}

}  // namespace fg::conformance
