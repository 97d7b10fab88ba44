// SPDX-License-Identifier: Apache-2.0

#include "bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/limits.hpp"
#include "bench/ratios.hpp"

namespace fg::bench {
namespace {

std::string time_text(double ns) {
  if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.2f} us", ns * 1e-3);
  if (ns < 1e9) return fmt::format("{:.2f} ms", ns * 1e-6);
  return fmt::format("{:.2f} s", ns * 1e-9);
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
  if (r.of_device) return fmt::format("roofline  copy {:.1f} GB/s by the plugin's own copy\n", r.copy_gbps);
  std::string t = fmt::format(
      "roofline  triad {:.1f} GB/s ({:.1f} ordinary, {:.1f} streaming stores)   read {:.1f} GB/s   over arrays of "
      "{:.0f} "
      "MiB   FMA f32 {:.0f}  f64 {:.0f}",
      r.triad_gbps, r.triad_cached_gbps, r.triad_streaming_gbps, r.read_gbps, r.array_bytes / (1 << 20),
      r.fma_f32_gflops, r.fma_f64_gflops);
  if (r.fma_bf16_gflops > 0) t += fmt::format("  bf16 {:.0f}", r.fma_bf16_gflops);
  return t + " GFLOP/s\n";
}

}  // namespace

const Measured* timed_case(const Report& r, std::string_view name) {
  const auto it = std::ranges::find(r.cases, name, &Measured::name);
  return it == r.cases.end() || it->state != Measured::State::timed ? nullptr : &*it;
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
  for (const PeerRatios& p : ratios(r)) {
    out += fmt::format("\n{}: geometric mean of its time over ours {:.2f} in {} cases\n", p.peer, p.geomean, p.cases);
    for (const OperatorRatio& o : p.operators)
      out += fmt::format("  {:<40} {:>8.2f} {:>8.2f} at least, {} cases ({})\n", o.op, o.geomean, o.least, o.cases,
                         o.least_case);
  }
  for (const std::string& note : r.peer_notes) out += "  note: " + note + "\n";
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
