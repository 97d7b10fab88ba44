// SPDX-License-Identifier: Apache-2.0
//
// Several threads at once, and what is left when they are done.

#include <barrier>
#include <thread>

#include "conformance/runner/direct.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "conformance/runner/process_counts.hpp"

namespace fg::conformance {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::int64_t kElements = 256;

// What one thread works with: a call of `a + b * s + plus`.
struct Bench {
  std::unique_ptr<RawAxpy> axpy;
  Owned<fg_stream> stream;

  static Result<Bench> make(const Direct& d, double s, double plus) {
    FG_TRY_ASSIGN(std::unique_ptr<RawAxpy> axpy, RawAxpy::make(d, kElements, s, plus));
    FG_TRY_ASSIGN(Owned<fg_stream> stream, d.stream());
    return Bench{std::move(axpy), std::move(stream)};
  }
  std::string launch(const Direct& d, const fg_kernel& kernel) {
    const fg_launch l = axpy->call().launch(stream.get());
    if (const fg_status s = kernel.launch(&kernel, &l); s < 0) return expect_status("launch", s, FG_OK);
    const Result<std::string> checked = axpy->check(d, stream.get());
    return checked ? *checked : checked.error().message;
  }
};

Result<std::vector<std::unique_ptr<Bench>>> benches(const Direct& d, double plus) {
  std::vector<std::unique_ptr<Bench>> all;
  for (std::size_t t = 0; t < kThreads; ++t) {
    FG_TRY_ASSIGN(Bench b, Bench::make(d, static_cast<double>(t + 2), plus));
    all.push_back(std::make_unique<Bench>(std::move(b)));
  }
  FG_TRY_ASSIGN(const Owned<fg_kernel> served, d.prepare(all[0]->axpy->sig()));  // else there is nothing to ask
  return all;
}

// body(thread) on all threads at once; the first complaint.
std::string at_once(const std::function<std::string(std::size_t)>& body) {
  std::barrier<> start(static_cast<std::ptrdiff_t>(kThreads));
  std::vector<std::string> texts(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        texts[t] = body(t);
      });
    }
  }
  for (const std::string& text : texts) {
    if (!text.empty()) return text;
  }
  return "";
}

// One prepare, launch, release, `rounds` times.
std::string churn(const Direct& d, Bench& b, int rounds) {
  for (int k = 0; k < rounds; ++k) {
    const Result<Owned<fg_kernel>> kernel = d.prepare(b.axpy->sig());
    if (!kernel) return kernel.error().message;
    if (std::string text = b.launch(d, **kernel); !text.empty()) return text;
  }
  return "";
}

}  // namespace

Result<std::string> parallel_prepare(const Device& device) {
  constexpr int kRounds = 50;
  constexpr std::size_t kHeld = 4;  // kernels of each thread
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  FG_TRY_ASSIGN(const auto all, benches(d, 0.25));
  const std::optional<fg_test_counts> before = d.counts();
  std::barrier<> together(static_cast<std::ptrdiff_t>(kThreads));
  // Counted by one thread while the others wait.
  const auto counted = [&](std::size_t t, std::uint64_t more) -> std::string {
    together.arrive_and_wait();
    std::string text;
    const std::optional<fg_test_counts> now = t == 0 && before ? d.counts() : std::nullopt;
    if (now && now->kernels != before->kernels + more) {
      text = std::to_string(now->kernels) + " kernels are counted, " + std::to_string(before->kernels + more) + " live";
    }
    together.arrive_and_wait();
    return text;
  };
  std::string text = at_once([&](std::size_t t) {
    std::string wrong;
    const auto note = [&](std::string complaint) {
      if (wrong.empty()) wrong = std::move(complaint);
    };
    for (int k = 0; k < kRounds; ++k) {
      std::vector<Owned<fg_kernel>> held;
      for (std::size_t n = 0; n < kHeld; ++n) {
        Result<Owned<fg_kernel>> kernel = d.prepare(all[t]->axpy->sig());
        if (!kernel) {
          note(kernel.error().message);
          continue;  // the others wait for this thread
        }
        note(all[t]->launch(d, **kernel));
        held.push_back(std::move(*kernel));
      }
      note(counted(t, kThreads * kHeld));
      held.clear();
      note(counted(t, 0));
    }
    return wrong;
  });
  return text.empty() ? text : "four threads that prepare, launch and release: " + text;
}

Result<std::string> parallel_first_launch(const Device& device) {
  constexpr int kKernels = 20;
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  for (int k = 0; k < kKernels; ++k) {
    FG_TRY_ASSIGN(const auto all, benches(d, k + 1));
    FG_TRY_ASSIGN(const Owned<fg_kernel> kernel, d.prepare(all[0]->axpy->sig()));
    std::string text = at_once([&](std::size_t t) { return all[t]->launch(d, *kernel); });
    if (!text.empty()) return "the first launch of a kernel, by four threads at once: " + text;
  }
  return "";
}

Result<std::string> log_calls_back(const Device& device) {
  constexpr double kPatience = 5;
  FG_TRY_ASSIGN(const Direct first, Direct::of(device));
  FG_TRY_ASSIGN(const auto all, benches(first, 0));
  // A host whose log asks the plugin something, as an application's may.
  struct Curious {
    std::shared_ptr<TestHost> host;
    std::shared_ptr<RawAxpy> question;
    std::optional<Direct> direct;
    std::atomic<int> depth{0};

    fg_status ask() {
      fg_verdict v{};
      v.hdr.struct_size = sizeof v;
      return direct->api().query(direct->instance(), &question->sig(), &v);
    }
  };
  auto curious = std::make_shared<Curious>();
  FG_TRY_ASSIGN(curious->host, TestHost::of(device));
  curious->question = std::move(all[0]->axpy);
  FG_TRY_ASSIGN(curious->direct, Direct::fresh(device, *curious->host));
  curious->host->on_log = [c = curious.get()] {
    if (c->depth.fetch_add(1) == 0) c->ask();
    --c->depth;
  };
  return within(kPatience, "a query whose log line asks the plugin again",
                [curious] { return expect_status("query", std::min<fg_status>(curious->ask(), FG_OK), FG_OK); });
}

Result<std::string> nothing_left_behind(const Device& device) {
  constexpr int kRounds = 200;
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  FG_TRY_ASSIGN(const auto all, benches(d, 0.5));
  std::string text = churn(d, *all[0], 1);  // what is made once
  if (!text.empty()) return text;
  const std::optional<fg_test_counts> before = d.counts();
  const ProcessCounts held = process_counts();
  text = churn(d, *all[0], kRounds);
  if (!text.empty()) return text;
  const std::string after = " after " + std::to_string(kRounds) + " kernels";
  if (const std::int64_t more = (process_counts() - held).files; more > 0)
    return std::to_string(more) + " more files are open" + after;
  const std::optional<fg_test_counts> now = d.counts();
  if (!before || !now) return "";
  const auto more = [&](const char* what, std::uint64_t x, std::uint64_t y) {
    return y > x ? std::to_string(y - x) + " more " + what + after : std::string();
  };
  for (std::string t :
       {more("kernels", before->kernels, now->kernels), more("buffers", before->buffers, now->buffers),
        more("streams", before->streams, now->streams), more("timelines", before->timelines, now->timelines)}) {
    if (!t.empty()) return t;
  }
  return "";
}

Result<std::string> no_memory_lost(const Device& device) {
  constexpr int kRounds = 500;
  constexpr std::int64_t kNoise = 16 * kRounds;  // bytes: less than any object takes
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  FG_TRY_ASSIGN(const auto all, benches(d, 0.75));
  ProcessCounts least{INT64_MAX, INT64_MAX, INT64_MAX};
  for (int k = 0; k < 4; ++k) {
    const ProcessCounts before = process_counts();
    if (std::string text = churn(d, *all[0], kRounds); !text.empty()) return fail(FG_E_INTERNAL, std::move(text));
    least = least_of(least, process_counts() - before);
  }
  if (least.heap <= kNoise) return "";
  return std::to_string(least.heap / kRounds) + " bytes of the heap are lost with every kernel";
}

}  // namespace fg::conformance
