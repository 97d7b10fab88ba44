// SPDX-License-Identifier: Apache-2.0
//
// From launches to kernel arguments: the pool as an Exec, the workspace, descriptors as spaces.

#ifndef FG_PLUGINS_CPU_KERNELS_ENTRY_HPP_
#define FG_PLUGINS_CPU_KERNELS_ENTRY_HPP_

#include <array>
#include <atomic>
#include <bit>
#include <string>

#include "fg/sdk/kernel_table.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/cpu/instance.hpp"
#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

// The plugin's pool.  A task holds a worker number while it runs, so that scratch can be indexed by
// it; the pool itself numbers nobody.
class PoolExec final : public Exec {
 public:
  explicit PoolExec(const sdk::Launch& launch) : pool_(pool_of(launch.raw())) {}
  int workers() const override { return workers_of(pool_); }
  static int workers_of(const ThreadPool& pool) { return std::clamp(pool.size(), 1, kMost); }

  void run(std::int64_t count, Task task, void* context) const override {
    std::array<std::atomic<std::uint64_t>, kMost / 64> busy{};
    parallel_for(pool_, count, 1, [&](std::int64_t begin, std::int64_t end) {
      const int worker = claim(busy);
      for (std::int64_t i = begin; i < end; ++i) task(context, i, worker);
      busy[static_cast<std::size_t>(worker / 64)].fetch_and(~(std::uint64_t{1} << (worker % 64)),
                                                            std::memory_order_release);
    });
  }

 private:
  static constexpr int kMost = 512;

  static int claim(std::array<std::atomic<std::uint64_t>, kMost / 64>& busy) {
    for (std::size_t i = 0;; i = (i + 1) % busy.size()) {
      std::uint64_t seen = busy[i].load(std::memory_order_relaxed);
      while (seen != ~std::uint64_t{0}) {
        const int bit = std::countr_one(seen);
        if (busy[i].compare_exchange_weak(seen, seen | std::uint64_t{1} << bit, std::memory_order_acquire)) {
          return static_cast<int>(i) * 64 + bit;
        }
      }
    }
  }

  ThreadPool& pool_;
};

inline int workers_of(const sdk::Launch& launch) { return PoolExec::workers_of(pool_of(launch.raw())); }

inline constexpr std::uint64_t kWorkspaceAlign = 64;  // Bytes; asked for on top, see workspace_at().

inline void* workspace_at(const sdk::Launch& launch) {
  const fg_launch& l = launch.raw();
  if (l.ws == nullptr) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(l.ws->data + l.ws_offset);
  return reinterpret_cast<void*>((address + kWorkspaceAlign - 1) / kWorkspaceAlign * kWorkspaceAlign);
}

inline bool present(const fg_tensor& t) { return t.dtype != 0; }
inline std::int64_t element_bytes(const fg_tensor& t) { return dtype_bytes(t.dtype); }

// Stride of dimension d of `t`, seen as one that broadcasts to a tensor of rank `ndim`.
inline std::int64_t broadcast_stride(const fg_tensor& t, int d, int ndim) {
  const int own = d - (ndim - t.ndim);
  return own < 0 || t.shape[own] == 1 ? 0 : t.stride[own];
}

// "[1, 2]": the place of row-major element `linear` of `t`.
inline std::string position_text(const fg_tensor& t, std::int64_t linear) {
  std::string text;
  for (int d = t.ndim - 1; d >= 0; --d) {
    text.insert(0, (d == 0 ? "" : ", ") + std::to_string(linear % t.shape[d]));
    linear /= t.shape[d];
  }
  return "[" + text + "]";
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_ENTRY_HPP_
