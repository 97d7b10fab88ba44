// SPDX-License-Identifier: Apache-2.0
//
// What a replay costs: 100 dependent additions of 1024 f32, from the call until the host knows that they are over.
// Measures; no test.  GEMS_VENDOR chooses the plugin.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "fg/fg.hpp"

namespace {

using Clock = std::chrono::steady_clock;

template <class F>
double median_us(F&& f) {
  std::vector<double> times;
  for (int k = 0; k < 300; ++k) {
    const auto begin = Clock::now();
    f();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + 150, times.end());
  return times[150];
}

}  // namespace

int main() {
  constexpr int kKernels = 100;
  const auto one = fg::full({1024}, 1.0, fg::kF32);
  const auto x = fg::full({1024}, 0.0, fg::kF32), other = fg::full({1024}, 0.0, fg::kF32);
  const auto chain = [&] {
    auto y = x;
    for (int k = 0; k < kKernels; ++k) y = fg::add(y, one);
    return y;
  };
  fg::Device().synchronize();
  fg::Capture capture;
  const auto y = chain();
  fg::Graph graph = capture.end();
  const double eager = median_us([&] {
    chain();
    fg::Device().synchronize();
  });
  const double replay = median_us([&] {
    graph.replay();
    fg::Device().synchronize();
  });
  std::vector<double> calls;
  for (int k = 0; k < 300; ++k) {
    const auto begin = Clock::now();
    graph.replay();
    calls.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    fg::Device().synchronize();
  }
  std::nth_element(calls.begin(), calls.begin() + 150, calls.end());
  bool turn = false;
  const double rebound = median_us([&] {
    turn = !turn;
    graph.rebind(x, turn ? other : x);
    graph.replay();
    fg::Device().synchronize();
  });
  std::printf(
      "%d additions: eager %.0f us, replayed %.0f us, of which the call %.0f us, replayed with a rebind before each "
      "%.0f us\n",
      kKernels, eager, replay, calls[150], rebound);
}
