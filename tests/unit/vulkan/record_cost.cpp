// SPDX-License-Identifier: Apache-2.0
//
// vulkan_record_cost: host time of recording one dispatch of three buffers, and of such dispatches with a wait behind
// each.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "plugins/gpu/runtime.hpp"

namespace {

using Clock = std::chrono::steady_clock;

fg::gpu::Source added() {
  fg::gpu::Source s;
  s.name = "added";
  s.buffers = {{"y", FG_F32, fg::gpu::Access::write}, {"a", FG_F32}, {"b", FG_F32}};
  s.params = {{fg::gpu::ParamType::idx, "count"}};
  s.body =
      "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (at < count) y_store(at, a_load(at) + "
      "b_load(at));\n";
  return s;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

fg::Result<void> run() {
  const fg_host host{};
  FG_TRY_ASSIGN(const auto runtime, fg::gpu::open_runtime(host));
  if (runtime->devices().empty()) return fg::unsupported("no device");
  fg::gpu::Device& device = *runtime->devices()[0];
  FG_TRY_ASSIGN(const auto stream, device.make_stream(0));
  FG_TRY_ASSIGN(const auto timeline, device.make_timeline(0));
  FG_TRY_ASSIGN(const auto memory, device.allocate(FG_MEM_DEVICE, 1 << 20, 256));
  FG_TRY_ASSIGN(const fg::gpu::Program* program, device.programs().get(added()));
  const fg::gpu::BufferRef buffers[] = {{memory.get(), 0}, {memory.get(), 4096}, {memory.get(), 8192}};
  const std::vector<fg::gpu::Value> values{1000};
  FG_TRY_ASSIGN(const auto params, fg::gpu::pack_params(program->source, values));
  std::uint64_t step = 0;
  const auto finish = [&]() -> fg::Result<void> {
    FG_TRY(stream->signal(*timeline, ++step));
    FG_TRY(timeline->host_wait(step, -1));
    return {};
  };
  std::vector<double> each, batched, whole;
  for (int round = 0; round < 200; ++round) {
    const auto start = Clock::now();
    for (int k = 0; k < 120; ++k) {
      const auto before = Clock::now();
      FG_TRY(stream->dispatch({program, buffers, params, 4}));
      each.push_back(std::chrono::duration<double, std::nano>(Clock::now() - before).count());
    }
    batched.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() / 120);
    FG_TRY(finish());
    whole.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() / 120);
  }
  std::vector<double> eager;
  for (int k = 0; k < 300; ++k) {
    const auto start = Clock::now();
    FG_TRY(stream->dispatch({program, buffers, params, 4}));
    FG_TRY(finish());
    eager.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  std::printf(
      "%s: %.0f ns to record a dispatch (median), %.0f ns with the submits, %.0f ns end to end of 120, %.0f ns alone "
      "with a wait\n",
      device.info().name, median(each), median(batched), median(whole), median(eager));
  return {};
}

}  // namespace

int main() {
  const auto r = run();
  if (!r) std::fprintf(stderr, "%s\n", r.error().message.c_str());
  return r ? 0 : 1;
}
