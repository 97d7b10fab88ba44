// SPDX-License-Identifier: Apache-2.0

#include "bench/machine.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

namespace fg::bench {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

std::vector<int> cores_of_mask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof mask, &mask) != 0) return {0};
  std::set<std::string> seen;  // "package:core", so that a second hardware thread counts no more
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &mask)) continue;
    const std::string topology = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    const std::string core = first_line(topology + "physical_package_id") + ":" + first_line(topology + "core_id");
    if (core == ":" || seen.insert(core).second) cpus.push_back(cpu);
  }
  return cpus;
}

std::string field(const char* path, const std::string& key) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

// A processor of many chips has a last cache on each of them.
double last_caches_of(const std::vector<int>& cpus) {
  std::map<int, std::map<std::string, double>> bytes;  // By level and by the cores that share it.
  for (const int cpu : cpus) {
    const std::string caches = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cache/index";
    for (int i = 0;; ++i) {
      const std::string cache = caches + std::to_string(i) + "/";
      const std::string level = first_line(cache + "level");
      if (level.empty()) break;
      const double kibibytes = std::strtod(first_line(cache + "size").c_str(), nullptr);  // "32768K"
      bytes[std::atoi(level.c_str())][first_line(cache + "shared_cpu_list")] = kibibytes * 1024;
    }
  }
  double all = 0;
  if (!bytes.empty()) {
    for (const auto& [cores, size] : bytes.rbegin()->second) all += size;
  }
  if (all > 0) return all;
  // Some C libraries count what other chips have, too.
  for (const int level : {_SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL4_CACHE_SIZE})
    all = std::max(all, static_cast<double>(::sysconf(level)));
  return all;
}

}  // namespace

Machine look_at_machine() {
  Machine m;
  m.processor = field("/proc/cpuinfo", "model name");
  m.cpus = cores_of_mask();
  m.last_cache = last_caches_of(m.cpus);
  m.core_caches =
      static_cast<double>(std::max(0L, ::sysconf(_SC_LEVEL2_CACHE_SIZE))) * static_cast<double>(m.cpus.size());
  m.memory_available = std::strtod(field("/proc/meminfo", "MemAvailable").c_str(), nullptr) * 1024;
  double load[1] = {0};
  if (::getloadavg(load, 1) == 1) m.load = load[0];
  return m;
}

void restrict_cpus(int threads) {
  if (threads <= 0) return;
  const std::vector<int> cores = cores_of_mask();
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (std::size_t i = 0; i < cores.size() && i < static_cast<std::size_t>(threads); ++i) CPU_SET(cores[i], &mask);
  ::sched_setaffinity(0, sizeof mask, &mask);
}

}  // namespace fg::bench
