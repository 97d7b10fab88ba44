// SPDX-License-Identifier: Apache-2.0

#include "bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fg::bench {
namespace {

std::string time_text(double ns) {
  if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.2f} us", ns * 1e-3);
  if (ns < 1e9) return fmt::format("{:.2f} ms", ns * 1e-6);
  return fmt::format("{:.2f} s", ns * 1e-9);
}

const Measured* find(const Report& r, std::string_view name) {
  const auto it = std::ranges::find(r.cases, name, &Measured::name);
  return it == r.cases.end() || it->state != Measured::State::timed ? nullptr : &*it;
}

std::string case_line(const Measured& m) {
  if (m.state != Measured::State::timed) return fmt::format("  {:<58} {}: {}\n", m.name, state_name(m.state), m.text);
  std::string line = fmt::format("  {:<58} {:>10} {:>10} {:>10} {:>8.1f}", m.name, time_text(m.times.p20),
                                 time_text(m.times.p50), time_text(m.times.p80), m.gbps);
  line += m.flops > 0 ? fmt::format(" {:>8.3f}", m.tflops) : std::string(9, ' ');
  if (m.percent_of_roofline > 0)
    line += fmt::format(" {:>6.1f} % {}{}", m.percent_of_roofline, m.bound, m.in_cache ? ", cached" : "");
  if (m.scaled > 1) line += fmt::format("  scaled to {}", m.shapes);
  return line + "\n";
}

std::string roofline_text(const Roofline& r) {
  std::string t = fmt::format(
      "roofline  triad {:.1f} GB/s ({:.1f} ordinary, {:.1f} streaming stores)   read {:.1f} GB/s   FMA f32 {:.0f}  f64 "
      "{:.0f}",
      r.triad_gbps, r.triad_cached_gbps, r.triad_streaming_gbps, r.read_gbps, r.fma_f32_gflops, r.fma_f64_gflops);
  if (r.fma_bf16_gflops > 0) t += fmt::format("  bf16 {:.0f}", r.fma_bf16_gflops);
  return t + " GFLOP/s\n";
}

}  // namespace

std::vector<Limit> limits(const Report& r) {
  std::vector<Limit> all{
      {"dispatch_prepared_ns", "dispatch of a prepared operator, 3 tensors, kernel that does nothing", 0, 100, false,
       false, "ns"},
      {"add_64_out_ns", "add of 64 floats into a given output, C++ API", 0, 150, false, false, "ns"},
      {"add_64_new_ns", "add of 64 floats with a new output, C++ API", 0, 300, false, false, "ns"},
      {"two_threads_loss_percent", "two threads dispatching at once, loss of the slower", 0, 20, false, false, "%"},
      {"add_f32_4096x4096_percent_of_triad", "add f32 [4096, 4096] of the memory triad", 0, 85, true, false, "%"},
      {"mm_f32_1024_percent_of_fma", "mm f32 1024 x 1024 x 1024 of the FMA peak", 0, 80, true, false, "%"},
  };
  const auto set = [&](std::size_t i, double value) {
    all[i].value = value;
    all[i].measured = true;
  };
  if (r.has_dispatch) {
    if (r.dispatch.prepared.samples > 0) set(0, r.dispatch.prepared.p50);
    set(1, r.dispatch.add_64_out.p50);
    set(2, r.dispatch.add_64_new.p50);
    set(3, std::max(r.dispatch.loss_out_percent, r.dispatch.loss_new_percent));
  }
  // Both sides at their undisturbed best: p20 against p20.
  const Measured* add = find(r, "add/f32/self=4096x4096,other=4096x4096");
  if (add != nullptr && add->scaled == 1 && r.roofline.triad_gbps > 0)
    set(4, 100 * add->bytes / add->times.p20 / r.roofline.triad_gbps);
  const Measured* mm = find(r, "mm/f32/self=1024x1024,mat2=1024x1024");
  if (mm != nullptr && mm->scaled == 1 && r.roofline.fma_f32_gflops > 0)
    set(5, 100 * mm->flops / mm->times.p20 / r.roofline.fma_f32_gflops);
  return all;
}

std::string to_table(const Report& r) {
  std::string out =
      fmt::format("fg-bench {}\nplugin  {}   device  {} {}\nmachine  {}, {} cores used, load {:.1f} at the start\n",
                  r.version, r.plugin, r.device, r.driver, r.machine.processor, r.machine.cpus.size(), r.machine.load);
  if (r.has_roofline) out += roofline_text(r.roofline);
  if (!r.cases.empty()) {
    out += fmt::format("\n  {:<58} {:>10} {:>10} {:>10} {:>8} {:>8} {:>8}\n", "case", "p20", "p50", "p80", "GB/s",
                       "TFLOP/s", "roofline");
    for (const Measured& m : r.cases) out += case_line(m);
  }
  if (!r.peers.empty()) out += "\npeers\n";
  for (const PeerResult& p : r.peers) {
    const Measured* ours = find(r, p.case_name);
    out +=
        fmt::format("  {:<58} {:>10} {:>10} {:>8.3f} TFLOP/s", p.case_name, p.peer, time_text(p.times.p50), p.tflops);
    out += ours != nullptr ? fmt::format("   ours is {:.2f} times as fast\n", p.times.p50 / ours->times.p50) : "\n";
  }
  out += "\nlimits\n";
  for (const Limit& l : limits(r)) {
    const std::string value = l.measured ? fmt::format("{:.1f} {}", l.value, l.unit) : "not measured";
    out += fmt::format("  {:<72} {:>14}   {} {:g} {}   {}\n", l.text, value, l.at_least ? "at least" : "at most",
                       l.limit, l.unit,
                       !l.measured ? ""
                       : l.met()   ? "met"
                                   : "MISSED");
  }
  if (!r.dispatch.note.empty()) out += "  note: " + r.dispatch.note + "\n";
  const auto count = [&](Measured::State s) { return std::ranges::count(r.cases, s, &Measured::state); };
  out += fmt::format("\n{} timed", count(Measured::State::timed));
  for (const auto s :
       {Measured::State::wrong, Measured::State::failed, Measured::State::not_served, Measured::State::out_of_memory}) {
    if (count(s) > 0) out += fmt::format(" · {} {}", count(s), state_name(s));
  }
  return out + fmt::format(" · {:.1f} s\n", r.seconds);
}

}  // namespace fg::bench
