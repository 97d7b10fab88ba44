// SPDX-License-Identifier: Apache-2.0

#include "tests/mutants/controller.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "tests/mutants/edited.hpp"

namespace fg::mutants {
namespace {

// One in so many launches, by their shapes.
constexpr std::uint64_t kRare = 100, kCorrupting = 50, kMenacing = 500;

void flood(const Call& call) {
  const std::string line(64 << 10, '#');
  std::fputs(line.c_str(), stdout);
  std::fputs(line.c_str(), stderr);
  const fg_host& host = *call.kernel.owner->host;
  host.log(host.ctx, FG_LOG_ERROR, "mutant", 0, line.c_str());
}

// The heap of the host near a block of its own: what belongs to whoever allocated there.
void corrupt() {
  constexpr std::size_t kBlock = 48, kReach = 4096;
  const auto address = reinterpret_cast<std::uintptr_t>(std::malloc(kBlock));
  for (std::uintptr_t at = address + kBlock; at < address + kReach; ++at)
    *reinterpret_cast<volatile unsigned char*>(at) = 0xEE;
}

// An address that the compiler cannot know to be wrong.
void crash() {
  volatile std::uintptr_t nowhere = 8;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

void hang() {
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

// Where the suite is sure to look: behind the last element of an input.
void write_behind_input(const Call& call) {
  if (call.launch.n_in == 0) return;
  const fg_tensor& t = in_of(call);
  if (t.ptr != nullptr && sdk::numel(t) > 0) scribble(t, last_offset(t) + 1);
}

// Three bugs in one plugin, each in launches of its own.
void menace(const Call& call) {
  switch (hash_of(call) % kMenacing) {
    case 0: return crash();
    case 1: return hang();
    case 2: return write_behind_input(call);
    default: return;
  }
}

}  // namespace

std::uint64_t hash_of(const Call& call) {
  std::uint64_t h = call.kernel.uid;
  const auto mix = [&](std::uint64_t x) { h = (h ^ x) * 0x9E3779B97F4A7C15u, h ^= h >> 29; };
  for (int i = 0; i < call.launch.n_out + call.launch.n_in; ++i) {
    const fg_tensor& t = call.launch.t[i];
    mix(t.dtype);
    for (int d = 0; d < t.ndim; ++d) mix(static_cast<std::uint64_t>(t.shape[d]));
  }
  if (call.kernel.programs.main) mix(call.kernel.programs.main->view().hash[0]);
  return h;
}

void misbehave(const Call& call) {
  if (has(fault("flooder"))) flood(call);
  if (has(fault("corrupter")) && hash_of(call) % kCorrupting == 0) corrupt();
  if (has(fault("menace"))) return menace(call);
  const bool rare = conformance::kFaults[g_fault.load()].family == "controller" && hash_of(call) % kRare == 0;
  if (!rare) return;
  if (has(fault("crasher"))) crash();
  if (has(fault("hanger"))) hang();
  if (has(fault("forker"))) (void)::fork();
}

}  // namespace fg::mutants
