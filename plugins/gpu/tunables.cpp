// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/tunables.hpp"

#include <algorithm>

namespace fg::gpu {
namespace {

Tunables::Values defaults(const TunableKernel& k) {
  Tunables::Values v{};
  for (std::size_t i = 0; i < k.params.size(); ++i) v[i] = k.params[i].values[k.params[i].default_index];
  return v;
}

using Lists = std::vector<std::vector<std::int64_t>>;

Lists all_values(const TunableKernel& k) {
  Lists all;
  for (const fg_tune_param& p : k.params) all.emplace_back(p.values, p.values + p.n_values);
  return all;
}

Result<void> check_candidate(const char* name, const std::vector<std::int64_t>& candidates, std::int64_t value) {
  if (std::find(candidates.begin(), candidates.end(), value) != candidates.end()) return {};
  std::string known;
  for (const std::int64_t c : candidates) known += " " + std::to_string(c);
  return invalid(std::string(name) + " is " + std::to_string(value) + ", expected one of" + known);
}

}  // namespace

Tunables::Point* Tunables::named(const TunableKernel& kernel, std::string_view bucket) {
  for (Point& p : points_) {
    if (p.kernel == &kernel && p.bucket == bucket) return &p;
  }
  return nullptr;
}

Tunables::Point& Tunables::put(const TunableKernel& kernel, std::string_view bucket, const Values& values) {
  Point* p = named(kernel, bucket);
  if (p == nullptr) p = &points_.emplace_back(&kernel, std::string(bucket));
  p->values.store(&values_.emplace_back(values), std::memory_order_release);
  return *p;
}

const Tunables::Point& Tunables::meet(const TunableKernel& kernel, std::uint64_t code, TunablePoint point) {
  const std::lock_guard lock(mutex_);
  Point* p = named(kernel, point.bucket);
  if (p == nullptr) p = &put(kernel, point.bucket, defaults(kernel));
  if (!p->candidates) p->candidates = std::move(point.candidates);
  if (find(kernel, code) != nullptr) return *p;  // Another thread has met it meanwhile.
  std::atomic<const Node*>& head = heads_[place_of(kernel, code)];
  head.store(&nodes_.emplace_back(Node{&kernel, code, p, head.load(std::memory_order_relaxed)}),
             std::memory_order_release);
  return *p;
}

void Tunables::points(fg_tune_visit_fn visit, void* ctx) const {
  std::vector<std::pair<const Point*, TunablePoint::Candidates>> met;
  {
    const std::lock_guard lock(mutex_);
    for (const Point& p : points_) {
      if (p.launches.load(std::memory_order_relaxed) != 0) met.emplace_back(&p, p.candidates);
    }
  }
  for (const auto& [p, candidates] : met) {  // Without the lock: what they ask may launch kernels.
    const Lists lists = candidates ? candidates() : all_values(*p->kernel);
    if (std::all_of(lists.begin(), lists.end(), [](const auto& values) { return values.size() < 2; })) continue;
    std::vector<fg_tune_param> params(p->kernel->params.begin(), p->kernel->params.end());
    for (std::size_t i = 0; i < params.size(); ++i) {
      const std::int64_t own = params[i].values[params[i].default_index];
      const auto at = std::find(lists[i].begin(), lists[i].end(), own) - lists[i].begin();
      params[i] = {params[i].name, lists[i].data(), static_cast<std::uint32_t>(lists[i].size()),
                   static_cast<std::uint32_t>(at)};
    }
    const fg_tune_point point{p->kernel->name,
                              p->bucket.c_str(),
                              p->kernel->hash,
                              params.data(),
                              static_cast<std::uint32_t>(params.size()),
                              0,
                              p->launches.load(std::memory_order_relaxed)};
    visit(ctx, &point);
  }
}

Result<void> Tunables::set(std::string_view name, std::uint64_t hash, std::string_view bucket,
                           std::span<const std::int64_t> values) {
  const auto all = tunable_kernels();
  const auto known =
      std::find_if(all.begin(), all.end(), [&](const TunableKernel* k) { return k->name == name && k->hash == hash; });
  if (known == all.end()) {
    return fail(FG_E_NOT_FOUND, "no tunable kernel '" + std::string(name) + "' of hash " + std::to_string(hash));
  }
  const TunableKernel& kernel = **known;
  if (!values.empty() && values.size() != kernel.params.size()) {
    return invalid(std::string(name) + ": " + std::to_string(values.size()) + " values, expected " +
                   std::to_string(kernel.params.size()));
  }
  TunablePoint::Candidates candidates;
  {
    const std::lock_guard lock(mutex_);
    if (const Point* p = named(kernel, bucket)) candidates = p->candidates;
  }
  // Before a launch has met the point, what the device can run there is not known: the launch will see to it.
  const Lists lists = candidates ? candidates() : all_values(kernel);
  Values chosen = defaults(kernel);
  for (std::size_t i = 0; i < values.size(); ++i) {
    FG_TRY(check_candidate(kernel.params[i].name, lists[i], values[i]));
    chosen[i] = values[i];
  }
  const std::lock_guard lock(mutex_);
  put(kernel, bucket, chosen);
  return {};
}

}  // namespace fg::gpu
