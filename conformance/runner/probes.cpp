// SPDX-License-Identifier: Apache-2.0
//
// Probes of memory, streams and claims.

#include "conformance/runner/probes.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "conformance/data/rng.hpp"
#include "conformance/runner/phase.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "conformance/runner/statistics.hpp"

namespace fg::conformance {
namespace {

CaseResult failed(Verdict verdict, std::string text) {
  CaseResult r;
  r.verdict = verdict;
  r.text = std::move(text);
  return r;
}

std::vector<float> ramp(std::int64_t n, std::uint64_t key) {
  std::vector<float> v(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(Rng(key).between(i, -1000, 1000));
  return v;
}

Result<void> write(const Handle& t, const std::vector<float>& v) {
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_tensor_write(t.get(), v.data(), v.size() * sizeof(float), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return {};
}

Result<std::vector<float>> read(fg_tensor_handle t) {
  std::vector<float> v(static_cast<std::size_t>(fg_tensor_numel(t)));
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_tensor_to_host(t, v.data(), v.size() * sizeof(float), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return v;
}

// What was written is read back, for sizes around powers of two and page sizes.
Result<std::string> round_trip(const Device& device) {
  for (const std::int64_t n : {0, 1, 2, 3, 15, 16, 17, 1023, 1024, 1025, 4095, 4097, 65537, 1048576}) {
    FG_TRY_ASSIGN(Handle t, device.empty(FG_F32, std::vector<std::int64_t>{n}));
    const std::vector<float> v = ramp(n, 11);
    FG_TRY(write(t, v));
    FG_TRY_ASSIGN(const std::vector<float> back, read(t.get()));
    if (back != v) return "a tensor of " + std::to_string(n) + " elements does not read back what was written";
  }
  return "";
}

// Live tensors do not share memory.
Result<std::string> disjoint(const Device& device) {
  constexpr int kTensors = 64;
  std::vector<Handle> held;
  for (int k = 0; k < kTensors; ++k) {
    FG_TRY_ASSIGN(Handle t, device.empty(FG_F32, std::vector<std::int64_t>{k * 37 + 1}));
    FG_TRY(write(t, ramp(k * 37 + 1, static_cast<std::uint64_t>(k))));
    held.push_back(std::move(t));
    if (k % 3 == 2) held.erase(held.begin() + k / 3);  // freed memory may serve the next one
  }
  for (const Handle& t : held) {
    const std::int64_t n = fg_tensor_numel(t.get());
    FG_TRY_ASSIGN(const std::vector<float> back, read(t.get()));
    if (back != ramp(n, static_cast<std::uint64_t>((n - 1) / 37)))
      return "a live tensor of " + std::to_string(n) + " elements was overwritten";
  }
  return "";
}

Result<std::string> alignment(const Device& device) {
  fg_device_info info{};
  info.hdr.struct_size = sizeof(info);
  fg_error err = FG_ERROR_INIT;
  if (const fg_status s = fg_device_get_info(device.handle(), &info, &err); s < 0)
    return tl::unexpected(error_of(s, err));
  if (info.alloc_align < 64 || (info.alloc_align & (info.alloc_align - 1)) != 0) {
    return "alloc_align is " + std::to_string(info.alloc_align) + ", expected a power of two of at least 64";
  }
  for (const std::int64_t n : {1, 17, 1000}) {
    FG_TRY_ASSIGN(Handle t, device.empty(FG_F32, std::vector<std::int64_t>{n}));
    const auto address = reinterpret_cast<std::uintptr_t>(fg_tensor_data(t.get()));
    if (address % 64 != 0) return "a new tensor is not aligned to 64 bytes";
  }
  return "";
}

// Copies between layouts keep every element.
Result<std::string> strided_copy(const Device& device) {
  FG_TRY_ASSIGN(Handle base, device.empty(FG_F32, std::vector<std::int64_t>{4096}));
  const std::vector<float> v = ramp(4096, 5);
  FG_TRY(write(base, v));
  const std::vector<std::int64_t> shape{7, 11, 13};
  const std::vector<std::int64_t> stride{2, 300, 20};
  FG_TRY_ASSIGN(Handle strided, device.view(base, shape, stride, 3));
  FG_TRY_ASSIGN(const std::vector<float> got, read(strided.get()));
  std::size_t i = 0;
  for (std::int64_t a = 0; a < 7; ++a) {
    for (std::int64_t b = 0; b < 11; ++b) {
      for (std::int64_t c = 0; c < 13; ++c, ++i) {
        if (got[i] != v[static_cast<std::size_t>(3 + a * 2 + b * 300 + c * 20)])
          return "a strided view reads the wrong elements";
      }
    }
  }
  return "";
}

fg_value tensor_value(fg_tensor_handle t) {
  fg_value v{FG_V_TENSOR, 0, {}};
  v.v.tensor = t;
  return v;
}

// x <- x + 1, `steps` times in place; every step must see the one before.
Result<std::string> increments(const Device& device, std::int64_t n, int steps) {
  FG_TRY_ASSIGN(Handle x, device.empty(FG_F32, std::vector<std::int64_t>{n}));
  FG_TRY(write(x, std::vector<float>(static_cast<std::size_t>(n), 0.0F)));
  fg_value one{FG_V_INT, 0, {}};
  one.v.i = 1;
  const fg_value args[2] = {tensor_value(x.get()), one};
  for (int k = 0; k < steps; ++k) FG_TRY(device.call("add", FG_FORM_INPLACE, args, {}));
  FG_TRY_ASSIGN(const std::vector<float> back, read(x.get()));
  for (const float y : back) {
    if (y != static_cast<float>(steps))
      return "after " + std::to_string(steps) + " additions of 1 an element is " + std::to_string(y);
  }
  return "";
}

Result<std::string> program_order(const Device& device) { return increments(device, 100'000, 50); }

// A tensor made by one thread is read by another.
Result<std::string> across_threads(const Device& device) {
  FG_TRY_ASSIGN(Handle x, device.empty(FG_F32, std::vector<std::int64_t>{100'000}));
  FG_TRY(write(x, std::vector<float>(100'000, 1.0F)));
  Result<void> all;
  auto doubled = [&] {
    const fg_value args[2] = {tensor_value(x.get()), tensor_value(x.get())};
    if (Result<void> r = device.call("add", FG_FORM_INPLACE, args, {}); !r) all = std::move(r);
  };
  for (int k = 0; k < 10; ++k) {
    std::thread(doubled).join();
    doubled();
  }
  FG_TRY(std::move(all));
  FG_TRY_ASSIGN(const std::vector<float> back, read(x.get()));
  for (const float y : back) {
    if (y != 1048576.0F) return "after 20 doublings by turns of two threads an element is " + std::to_string(y);
  }
  return "";
}

Result<std::string> parallel_threads(const Device& device) {
  std::array<Result<std::string>, 4> trouble;
  std::vector<std::thread> threads;
  for (Result<std::string>& t : trouble) {
    threads.emplace_back([&device, &t] { t = increments(device, 1000, 200); });
  }
  for (std::thread& t : threads) t.join();
  for (Result<std::string>& t : trouble) {
    if (!t || !t->empty()) return std::move(t);
  }
  return "";
}

Result<std::string> synchronize(const Device& device) {
  fg_error err = FG_ERROR_INIT;
  for (int k = 0; k < 3; ++k) {
    if (const fg_status s = fg_synchronize(device.handle(), &err); s < 0) return tl::unexpected(error_of(s, err));
  }
  return "";
}

template <Result<std::string> (*check)(const Device&)>
CaseResult run_check(const Device& device) {
  const Result<std::string> r = check(device);
  if (r) return r->empty() ? CaseResult{} : failed(Verdict::fail, *r);
  const fg_status s = r.error().status;
  const bool gap = s == FG_E_UNSUPPORTED;
  const bool memory = s == FG_E_OOM_HOST || s == FG_E_OOM_DEVICE;
  return failed(gap ? Verdict::profile_gap : memory ? Verdict::resource : Verdict::fail, r.error().message);
}

template <CaseResult (*block)(const Device&, fg_dtype), fg_dtype dtype>
CaseResult run_block(const Device& device) {
  return block(device, dtype);
}

constexpr Probe kProbes[] = {
    {"memory", "round_trip", "what is written is read back", run_check<round_trip>, true},
    {"memory", "disjoint", "live tensors share no memory", run_check<disjoint>, true},
    {"memory", "alignment", "new tensors are aligned", run_check<alignment>, true},
    {"memory", "strided_copy", "views read the right elements", run_check<strided_copy>, true},
    {"stream", "program_order", "calls see the calls before them", run_check<program_order>, true},
    {"stream", "across_threads", "threads see each other's results", run_check<across_threads>, true},
    {"stream", "parallel_threads", "four threads work at once", run_check<parallel_threads>, true},
    {"stream", "synchronize", "waiting is repeatable", run_check<synchronize>, true},
    {"random", "uniform", "uniform_ is even, pairs are independent", run_check<uniform_numbers>, true},
    {"random", "normal", "normal_ is normal, pairs are independent", run_check<normal_numbers>, true},
    {"random", "exponential", "exponential_ is exponential, pairs are independent", run_check<exponential_numbers>,
     true},
    {"random", "bernoulli", "bernoulli_ draws as often as it should", run_check<bernoulli_numbers>, true},
    {"random", "generator", "no number comes twice, the same seed repeats them", run_check<generator_moves>, true},
    {"abi", "must_understand", "unknown bits and extensions are refused or skipped as they say",
     run_check<must_understand>, true, Verdict::abi},
    {"abi", "struct_sizes", "structs may be larger or smaller than known", run_check<struct_sizes>, true, Verdict::abi},
    {"abi", "floating_point_mode", "a launch leaves the floating-point mode as it was", run_check<floating_point_mode>,
     true, Verdict::abi},
    {"abi", "no_notices", "loading it is nothing to speak of", run_check<no_notices>, true, Verdict::abi},
    {"direct", "null_pointers", "NULL is refused", run_check<null_pointers>, true, Verdict::bad_error},
    {"direct", "bad_signatures", "a mistake in a signature is refused and named", run_check<bad_signatures>, true,
     Verdict::bad_error},
    {"direct", "bad_ranks", "ranks 17 and -1 are refused and named", run_check<bad_ranks>, true, Verdict::bad_error},
    {"direct", "bad_memory_calls", "mistaken allocations, copies and fills are refused", run_check<bad_memory_calls>,
     true, Verdict::bad_error},
    {"direct", "no_elements", "a launch without elements writes nothing", run_check<no_elements>, true,
     Verdict::oob_write},
    {"direct", "workspace_bounds", "a kernel stays in its workspace", run_check<workspace_bounds>, true,
     Verdict::oob_write},
    {"stream", "order", "work of one stream runs in order", run_check<stream_order>, true, Verdict::race},
    {"stream", "waits_for_timeline", "a stream waits for another's timeline", run_check<waits_for_timeline>, true,
     Verdict::race},
    {"stream", "signals_after_work", "a timeline is raised when the work is done", run_check<signals_after_work>, true,
     Verdict::race},
    {"stream", "descriptors", "a launch keeps nothing of the caller's", run_check<descriptors_end_with_the_call>, true},
    {"stream", "timelines", "polling, time-outs, order of values", run_check<timelines>, true},
    {"thread", "prepare", "four threads prepare, launch and release", run_check<parallel_prepare>, true},
    {"thread", "first_launch", "four threads launch a new kernel at once", run_check<parallel_first_launch>, true},
    {"thread", "log", "the log may call back", run_check<log_calls_back>, true},
    {"leak", "objects", "kernels leave no objects and files behind", run_check<nothing_left_behind>, true,
     Verdict::leak},
    {"leak", "heap", "kernels leave no memory behind", run_check<no_memory_lost>, true, Verdict::leak},
    {"claims", "query_is_pure", "a query changes nothing", run_check<query_is_pure>, true, Verdict::lied},
    {"claims", "accuracy", "kernels have the accuracy class of their claim", run_check<claimed_accuracy>, true,
     Verdict::lied},
    {"claims", "kept", "what is claimed and could be composed is not refused", run_check<claims_are_kept>, true,
     Verdict::lied},
    {"graph", "replays", "a captured chain of launches replays", run_check<graph_replays>, true},
    {"graph", "rebinds", "replays use the tensors that they were rebound to", run_check<graph_rebinds>, true},
    {"cache", "damaged_blobs", "damaged compiled programs are made again", run_check<damaged_blobs>, true},
    {"value", "negative_zero", "-0 where it is due", run_check<negative_zero>, true},
    {"value", "large_mean", "a mean far from 0 costs layer_norm no digits", run_check<large_mean>, true},
    {"value", "eps", "eps where it is larger than what it is added to", run_check<eps_counts>, true},
    {"value", "lowest_integers", "abs and neg of the lowest integers wrap", run_check<lowest_integers>, true},
    {"value", "many_elements", "more than 2^31 elements", run_check<many_elements>, false},
    {"value", "many_bytes", "copies and maps beyond 4 GiB", run_check<many_bytes>, false, Verdict::fail, true},
    {"value", "far_positions", "elements beyond 4 GiB by their positions", run_check<far_positions>, false,
     Verdict::fail, true},
    {"device", "info", "the description is possible", run_check<sane_info>, true},
    {"device", "everywhere", "every instance and process sees the same device", run_check<same_everywhere>, true},
    {"device", "cut_info", "the description in structs of every size", run_check<cut_info>, true, Verdict::abi},
    {"device", "unknown_ordinals", "devices that are not there are refused", run_check<unknown_ordinals>, true,
     Verdict::bad_error},
    {"device", "create", "instances that come and go leave nothing", run_check<create_and_destroy>, true,
     Verdict::leak},
    {"device", "max_alloc", "more than max_alloc is refused", run_check<beyond_max_alloc>, true, Verdict::bad_error},
    {"model", "llama_f32", "a decoder block of Llama", run_block<small_llama, FG_F32>, true},
    {"model", "llama_f16", "a decoder block of Llama", run_block<small_llama, FG_F16>, true},
    {"model", "llama_bf16", "a decoder block of Llama", run_block<small_llama, FG_BF16>, true},
    {"model", "llama_past_f32", "one token with a cache of keys", run_block<llama_with_past, FG_F32>, true},
    {"model", "llama_past_bf16", "one token with a cache of keys", run_block<llama_with_past, FG_BF16>, true},
    {"model", "llama_large_f32", "a decoder block of Llama", run_block<large_llama, FG_F32>, false, Verdict::fail,
     true},
    {"model", "llama_large_f16", "a decoder block of Llama", run_block<large_llama, FG_F16>, false, Verdict::fail,
     true},
    {"model", "llama_large_bf16", "a decoder block of Llama", run_block<large_llama, FG_BF16>, false, Verdict::fail,
     true},
    {"model", "bert_f32", "an encoder block of BERT", run_block<small_bert, FG_F32>, true},
    {"model", "bert_f16", "an encoder block of BERT", run_block<small_bert, FG_F16>, true},
    {"model", "bert_bf16", "an encoder block of BERT", run_block<small_bert, FG_BF16>, true},
    {"model", "bert_large_f32", "an encoder block of BERT", run_block<large_bert, FG_F32>, false, Verdict::fail, true},
    {"model", "bert_large_bf16", "an encoder block of BERT", run_block<large_bert, FG_BF16>, false, Verdict::fail,
     true},
};

// A claim that names an operator of the catalogue, with rows.
CaseResult run_claim(const Device& device, std::string_view op) {
  const core::OpInfo* info = core::find_op(op);
  if (info == nullptr) return failed(Verdict::mistrusted, "no operator '" + std::string(op) + "' in the catalogue");
  if (!device.served_by(*info).empty() || info->kind == core::Kind::composite || info->kind == core::Kind::view)
    return {};
  return failed(device.must_serve(*info) ? Verdict::profile_gap : Verdict::not_claimed,
                "neither a kernel nor an engine serves it, and it cannot be composed of others");
}

}  // namespace

std::span<const Probe> probes() { return kProbes; }

bool is_large(std::string_view id) {
  return std::any_of(std::begin(kProbes), std::end(kProbes),
                     [&](const Probe& p) { return p.large && id == std::string(p.area) + "." + std::string(p.name); });
}

CaseResult run_probe(const Device& device, const Case& c) {
  enter(Phase::probe);
  if (c.area == "claim") return run_claim(device, c.op);
  for (const Probe& p : kProbes) {
    if (p.area != c.area || p.name != c.op) continue;
    CaseResult r = p.run(device);
    if (r.verdict == Verdict::fail) r.verdict = r.text == kProvesNothing ? Verdict::mistrusted : p.failing;
    return r;
  }
  return failed(Verdict::mistrusted, "no case of this name");
}

}  // namespace fg::conformance
