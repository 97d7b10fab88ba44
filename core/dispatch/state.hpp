// SPDX-License-Identifier: Apache-2.0
//
// What each thread keeps for dispatch: the exact caches of plans and kernels, its counters, its
// vendor scopes.  Nothing here is shared while a call runs: a hit takes no lock and writes no line
// that another thread reads in its own hot path.

#ifndef FG_CORE_DISPATCH_STATE_HPP_
#define FG_CORE_DISPATCH_STATE_HPP_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "core/catalogue/op_info.hpp"
#include "core/registry/registry.hpp"

namespace fg::core {

class Capture;
struct Plan;
struct KernelEntry;

// What a plan depends on: operator, form, how arguments are given, classes of tensors, enum and
// dtype attributes.  No shape, no number, no address.  Compared whole: a hash only picks the line.
struct PlanKey {
  static constexpr std::size_t kMaxTensors = 8;
  static constexpr std::size_t kMaxAttrs = 2;
  const OpInfo* op = nullptr;
  const Device* device = nullptr;  // As given by the caller, for operators without tensors.
  std::uint64_t tags = 0;          // 4 bits per argument: FG_V_*.
  std::uint32_t at_default = 0;    // Bit per argument: a number that equals the default.
  std::uint16_t form = 0;
  std::uint16_t n_tensors = 0;
  std::array<std::int64_t, kMaxAttrs> attr{};
  std::array<std::uint32_t, kMaxTensors> cls{};

  friend bool operator==(const PlanKey& a, const PlanKey& b) { return std::memcmp(&a, &b, sizeof(PlanKey)) == 0; }
  std::size_t hash() const {
    std::uint64_t h = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(op)) ^ tags * 0x9E3779B97F4A7C15u;
    h ^= (static_cast<std::uint64_t>(cls[0]) << 32 | cls[1]) * 0xC2B2AE3D27D4EB4Fu;
    h ^= (static_cast<std::uint64_t>(cls[2]) << 32 | at_default | form) * 0x165667B19E3779F9u;
    h ^= static_cast<std::uint64_t>(attr[0]) * 0xD6E8FEB86659FD93u;
    return static_cast<std::size_t>(h ^ h >> 29 ^ h >> 47);
  }
};
static_assert(sizeof(PlanKey) == 80);

// What a kernel depends on before its guards: program or operator, device, classes of the launch.
struct KernelKey {
  static constexpr std::size_t kMaxTensors = 8;
  const void* what = nullptr;
  const Device* device = nullptr;
  std::uint32_t n_out = 0, n = 0;
  std::array<std::uint32_t, kMaxTensors> cls{};

  friend bool operator==(const KernelKey& a, const KernelKey& b) { return std::memcmp(&a, &b, sizeof(KernelKey)) == 0; }
  std::size_t hash() const {
    std::uint64_t h = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(what)) * 0x9E3779B97F4A7C15u;
    h ^= (static_cast<std::uint64_t>(cls[0]) << 32 | cls[1]) * 0xC2B2AE3D27D4EB4Fu;
    h ^= (static_cast<std::uint64_t>(cls[2]) << 32 | n) * 0x165667B19E3779F9u;
    return static_cast<std::size_t>(h ^ h >> 29 ^ h >> 47);
  }
};
static_assert(sizeof(KernelKey) == 56);

// A direct-mapped cache of 256 lines; a line of an older registry generation never hits.
template <class Key, class Value>
class ExactCache {
 public:
  static constexpr std::size_t kLines = 256;
  struct Line {
    Key key;
    std::uint64_t generation = ~std::uint64_t{0};
    const Value* value = nullptr;
    const KernelEntry* kernel = nullptr;  // Plans: the kernel of the dense, equal-shape case.
  };
  // The line where `key` lives; `hit` says whether it holds it.
  Line& at(const Key& key, std::uint64_t generation, bool& hit) {
    Line& line = lines_[key.hash() & (kLines - 1)];
    hit = line.generation == generation && line.key == key;
    return line;
  }
  static void fill(Line& line, const Key& key, std::uint64_t generation, const Value* value) {
    line.key = key;
    line.generation = generation;
    line.value = value;
    line.kernel = nullptr;
  }

 private:
  std::array<Line, kLines> lines_{};
};

// Counters of one thread, read by others for the sums.  One writer: no read-modify-write needed.
struct alignas(64) ThreadCounters {
  enum {
    calls,
    cache_hits,
    launches,
    prepares,
    copies,
    fallbacks,
    graph_replays,
    graph_launches,
    nondeterministic,
    kCount
  };
  std::array<std::atomic<std::uint64_t>, kCount> value{};

  void bump(int which, std::uint64_t by = 1) {
    std::atomic<std::uint64_t>& v = value[static_cast<std::size_t>(which)];
    v.store(v.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
};

struct ThreadState {
  ThreadState();
  ~ThreadState();  // Adds its counters to those of ended threads.
  ThreadState(const ThreadState&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;

  ThreadCounters counters;
  ExactCache<PlanKey, Plan> plans;
  ExactCache<KernelKey, KernelEntry> kernels;
  std::vector<Selection> scopes;     // UseVendor, innermost last.
  std::unique_ptr<Capture> capture;  // Open on this thread; usually none.
};

ThreadState& thread_state();

// The device of the innermost vendor scope, else the process's default.
Result<Device*> current_device();
// Where calls go that it cannot serve; FG_E_UNSUPPORTED when the request excludes it.
Result<Device*> current_fallback();
// The process's request in place of GEMS_VENDOR; before the first question only.
void set_default_vendor(std::string spec);
// Vendor scopes of this thread (UseVendor).
Result<void> push_vendor(std::string_view spec);
Result<void> pop_vendor();

// Sums over all threads, ended ones included.  [any-thread]
std::array<std::uint64_t, ThreadCounters::kCount> counter_sums();

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_STATE_HPP_
