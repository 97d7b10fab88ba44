// SPDX-License-Identifier: Apache-2.0

#include "core/tuning/tuner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/memory/plugin_error.hpp"
#include "core/memory/stream.hpp"
#include "core/trace/log.hpp"
#include "core/tuning/apply.hpp"

namespace fg::core {
namespace {

// Other values of a parameter may only round differently: sums in another order, by the coarsest dtype
// (bf16, 2^-8) once more at the end.
bool same_but_for_rounding(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return false;
  double square = 0;
  for (const float x : b) square += std::isfinite(x) ? double{x} * double{x} : 0;
  const double typical = b.empty() ? 0 : std::sqrt(square / static_cast<double>(b.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (a[i] == b[i]) continue;
    const double most = std::ldexp(std::abs(double{b[i]}) + typical, -7);
    if (!(std::abs(double{a[i]} - double{b[i]}) <= most)) return false;
  }
  return true;
}

}  // namespace

Result<Tuner> Tuner::make(Device* device, TuningStore& store, Clock clock) {
  const fg_tune_table* const table = tune_table(*device);
  if (table == nullptr)
    return unsupported(
        fmt::format("{}: the plugin has no table {}, nothing can be tuned", device->name, FG_TABLE_TUNE));
  return Tuner(device, store, table, clock);
}

Result<std::vector<Tuner::Point>> Tuner::points() const {
  std::vector<Point> found;
  const auto visit = [](void* ctx, const fg_tune_point* p) {
    Point point{p->kernel, p->bucket, p->kernel_hash, p->launches, {}};
    for (std::uint32_t k = 0; k < p->n_params; ++k) {
      const fg_tune_param& q = p->params[k];
      point.params.push_back({q.name, {q.values, q.values + q.n_values}, q.default_index});
    }
    static_cast<std::vector<Point>*>(ctx)->push_back(std::move(point));
  };
  PluginError error;
  const fg_status status = table_->points(device_->instance, device_->ordinal, visit, &found, error);
  if (status < 0) return error.fail(*device_, "list tunable points", status);
  std::erase_if(found, [](const Point& p) {
    return p.params.empty() || std::any_of(p.params.begin(), p.params.end(),
                                           [](const Param& q) { return q.default_index >= q.values.size(); });
  });
  return found;
}

Result<void> Tuner::set(const Point& p, const std::vector<std::int64_t>& values) const {
  PluginError error;
  const fg_status status = table_->set(device_->instance, device_->ordinal, p.kernel.c_str(), p.hash, p.bucket.c_str(),
                                       values.data(), static_cast<std::uint32_t>(values.size()), error);
  if (status < 0) return error.fail(*device_, fmt::format("set {} of {}", fmt::join(values, " "), p.kernel), status);
  return {};
}

// Every combination of values, the default first.
std::vector<std::vector<std::int64_t>> Tuner::candidates(const Point& p) {
  std::vector<std::vector<std::int64_t>> all{{}};
  for (const Param& q : p.params) {
    std::vector<std::int64_t> values = q.values;
    std::rotate(values.begin(), values.begin() + q.default_index, values.begin() + q.default_index + 1);
    std::vector<std::vector<std::int64_t>> longer;
    for (const auto& head : all) {
      for (const std::int64_t v : values) {
        longer.push_back(head);
        longer.back().push_back(v);
      }
    }
    all = std::move(longer);
    if (all.size() > kMost) break;
  }
  return all;
}

Result<double> Tuner::us_of(const std::function<Result<void>()>& run) const {
  FG_TRY(synchronize(device_));
  const auto begin = clock_();
  FG_TRY(run());
  FG_TRY(synchronize(device_));
  return std::chrono::duration<double, std::micro>(clock_() - begin).count();
}

// Many short runs a reading: waiting for one may take longer than it does.
Result<double> Tuner::median_us(const TuningWork& work) const {
  FG_TRY(us_of(work.run));  // May compile.
  FG_TRY_ASSIGN(const double once, us_of(work.run));
  const int runs = static_cast<int>(std::clamp(kLeastUs / std::max(once, 1.0), 1.0, 64.0));
  std::function<Result<void>()> all = [&]() -> Result<void> {
    for (int k = 0; k < runs; ++k) FG_TRY(work.run());
    return {};
  };
  if (work.record) {
    if (auto recorded = work.record(runs)) all = *std::move(recorded);
  }
  // A device that has idled, while a kernel was compiled, begins slowly.
  for (double warm = 0; warm < kWarmUs;) {
    FG_TRY_ASSIGN(const double took, us_of(all));
    warm += std::max(took, 1.0);
  }
  std::vector<double> us(kRuns);
  for (double& u : us) {
    FG_TRY_ASSIGN(u, us_of(all));
  }
  std::nth_element(us.begin(), us.begin() + kRuns / 2, us.end());
  return us[kRuns / 2] / runs;
}

// Both once more, one after the other: what else the machine did meanwhile may have made the difference.
Result<void> Tuner::confirm(const Point& p, const TuningWork& work, TuningRow& row) const {
  const std::vector<std::int64_t> own = candidates(p)[0];
  FG_TRY(set(p, row.values));
  FG_TRY_ASSIGN(row.best_us, median_us(work));
  FG_TRY(set(p, own));
  FG_TRY_ASSIGN(row.default_us, median_us(work));
  if (row.best_us < row.default_us * kGain) return {};
  row.values = own;
  row.best_us = row.default_us;
  return {};
}

Result<TunedPoint> Tuner::tune_point(const Point& p, const TuningWork& work) const {
  const auto all = candidates(p);
  if (all.size() > kMost) {
    return unsupported(fmt::format("{} {}: more than {} candidates", p.kernel, p.bucket, kMost), FG_R_LIMIT);
  }
  TunedPoint t;
  t.row = {tuning_identity(*device_), p.kernel, p.bucket, p.hash, all[0], 0, 0};
  for (const Param& q : p.params) t.parameters.push_back(q.name);
  FG_TRY(set(p, all[0]));
  FG_TRY_ASSIGN(t.row.default_us, median_us(work));
  t.row.best_us = t.row.default_us;
  FG_TRY_ASSIGN(const std::vector<float> wanted, work.result());
  double to_beat = t.row.default_us * kGain;
  for (auto it = all.begin() + 1; it != all.end(); ++it) {
    ++t.tried;
    const auto us = [&]() -> Result<double> {
      FG_TRY(set(p, *it));
      FG_TRY(work.run());
      FG_TRY_ASSIGN(const std::vector<float> got, work.result());
      if (!same_but_for_rounding(got, wanted)) return fail(FG_E_INTERNAL, "another result than the default's");
      return median_us(work);
    }();
    if (!us) {
      if (us.error().status == FG_E_DEVICE_LOST) return tl::unexpected(us.error());
      ++t.wrong;
      FG_LOG(warn, "{}: {} {} with {}: {}", device_->name, p.kernel, p.bucket, fmt::join(*it, " "), us.error().message);
      continue;
    }
    FG_LOG(debug, "{}: {} {} with {}: {:.1f} us, {:.1f} by default", device_->name, p.kernel, p.bucket,
           fmt::join(*it, " "), *us, t.row.default_us);
    if (*us >= to_beat) continue;
    to_beat = t.row.best_us = *us;
    t.row.values = *it;
  }
  if (t.row.values != all[0]) FG_TRY(confirm(p, work, t.row));
  t.is_default = t.row.values == all[0];
  FG_TRY(set(p, t.row.values));
  return t;
}

// Not those that only making the arguments or reading the results has met.
Result<std::vector<Tuner::Point>> Tuner::points_of(const TuningWork& work) const {
  FG_TRY_ASSIGN(const std::vector<Point> before, points());
  FG_TRY(work.run());
  FG_TRY(synchronize(device_));
  FG_TRY_ASSIGN(std::vector<Point> after, points());
  std::erase_if(after, [&](const Point& p) {
    return std::any_of(before.begin(), before.end(), [&](const Point& b) {
      return b.kernel == p.kernel && b.bucket == p.bucket && b.launches == p.launches;
    });
  });
  return after;
}

Result<std::vector<TunedPoint>> Tuner::tune(const TuningWork& work) {
  FG_TRY_ASSIGN(const std::vector<Point> used, points_of(work));
  std::vector<TunedPoint> tuned;
  for (const Point& p : used) {
    if (!done_.insert(p.kernel + '\n' + p.bucket).second) continue;
    FG_TRY_ASSIGN(TunedPoint t, tune_point(p, work));
    FG_TRY(store_->put(t.row));
    tuned.push_back(std::move(t));
  }
  return tuned;
}

}  // namespace fg::core
