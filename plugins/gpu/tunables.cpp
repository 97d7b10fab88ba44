// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/tunables.hpp"

#include <algorithm>
#include <mutex>

namespace fg::gpu {
namespace {

Tunables::Values defaults(const TunableKernel& k) {
  Tunables::Values v{};
  for (std::size_t i = 0; i < k.params.size(); ++i) v[i] = k.params[i].values[k.params[i].default_index];
  return v;
}

Result<void> check_candidate(const fg_tune_param& p, std::int64_t value) {
  const std::span<const std::int64_t> candidates(p.values, p.n_values);
  if (std::find(candidates.begin(), candidates.end(), value) != candidates.end()) return {};
  std::string known;
  for (const std::int64_t c : candidates) known += " " + std::to_string(c);
  return invalid(std::string(p.name) + " is " + std::to_string(value) + ", expected one of" + known);
}

}  // namespace

std::optional<Tunables::Values> Tunables::find(const TunableKernel& kernel, std::uint64_t code) const {
  const std::shared_lock lock(mutex_);
  for (const Point& p : points_) {
    if (p.code != code || p.kernel != &kernel || p.launches.load(std::memory_order_relaxed) == 0) continue;
    p.launches.fetch_add(1, std::memory_order_relaxed);
    return p.values;
  }
  return std::nullopt;
}

Tunables::Point* Tunables::named(const TunableKernel& kernel, std::string_view bucket) {
  for (Point& p : points_) {
    if (p.kernel == &kernel && p.bucket == bucket) return &p;
  }
  return nullptr;
}

Tunables::Values Tunables::meet(const TunableKernel& kernel, std::uint64_t code, std::string bucket) {
  const std::unique_lock lock(mutex_);
  Point* p = named(kernel, bucket);
  if (p == nullptr) p = &points_.emplace_back(&kernel, std::move(bucket), defaults(kernel));
  p->code = code;
  p->launches.fetch_add(1, std::memory_order_relaxed);
  return p->values;
}

void Tunables::points(fg_tune_visit_fn visit, void* ctx) const {
  const std::shared_lock lock(mutex_);
  for (const Point& p : points_) {
    const std::uint64_t launches = p.launches.load(std::memory_order_relaxed);
    if (launches == 0) continue;
    const std::span<const fg_tune_param> params = p.kernel->params;
    const fg_tune_point point{
        p.kernel->name, p.bucket.c_str(), p.kernel->hash, params.data(), static_cast<std::uint32_t>(params.size()), 0,
        launches};
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
  Values chosen = defaults(kernel);
  for (std::size_t i = 0; i < values.size(); ++i) {
    FG_TRY(check_candidate(kernel.params[i], values[i]));
    chosen[i] = values[i];
  }
  const std::unique_lock lock(mutex_);
  if (Point* p = named(kernel, bucket)) {
    p->values = chosen;
  } else {
    points_.emplace_back(&kernel, std::string(bucket), chosen);
  }
  return {};
}

}  // namespace fg::gpu
