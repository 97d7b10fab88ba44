// SPDX-License-Identifier: Apache-2.0
//
// fg-bench: times what the plugin serves.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "bench/case_json.hpp"
#include "bench/cases.hpp"
#include "bench/compare.hpp"
#include "bench/html.hpp"
#include "bench/limits.hpp"
#include "bench/options.hpp"
#include "bench/peer_process.hpp"
#include "bench/report.hpp"

namespace fg::bench {
namespace {

std::atomic<bool> g_interrupted{false};

int leave(int code, const std::string& why) {
  std::cerr << "fg-bench: " << why << "\n";
  return code;
}

// `--plugin` as the library's two words: a vendor name and folders to search first.
struct Choice {
  std::string vendor, folders;
};
Choice choose(const std::string& plugin) {
  namespace fs = std::filesystem;
  Choice c{plugin, ""};
  const fs::path path(plugin);
  if (path.has_parent_path()) {
    std::error_code ec;
    c.folders = fs::weakly_canonical(fs::absolute(path).parent_path(), ec).string();
  }
  const std::string file = path.filename().string();
  if (file.starts_with("libfg_") && file.ends_with(".so"))
    c.vendor = file.substr(6, file.size() - 9);
  else if (path.has_parent_path())
    c.vendor = path.stem().string();
  if (const std::string noop = noop_folder(); !noop.empty()) c.folders += (c.folders.empty() ? "" : ":") + noop;
  return c;
}

void progress(const Options& o, std::size_t i, std::size_t n, const std::string& name) {
  if (o.quiet) return;
  if (::isatty(STDERR_FILENO) != 0)
    std::fprintf(stderr, "\r\x1b[2K%zu/%zu  %s", i, n, name.c_str());
  else if (n < 10 || i % (n / 10) == 0)
    std::fprintf(stderr, "%zu/%zu  %s\n", i, n, name.c_str());
}
void clear_progress(const Options& o) {
  if (!o.quiet && ::isatty(STDERR_FILENO) != 0) std::fputs("\r\x1b[2K", stderr);
}

// The matrix products among the cases, for the peers.
std::vector<Product> products_of(const std::vector<Case>& cases) {
  std::vector<Product> out;
  for (const Case& c : cases) {
    if (c.op->name != "mm" || (c.dtype != FG_F32 && c.dtype != FG_F64)) continue;
    const auto& a = c.values.args[0].shapes[0];
    const auto& b = c.values.args[1].shapes[0];
    out.push_back({c.name, static_cast<int>(a[0]), static_cast<int>(a[1]), static_cast<int>(b[1]), c.dtype == FG_F64});
  }
  return out;
}

// The sorts along the last dimension, for std::sort.
std::vector<Sorting> sorts_of(const std::vector<Case>& cases) {
  std::vector<Sorting> out;
  for (const Case& c : cases) {
    if (c.op->name != "sort" || c.dtype != FG_F32) continue;
    const auto& shape = c.values.args[0].shapes[0];
    if (shape.empty() || shape.size() > 2 || shape.back() == 0) continue;
    out.push_back({c.name, shape.size() == 2 ? shape[0] : 1, shape.back()});
  }
  return out;
}

// The costs of dispatch are measured unless a filter leaves "dispatch" out.
bool wants_dispatch(const Options& o) {
  return o.filters.empty() || std::ranges::any_of(o.filters, [](const std::string& f) { return glob(f, "dispatch"); });
}

// Our case, then the peer's, before the next: a noisy neighbour meets both.  `memory`: null on a device with its own.
void measure_cases(const Options& o, const std::vector<Case>& cases, const Device& device, const MemoryProbe* memory,
                   PeerProcess* peer, Report& r) {
  for (std::size_t i = 0; i < cases.size() && !g_interrupted; ++i) {
    progress(o, i, cases.size(), cases[i].name);
    Roofline roofline = r.roofline;
    Bandwidth beside;
    if (memory != nullptr && judged_by_memory(cases[i].name))
      static_cast<Bandwidth&>(roofline) = beside = memory->measure(o.min_time_s);
    r.cases.push_back(run_case(cases[i], device, roofline, r.machine, o.min_time_s));
    r.cases.back().beside = beside;
    fg_memory_trim(device.handle(), nullptr);
    if (peer == nullptr || r.cases.back().state != Measured::State::timed) continue;
    if (auto result = peer->measure(cases[i])) r.peers.push_back(std::move(*result));
  }
  if (peer == nullptr) return;
  if (peer->left_out() > 0)
    r.peer_notes.push_back(peer->name() + " has no such call in " + std::to_string(peer->left_out()) + " cases");
  if (!peer->failure().empty()) r.peer_notes.push_back(peer->name() + ": " + peer->failure());
}

Report measure_all(const Options& o, const std::vector<Case>& cases, const Device& device, PeerProcess* peer) {
  const auto start = Clock::now();
  Report r;
  r.version = fg_version();
  r.plugin = device.vendor();
  const fg_device_info info = device.info();
  r.device = device.name() + " " + info.name;
  r.driver = info.driver;
  r.machine = look_at_machine();
  progress(o, 0, cases.size(), "roofline");
  const double roofline_seconds = o.quick ? 0.3 : 1.0;
  std::optional<MemoryProbe> memory;
  if ((info.caps & FG_D_HOST_VISIBLE) != 0) {
    memory.emplace(r.machine);
    r.roofline = measure_roofline(r.machine, *memory, roofline_seconds);
  } else {
    r.roofline = measure_device_roofline(device, roofline_seconds);
  }
  r.has_roofline = true;
  measure_cases(o, cases, device, memory ? &*memory : nullptr, peer, r);
  memory.reset();
  if (!g_interrupted && wants_dispatch(o)) {
    progress(o, cases.size(), cases.size(), "dispatch");
    r.dispatch = measure_dispatch(device, o.quick ? 0.2 : 0.5);
    r.has_dispatch = true;
  }
  if (!g_interrupted && o.peers) {
    progress(o, cases.size(), cases.size(), "peers");
    for (PeerResult& p : measure_peers(products_of(cases), static_cast<int>(r.machine.cpus.size()), o.min_time_s))
      r.peers.push_back(std::move(p));
    for (PeerResult& p : measure_sorts(sorts_of(cases), o.min_time_s)) r.peers.push_back(std::move(p));
  }
  clear_progress(o);
  r.seconds = ns_since(start) * 1e-9;
  return r;
}

int verdict(const Options& o, const Report& r) {
  if (g_interrupted) return kInterrupted;
  for (const Measured& m : r.cases) {
    if (m.state == Measured::State::wrong || m.state == Measured::State::failed) return kFailures;
  }
  if (o.enforce) {
    for (const Limit& l : limits(r)) {
      if (!l.met()) return kFailures;
    }
  }
  return kOk;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return "";
  return {std::istreambuf_iterator<char>(in), {}};
}

int run_compare(const Options& o) {
  const auto r = compare_documents(read_file(o.before), read_file(o.after), o.threshold);
  if (!r) return leave(kUsage, r.error().message);
  std::cout << r->text;
  return r->slower > 0 ? kFailures : kOk;
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  return static_cast<bool>((out << text).flush());
}

int run_html(const Options& o) {
  const auto page = html_page(read_file(o.before));
  if (!page) return leave(kUsage, o.before + ": " + page.error().message);
  return write_file(o.after, *page) ? kOk : leave(kUsage, "cannot write " + o.after);
}

void print_list(const Options& o, const std::vector<Case>& cases) {
  if (o.json) {
    std::cout << cases_json(cases);
    return;
  }
  for (const Case& c : cases) std::cout << c.name << "\n";
  if (wants_dispatch(o)) std::cout << "dispatch\n";
}

// The forms that a report takes; an exit code.
int publish(const Options& o, const Report& r) {
  const std::string json = to_json(r);
  std::cout << (o.json ? json : to_table(r));
  if (!o.output.empty() && !write_file(o.output, json)) return leave(kUsage, "cannot write " + o.output);
  if (o.html.empty()) return kOk;
  const auto page = html_page(json);
  if (!page) return leave(kInternal, page.error().message);
  return write_file(o.html, *page) ? kOk : leave(kUsage, "cannot write " + o.html);
}

int run(const Options& o) {
  if (o.verb == Options::Verb::compare) return run_compare(o);
  if (o.verb == Options::Verb::html) return run_html(o);
  const auto cases = make_cases(o);
  if (!cases) return leave(kUsage, cases.error().message);
  if (cases->empty() && !wants_dispatch(o))
    return leave(kNothing, "the filter selected nothing; fg-bench --list prints the names");
  if (o.verb == Options::Verb::list) {
    print_list(o, *cases);
    return kOk;
  }
  restrict_cpus(o.threads);
  const Choice choice = choose(o.plugin);
  std::optional<Device> device;
  try {
    init(choice.vendor, choice.folders);
    device = Device(choice.vendor);
  } catch (const Exception& e) {
    return leave(kUnavailable, e.what());
  }
  std::optional<PeerProcess> peer;
  if (!o.peer_command.empty()) {
    auto started = PeerProcess::start(o.peer_command, static_cast<int>(look_at_machine().cpus.size()), o.min_time_s);
    if (!started) return leave(kUnavailable, started.error().message);
    peer.emplace(std::move(*started));
  }
  const Report r = measure_all(o, *cases, *device, peer ? &*peer : nullptr);
  if (const int failed = publish(o, r); failed != kOk) return failed;
  return verdict(o, r);
}

}  // namespace
}  // namespace fg::bench

int main(int argc, char** argv) {
  try {
    const fg::bench::Parsed parsed = fg::bench::parse_options(argc, argv);
    if (parsed.leave) return parsed.exit_code;
    std::signal(SIGINT, [](int) { fg::bench::g_interrupted = true; });
    return fg::bench::run(parsed.options);
  } catch (const std::exception& e) {
    std::cerr << "fg-bench: " << e.what() << "\n";
    return fg::bench::kInternal;
  }
}
