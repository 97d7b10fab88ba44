// SPDX-License-Identifier: Apache-2.0

#include "bench/limits.hpp"

#include <algorithm>

#include "bench/ratios.hpp"

namespace fg::bench {
namespace {

// What a case's speed is compared with.  Both sides at their undisturbed best: p20 against p20.
enum class Against : std::uint8_t { triad, read, fma_f32, fma_bf16 };
struct Promise {
  const char* key;
  const char* text;
  const char* name;  // of the case
  Against against;
  double percent;
};
constexpr Promise kPromises[] = {
    {"add_f32_4096x4096_percent_of_triad", "add f32 [4096, 4096] of the memory triad",
     "add/f32/self=4096x4096,other=4096x4096", Against::triad, 85},
    {"mul_f32_4096x4096_percent_of_triad", "mul f32 [4096, 4096] of the memory triad",
     "mul/f32/self=4096x4096,other=4096x4096", Against::triad, 85},
    {"copy_f32_4096x4096_percent_of_triad", "copy_ f32 [4096, 4096] of the memory triad",
     "copy_/f32/self=4096x4096,src=4096x4096", Against::triad, 85},
    {"transposed_copy_f32_percent_of_triad", "copy_ f32 [4096, 4096] from a transposed tensor of the memory triad",
     "copy_/f32/self=4096x4096,src=4096x4096t", Against::triad, 40},
    {"softmax_f32_percent_of_triad", "softmax f32 [4096, 4096] of the memory triad", "softmax/f32/self=4096x4096,dim=1",
     Against::triad, 75},
    {"rms_norm_f32_percent_of_triad", "rms_norm f32 [4096, 4096] of the memory triad",
     "rms_norm/f32/input=4096x4096,normalized_shape=[4096],weight=4096", Against::triad, 75},
    {"layer_norm_f32_percent_of_triad", "layer_norm f32 [4096, 4096] of the memory triad",
     "layer_norm/f32/input=4096x4096,normalized_shape=[4096],weight=4096,bias=4096", Against::triad, 75},
    {"sum_f32_percent_of_triad", "sum f32 [4096, 4096] over rows of the memory triad", "sum/f32/self=4096x4096,dim=[1]",
     Against::triad, 75},
    {"sum_columns_f32_percent_of_triad", "sum f32 [4096, 4096] over columns of the memory triad",
     "sum/f32/self=4096x4096,dim=[0]", Against::triad, 75},
    {"gelu_f32_percent_of_triad", "gelu f32 [4096, 4096] of the memory triad", "gelu/f32/self=4096x4096",
     Against::triad, 70},
    {"exp_f32_percent_of_triad", "exp f32 [4096, 4096] of the memory triad", "exp/f32/self=4096x4096", Against::triad,
     70},
    {"silu_and_mul_f32_percent_of_triad", "silu_and_mul f32 [4096, 4096] of the memory triad",
     "silu_and_mul/f32/x=4096x4096,y=4096x4096", Against::triad, 70},
    {"cumsum_f32_percent_of_triad", "cumsum f32 [4096, 4096] of the memory triad", "cumsum/f32/self=4096x4096,dim=1",
     Against::triad, 60},
    {"mm_f32_1024_percent_of_fma", "mm f32 1024 x 1024 x 1024 of the FMA peak", "mm/f32/self=1024x1024,mat2=1024x1024",
     Against::fma_f32, 80},
    {"mm_bf16_1024_percent_of_fma", "mm bf16 1024 x 1024 x 1024 of the peak of bf16 products",
     "mm/bf16/self=1024x1024,mat2=1024x1024", Against::fma_bf16, 75},
    {"mm_f32_1x4096x4096_percent_of_read", "mm f32 1 x 4096 x 4096 of the read bandwidth",
     "mm/f32/self=1x4096,mat2=4096x4096", Against::read, 85},
    {"mm_bf16_1x4096x4096_percent_of_read", "mm bf16 1 x 4096 x 4096 of the read bandwidth",
     "mm/bf16/self=1x4096,mat2=4096x4096", Against::read, 85},
};

bool of_memory(const Promise& p) { return p.against == Against::triad || p.against == Against::read; }

// Of memory, as it was beside the case.
double peak_of(const Roofline& r, const Measured& m, Against against) {
  const Bandwidth& memory = m.beside.triad_gbps > 0 ? m.beside : r;
  switch (against) {
    case Against::triad: return memory.triad_gbps;
    case Against::read: return memory.read_gbps;
    case Against::fma_f32: return r.fma_f32_gflops;
    case Against::fma_bf16: return r.fma_bf16_gflops;
  }
  return 0;
}

Limit judged(const Promise& p, const Report& r) {
  Limit l{p.key, p.text, p.percent, true, "%"};
  const Measured* m = timed_case(r, p.name);
  if (m == nullptr || m->scaled != 1 || m->times.p20 <= 0) return l;
  const double peak = peak_of(r.roofline, *m, p.against);
  if (peak <= 0) return l;
  l.value = 100 * (of_memory(p) ? m->bytes : m->flops) / m->times.p20 / peak;
  l.measured = true;
  return l;
}

Limit time_limit(const char* key, const char* text, double ns, bool measured, double value) {
  return {key, text, ns, false, "ns", value, measured};
}

std::vector<Limit> dispatch_limits(const Report& r) {
  const DispatchCost& d = r.dispatch;
  const bool prepared = r.has_dispatch && d.prepared.samples > 0;
  return {
      time_limit("dispatch_prepared_ns", "dispatch of a prepared operator, 3 tensors, kernel that does nothing", 100,
                 prepared, d.prepared.p50),
      time_limit("add_64_out_ns", "add of 64 floats into a given output, C++ API", 150, r.has_dispatch,
                 d.add_64_out.p50),
      time_limit("add_64_new_ns", "add of 64 floats with a new output, C++ API", 300, r.has_dispatch, d.add_64_new.p50),
      {"two_threads_loss_percent", "two threads dispatching at once, loss of the slower", 20, false, "%",
       std::max(d.loss_out_percent, d.loss_new_percent), r.has_dispatch},
  };
}

// Peers with a promise: over all cases, or in one.
struct PeerPromise {
  const char* key;
  const char* text;
  const char* peer;  // how its name begins
  const char* name;  // of the case; nullptr: all
  double ratio;
};
constexpr PeerPromise kPeerPromises[] = {
    {"pytorch_geomean", "PyTorch's time over ours, geometric mean of all cases", "pytorch", nullptr, 1.3},
    {"sort_over_std_sort", "std::sort's time over ours, sort of 2^20 f32 with indices", "std::sort",
     "sort/f32/self=1048576", 3},
};

Limit judged(const PeerPromise& p, const Report& r) {
  Limit l{p.key, p.text, p.ratio, true, "times"};
  if (p.name == nullptr) {
    for (const PeerRatios& peer : ratios(r)) {
      if (peer.peer.starts_with(p.peer)) l.value = peer.geomean;
    }
  } else if (const Measured* m = timed_case(r, p.name)) {
    for (const PeerResult& peer : r.peers) {
      if (peer.peer.starts_with(p.peer) && peer.case_name == p.name) l.value = peer.times.p50 / m->times.p50;
    }
  }
  l.measured = l.value > 0;
  return l;
}

}  // namespace

std::vector<Limit> limits(const Report& r) {
  if (r.roofline.of_device) return {};  // The promises are the CPU plugin's.
  std::vector<Limit> all = dispatch_limits(r);
  for (const Promise& p : kPromises) all.push_back(judged(p, r));
  for (const PeerPromise& p : kPeerPromises) all.push_back(judged(p, r));
  return all;
}

std::vector<std::string> limit_cases() {
  std::vector<std::string> names;
  for (const Promise& p : kPromises) names.emplace_back(p.name);
  return names;
}

bool judged_by_memory(std::string_view name) {
  return std::ranges::any_of(kPromises, [&](const Promise& p) { return of_memory(p) && name == p.name; });
}

}  // namespace fg::bench
