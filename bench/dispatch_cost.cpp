// SPDX-License-Identifier: Apache-2.0

#include "bench/dispatch_cost.hpp"

#include <atomic>
#include <barrier>
#include <filesystem>
#include <thread>
#include <vector>

namespace fg::bench {
namespace {

constexpr std::int64_t kElements = 64;

struct Operands {
  Tensor a, b, out;
  explicit Operands(const Device& d)
      : a(Tensor::from(std::vector<float>(kElements, 1.0f), kElements, d)),
        b(Tensor::from(std::vector<float>(kElements, 2.0f), kElements, d)),
        out(Tensor::empty(kElements, kF32, d)) {}
  void add_out() { fg::add_out(out, a, b); }
  void add_new() { const Tensor fresh = fg::add(a, b); }
};

TimingOptions timing(double seconds) {
  TimingOptions o;
  o.min_ns = seconds * 1e9;
  o.batch_ns = 50e3;
  return o;
}

template <void (Operands::*F)()>
Times alone(const Device& d, double seconds) {
  Operands x(d);
  return measure([&] { (x.*F)(); }, [] {}, timing(seconds));
}

// Median time of a call for each of `n` threads that run at once.
template <void (Operands::*F)()>
std::vector<double> together(const Device& d, int n, double seconds) {
  std::barrier start(n);
  std::atomic<int> running{n};
  std::vector<double> ns(static_cast<std::size_t>(n));
  std::vector<std::thread> threads;
  for (int t = 0; t < n; ++t) {
    threads.emplace_back([&, t] {
      Operands x(d);
      (x.*F)();
      start.arrive_and_wait();
      ns[static_cast<std::size_t>(t)] = measure([&] { (x.*F)(); }, [] {}, timing(seconds)).p50;
      --running;
      while (running > 0) (x.*F)();  // The other is still being measured.
    });
  }
  for (std::thread& t : threads) t.join();
  return ns;
}

// Alone and together by the same code, in a thread of its own each time.
template <void (Operands::*F)()>
double loss_percent(const Device& d, double seconds) {
  const double one = together<F>(d, 1, seconds)[0];
  const std::vector<double> two = together<F>(d, 2, seconds);
  return 100 * (std::max(two[0], two[1]) / one - 1);
}

}  // namespace

std::string noop_folder() {
  namespace fs = std::filesystem;
  std::error_code ec;
  const fs::path self = fs::read_symlink("/proc/self/exe", ec);
  if (ec) return "";
  for (const fs::path& lib :
       {self.parent_path() / ".." / "lib", self.parent_path() / ".." / "lib" / "x86_64-linux-gnu"}) {
    const fs::path folder = lib / "fg" / "bench";
    if (fs::exists(folder / "libfg_noop.so", ec)) return fs::weakly_canonical(folder, ec).string();
  }
  return "";
}

DispatchCost measure_dispatch(const Device& device, double seconds) {
  DispatchCost c;
  try {
    c.prepared = alone<&Operands::add_out>(Device("noop"), seconds);
  } catch (const Exception& e) {
    c.note = e.what();
  }
  c.add_64_out = alone<&Operands::add_out>(device, seconds);
  c.add_64_new = alone<&Operands::add_new>(device, seconds);
  c.loss_out_percent = loss_percent<&Operands::add_out>(device, seconds);
  c.loss_new_percent = loss_percent<&Operands::add_new>(device, seconds);
  return c;
}

}  // namespace fg::bench
