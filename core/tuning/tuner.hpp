// SPDX-License-Identifier: Apache-2.0
//
// Timing the candidates of the points that some work meets, and keeping the best.

#ifndef FG_CORE_TUNING_TUNER_HPP_
#define FG_CORE_TUNING_TUNER_HPP_

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/registry/device.hpp"
#include "core/tuning/store.hpp"
#include "fg/abi/ext/tune.h"

namespace fg::core {

// What is timed.  `run` enqueues the same launches at every call; `result` reads what they wrote.  `record`, where
// there is one, records that many runs and gives what enqueues them again without the host's share in each.
struct TuningWork {
  std::function<Result<void>()> run;
  std::function<Result<std::vector<float>>()> result;
  std::function<Result<std::function<Result<void>()>>(int runs)> record = {};
};

// What became of one point.
struct TunedPoint {
  TuningRow row;
  std::vector<std::string> parameters;  // Their names, in the order of row.values.
  bool is_default = false;              // Nothing was better than the plugin's own choice.
  std::uint32_t tried = 0;              // Candidates beside the default.
  std::uint32_t wrong = 0;              // Of those: another result, or a failure.
};

class Tuner {
 public:
  using Clock = std::chrono::steady_clock::time_point (*)();

  // FG_E_UNSUPPORTED when the device's plugin has no "fg.tune/1".  Tests bring a clock of their own.
  static Result<Tuner> make(Device* device, TuningStore& store, Clock clock = std::chrono::steady_clock::now);

  // Tunes every point that `work` meets and that this tuner has not tuned yet, one after the other;
  // each is kept as soon as it is known.
  Result<std::vector<TunedPoint>> tune(const TuningWork& work);

  static constexpr int kRuns = 15;            // Readings, of which the median counts.
  static constexpr double kLeastUs = 500;     // Of a reading: as many runs as take this long, 64 at most.
  static constexpr double kWarmUs = 20'000;   // Of runs before the first reading.
  static constexpr double kGain = 0.97;       // A candidate must be this much faster than the default.
  static constexpr std::size_t kMost = 1024;  // Candidates of a point.

 private:
  struct Param {
    std::string name;
    std::vector<std::int64_t> values;
    std::uint32_t default_index = 0;
  };
  struct Point {
    std::string kernel, bucket;
    std::uint64_t hash = 0, launches = 0;
    std::vector<Param> params;
  };
  Tuner(Device* device, TuningStore& store, const fg_tune_table* table, Clock clock)
      : device_(device), store_(&store), table_(table), clock_(clock) {}
  Result<std::vector<Point>> points() const;
  Result<std::vector<Point>> points_of(const TuningWork& work) const;
  Result<void> set(const Point& p, const std::vector<std::int64_t>& values) const;
  Result<void> confirm(const Point& p, const TuningWork& work, TuningRow& row) const;
  Result<TunedPoint> tune_point(const Point& p, const TuningWork& work) const;
  Result<double> us_of(const std::function<Result<void>()>& run) const;
  Result<double> median_us(const TuningWork& work) const;
  static std::vector<std::vector<std::int64_t>> candidates(const Point& p);

  Device* device_;
  TuningStore* store_;
  const fg_tune_table* table_;
  Clock clock_;
  std::set<std::string> done_;
};

}  // namespace fg::core

#endif  // FG_CORE_TUNING_TUNER_HPP_
