// SPDX-License-Identifier: Apache-2.0
//
// What a kernel is given besides its arguments: the threads it may use and its workspace.  Kernels
// know neither the pool nor the ABI, so that they can be tested alone.

#ifndef FG_PLUGINS_CPU_KERNELS_EXEC_HPP_
#define FG_PLUGINS_CPU_KERNELS_EXEC_HPP_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace fg::cpu {

// Runs `count` independent tasks on up to `workers` threads, the caller's among them.
class Exec {
 public:
  using Task = void (*)(void* context, std::int64_t task, int worker);
  virtual ~Exec() = default;
  virtual int workers() const = 0;
  // Calls task(context, i, w) once for each i in [0, count), 0 <= w < workers(); returns when all
  // have returned.  No two calls run at once with the same w.  Tasks do not throw.
  virtual void run(std::int64_t count, Task task, void* context) const = 0;

  template <class F>
  void each(std::int64_t count, F&& f) const {
    if (count <= 0) return;
    using Body = std::remove_reference_t<F>;
    run(
        count, [](void* c, std::int64_t i, int w) { (*static_cast<Body*>(c))(i, w); },
        const_cast<void*>(static_cast<const void*>(&f)));
  }

  // Splits [0, n) into ranges of at least `grain` elements: f(begin, end, worker).
  template <class F>
  void ranges(std::int64_t n, std::int64_t grain, F&& f) const {
    if (n <= 0) return;
    const std::int64_t most = std::int64_t{workers()} * kTasksPerWorker;
    const std::int64_t parts = std::clamp<std::int64_t>(n / std::max<std::int64_t>(grain, 1), 1, most);
    if (parts == 1) return f(std::int64_t{0}, n, 0);
    const std::int64_t size = n / parts, rest = n % parts;
    each(parts, [&](std::int64_t i, int w) {
      const std::int64_t begin = i * size + std::min(i, rest);
      f(begin, begin + size + (i < rest ? 1 : 0), w);
    });
  }

 private:
  static constexpr int kTasksPerWorker = 4;  // Evens out threads that the system interrupts.
};

// The calling thread alone.
class SerialExec final : public Exec {
 public:
  int workers() const override { return 1; }
  void run(std::int64_t count, Task task, void* context) const override {
    for (std::int64_t i = 0; i < count; ++i) task(context, i, 0);
  }
};

// Elements that make a thread worth waking, for work of about one cycle an element.
inline constexpr std::int64_t kGrain = 16384;

// Hands out aligned pieces of a workspace.  With a null base it only adds up, so that one function
// serves both the question "how much?" and the launch.
class Arena {
 public:
  explicit Arena(void* base) : base_(static_cast<std::byte*>(base)) {}
  template <class T>
  T* take(std::int64_t count) {
    const std::size_t at = used_;
    used_ += (static_cast<std::size_t>(std::max<std::int64_t>(count, 0)) * sizeof(T) + 63) / 64 * 64;
    return base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + at);
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0;
};

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_EXEC_HPP_
