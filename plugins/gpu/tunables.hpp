// SPDX-License-Identifier: Apache-2.0
//
// Choices of kernels that a measurement may make better (fg/abi/ext/tune.h): declared beside the kernel,
// looked up at each launch, set by the core or a tuner.

#ifndef FG_PLUGINS_GPU_TUNABLES_HPP_
#define FG_PLUGINS_GPU_TUNABLES_HPP_

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "fg/abi/ext/tune.h"
#include "fg/sdk/result.hpp"

namespace fg::gpu {

// A kernel with parameters; static and constant.  `hash` is raised by hand with the kernel or with what
// a parameter means.
struct TunableKernel {
  const char* name;
  std::uint64_t hash;
  std::span<const fg_tune_param> params;
};
// Every one of the shared kernels (kernel_table.cpp), for set().
std::span<const TunableKernel* const> tunable_kernels();
extern const TunableKernel kTunableMap;  // engine/map.cpp

// The choices of one device.  [any-thread]
class Tunables {
 public:
  static constexpr std::size_t kMaxParams = 4;
  using Values = std::array<std::int64_t, kMaxParams>;

  // The values for a launch.  `code` names the bucket within the kernel as a number, `text` makes its
  // text the first time that it is met: std::string().
  template <class Text>
  Values choose(const TunableKernel& kernel, std::uint64_t code, Text&& text) {
    if (const std::optional<Values> known = find(kernel, code)) return *known;
    return meet(kernel, code, text());
  }
  // Calls `visit` for each point met.
  void points(fg_tune_visit_fn visit, void* ctx) const;
  // As fg_tune_table::set.
  Result<void> set(std::string_view kernel, std::uint64_t hash, std::string_view bucket,
                   std::span<const std::int64_t> values);

 private:
  struct Point {
    Point(const TunableKernel* k, std::string b, const Values& v) : kernel(k), bucket(std::move(b)), values(v) {}
    const TunableKernel* kernel;
    std::string bucket;
    Values values;
    std::uint64_t code = 0;
    mutable std::atomic<std::uint64_t> launches{0};  // 0: set before any launch, `code` is not known yet.
  };
  std::optional<Values> find(const TunableKernel& kernel, std::uint64_t code) const;
  Values meet(const TunableKernel& kernel, std::uint64_t code, std::string bucket);
  Point* named(const TunableKernel& kernel, std::string_view bucket);

  mutable std::shared_mutex mutex_;
  std::deque<Point> points_;
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_TUNABLES_HPP_
