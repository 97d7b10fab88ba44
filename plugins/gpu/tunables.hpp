// SPDX-License-Identifier: Apache-2.0
//
// Choices of kernels that a measurement may make better (fg/abi/ext/tune.h): declared beside the kernel,
// looked up at each launch, set by the core or a tuner.

#ifndef FG_PLUGINS_GPU_TUNABLES_HPP_
#define FG_PLUGINS_GPU_TUNABLES_HPP_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fg/abi/ext/tune.h"
#include "fg/sdk/result.hpp"

namespace fg::gpu {

// A kernel with parameters and every value that there is of them; static and constant.  `hash` is raised by hand with
// the kernel or with what a parameter means.
struct TunableKernel {
  const char* name;
  std::uint64_t hash;
  std::span<const fg_tune_param> params;
};
// Every one of the shared kernels (kernel_table.cpp), for set().
std::span<const TunableKernel* const> tunable_kernels();
extern const TunableKernel kTunableMap;           // engine/map.cpp
extern const TunableKernel kTunableReduce;        // engine/reduce.cpp
extern const TunableKernel kTunableTranspose;     // engine/transpose.cpp
extern const TunableKernel kTunableProduct;       // product_tuning.cpp ...
extern const TunableKernel kTunableProductParts;  // ...
extern const TunableKernel kTunableProductRows;   // ...
extern const TunableKernel kTunableAttention;     // attention.cpp
extern const TunableKernel kTunableRows;          // rows.cpp

// Most parameters have a value that leaves the choice to the kernel's own rule, which knows the shape at hand.
inline constexpr std::int64_t kByRule = 0;

// Buckets go by powers of two: the one that is not above x, 0 for none.
inline int log2_below(std::int64_t x) { return std::bit_width(static_cast<std::uint64_t>(x) | 1) - 1; }

// What a launch says of its point when it is met for the first time.
struct TunablePoint {
  // For each parameter, what can run there, the default among it.  Asked by a tuner alone, so it may take its time.
  using Candidates = std::function<std::vector<std::vector<std::int64_t>>()>;
  std::string bucket;
  Candidates candidates{};  // Empty: every value.
};

// The choices of one device.  [any-thread]
class Tunables {
 public:
  static constexpr std::size_t kMaxParams = 4;
  using Values = std::array<std::int64_t, kMaxParams>;

  // Whether a launch asks, which is counted, or the question how much workspace it will need.
  enum class Asks : std::uint8_t { launch, workspace };

  // The values for a launch.  `code` names the bucket within the kernel as a number, `point` describes it the first
  // time that it is met: TunablePoint().
  template <class Make>
  Values choose(const TunableKernel& kernel, std::uint64_t code, Make&& point, Asks asks = Asks::launch) {
    const Point* p = find(kernel, code);
    if (p == nullptr) p = &meet(kernel, code, point());
    if (asks == Asks::launch) p->launches.fetch_add(1, std::memory_order_relaxed);
    return *p->values.load(std::memory_order_acquire);
  }
  // Calls `visit` for each point met that has a choice.
  void points(fg_tune_visit_fn visit, void* ctx) const;
  // As fg_tune_table::set.
  Result<void> set(std::string_view kernel, std::uint64_t hash, std::string_view bucket,
                   std::span<const std::int64_t> values);

 private:
  struct Point {
    Point(const TunableKernel* k, std::string b) : kernel(k), bucket(std::move(b)) {}
    const TunableKernel* kernel;
    std::string bucket;
    TunablePoint::Candidates candidates;
    std::atomic<const Values*> values{nullptr};
    mutable std::atomic<std::uint64_t> launches{0};
  };
  // Launches find their points without a lock: nodes are added in front and never go.
  struct Node {
    const TunableKernel* kernel;
    std::uint64_t code;
    Point* point;
    const Node* next;
  };
  static std::size_t place_of(const TunableKernel& kernel, std::uint64_t code) {
    const std::uint64_t mixed = (code ^ reinterpret_cast<std::uintptr_t>(&kernel)) * 0x9E3779B97F4A7C15u;
    return static_cast<std::size_t>(mixed >> 56);
  }
  const Point* find(const TunableKernel& kernel, std::uint64_t code) const {
    for (const Node* n = heads_[place_of(kernel, code)].load(std::memory_order_acquire); n != nullptr; n = n->next) {
      if (n->code == code && n->kernel == &kernel) return n->point;
    }
    return nullptr;
  }
  const Point& meet(const TunableKernel& kernel, std::uint64_t code, TunablePoint point);
  Point* named(const TunableKernel& kernel, std::string_view bucket);
  Point& put(const TunableKernel& kernel, std::string_view bucket, const Values& values);

  std::array<std::atomic<const Node*>, 256> heads_{};
  mutable std::mutex mutex_;  // Of what follows; elements stay where they are.
  std::deque<Node> nodes_;
  std::deque<Point> points_;
  std::deque<Values> values_;  // Those of earlier choices too: a launch may be reading them.
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_TUNABLES_HPP_
