// SPDX-License-Identifier: Apache-2.0
//
// Serving a call on the cpu plugin because the tensors' own cannot: copies there and back, under the
// policy, counted.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "core/catalogue/shape_rules.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/dispatch/run.hpp"
#include "core/trace/log.hpp"

namespace fg::core {
namespace {

std::atomic<FallbackPolicy> g_policy{FallbackPolicy::warn};

struct Rows {
  std::mutex mutex;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::uint64_t> count;
};
Rows& rows() {
  static Rows* r = new Rows;
  return *r;
}

// The vendor part of "cpu:0".
std::string vendor(const Device& d) { return d.name.substr(0, d.name.find(':')); }

// Counts; true the first time.
bool count_row(const Call& c, const Plan& p, const Device& to, const std::string& why) {
  thread_state().counters.bump(ThreadCounters::fallbacks);
  const std::lock_guard lock(rows().mutex);
  return ++rows().count[{std::string(c.op.name), vendor(*p.device), vendor(to), why}] == 1;
}

tl::unexpected<Error> nobody(const Call& c, const Plan& p, const std::string& why, std::string_view rest) {
  return unsupported(fmt::format("{}: {} cannot run it ({}){}", c.op.name, p.device->name,
                                 why.empty() ? "no kernel, engine or composite" : why, rest),
                     FG_R_UNKNOWN_OP);
}

Result<void> copy_arguments(Device* to, std::vector<fg_value>& args, std::vector<Tensor>& keep,
                            std::vector<std::vector<fg_tensor_handle>>& lists) {
  lists.reserve(args.size());
  for (fg_value& v : args) {
    if (v.tag == FG_V_TENSOR) {
      FG_TRY_ASSIGN(Tensor t, copy_of(Tensor::share(v.v.tensor), 0, to));
      v.v.tensor = t.get();
      keep.push_back(std::move(t));
    } else if (v.tag == FG_V_TENSORS) {
      auto& list = lists.emplace_back();
      for (std::uint32_t k = 0; k < v.n; ++k) {
        FG_TRY_ASSIGN(Tensor t, copy_of(Tensor::share(v.v.tensors[k]), 0, to));
        list.push_back(t.get());
        keep.push_back(std::move(t));
      }
      v.v.tensors = list.data();
    }
  }
  return {};
}

// Elements of `from`, on another device, into `to`.
Result<void> bring_back(const Tensor& to, const Tensor& from) {
  FG_TRY_ASSIGN(const Tensor near, copy_of(from, 0, to.device()));
  return copy_into(to, near);
}

}  // namespace

void set_fallback_policy(FallbackPolicy policy) { g_policy.store(policy, std::memory_order_relaxed); }
FallbackPolicy fallback_policy() { return g_policy.load(std::memory_order_relaxed); }

std::vector<FallbackRow> fallback_rows() {
  const std::lock_guard lock(rows().mutex);
  std::vector<FallbackRow> found;
  for (const auto& [key, n] : rows().count)
    found.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key), n});
  return found;
}

Result<void> run_fallback(const Call& c, const Plan& p, const std::string& why) {
  auto cpu = current_fallback();
  if (!cpu || *cpu == p.device || (c.mode & kFallback) != 0) return nobody(c, p, why, "");
  // Copies between devices would need the same operator: they never fall back.
  if (c.op.name == "copy_") return nobody(c, p, why, "");
  const FallbackPolicy policy = fallback_policy();
  if (policy == FallbackPolicy::forbid)
    return nobody(c, p, why, fmt::format(", and falling back to {} is forbidden", (*cpu)->name));
  if (count_row(c, p, **cpu, why) && policy == FallbackPolicy::warn) {
    FG_LOG(warn, "{} runs on {} with copies: {} cannot run it ({})", c.op.name, (*cpu)->name, p.device->name, why);
  }
  std::vector<fg_value> args(c.args.begin(), c.args.end());
  std::vector<Tensor> keep;
  std::vector<std::vector<fg_tensor_handle>> lists;
  FG_TRY(copy_arguments(*cpu, args, keep, lists));
  if (c.form == Form::inplace) {
    FG_TRY(dispatch(Call{c.op, args, Form::inplace, {}, *cpu, kFallback}));
    const auto written = static_cast<std::size_t>(p.written);
    return bring_back(Tensor::share(c.arg(written).v.tensor), Tensor::share(args[written].v.tensor));
  }
  std::array<fg_tensor_handle, kMaxOutputs> made{};
  const std::span<fg_tensor_handle> outs(made.data(), c.outs.size());
  FG_TRY(dispatch(Call{c.op, args, Form::functional, outs, *cpu, kFallback}));
  std::array<Tensor, kMaxOutputs> results;
  for (std::size_t i = 0; i < outs.size(); ++i) results[i] = Tensor::adopt(outs[i]);
  if (c.form == Form::out) {
    FG_TRY(Outputs(c, p).infer());  // Checks the given tensors.
    for (std::size_t i = 0; i < outs.size(); ++i) FG_TRY(bring_back(Tensor::share(c.outs[i]), results[i]));
    return {};
  }
  for (std::size_t i = 0; i < outs.size(); ++i) {
    FG_TRY_ASSIGN(results[i], copy_of(results[i], 0, p.device));
  }
  for (std::size_t i = 0; i < outs.size(); ++i) c.outs[i] = results[i].leak();
  return {};
}

}  // namespace fg::core
