// SPDX-License-Identifier: Apache-2.0
//
// Arrays of any layout for the kernel tests, read and written element by element as double, and an
// executor that runs tasks on real threads in a shuffled order.

#ifndef FG_TESTS_UNIT_CPU_KERNELS_ARRAY_HPP_
#define FG_TESTS_UNIT_CPU_KERNELS_ARRAY_HPP_

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/exec.hpp"
#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu::testing {

enum class Layout { dense, transposed, gaps, negative, repeated };
inline constexpr Layout kLayouts[] = {Layout::dense, Layout::transposed, Layout::gaps, Layout::negative,
                                      Layout::repeated};
inline constexpr Layout kWritable[] = {Layout::dense, Layout::transposed, Layout::gaps, Layout::negative};

using Dims = std::vector<std::int64_t>;

class Array {
 public:
  Array(fg_dtype dtype, Dims shape, Layout layout = Layout::dense)
      : dtype_(dtype), shape_(std::move(shape)), stride_(shape_.size()) {
    std::int64_t next = layout == Layout::gaps ? 3 : 1;
    const int n = ndim();
    for (int i = 0; i < n; ++i) {
      const int d = layout == Layout::transposed ? i : n - 1 - i;
      stride_[at(d)] = next;
      next *= std::max<std::int64_t>(shape_[at(d)], 1) + (layout == Layout::gaps ? 1 : 0);
    }
    if (layout == Layout::repeated && n > 0) stride_[0] = 0;
    for (int d = 0; layout == Layout::negative && d < n; ++d) {
      if (shape_[at(d)] > 0) origin_ += stride_[at(d)] * (shape_[at(d)] - 1);
      stride_[at(d)] = -stride_[at(d)];
    }
    storage_.assign(static_cast<std::size_t>((next + 8) * bytes()), std::byte{0x5A});
    before_ = storage_;
  }

  fg_dtype dtype() const { return dtype_; }
  int ndim() const { return static_cast<int>(shape_.size()); }
  const Dims& shape() const { return shape_; }
  const Dims& stride() const { return stride_; }
  std::int64_t size(int d) const { return shape_[at(d)]; }
  std::int64_t stride(int d) const { return stride_[at(d)]; }
  std::int64_t bytes() const { return dtype_bytes(dtype_); }
  std::int64_t count() const {
    std::int64_t n = 1;
    for (const std::int64_t s : shape_) n *= s;
    return n;
  }
  void* data() { return storage_.data() + origin_ * bytes(); }

  std::int64_t offset(std::int64_t linear) const {
    std::int64_t o = 0;
    for (int d = ndim() - 1; d >= 0; --d) {
      o += linear % shape_[at(d)] * stride_[at(d)];
      linear /= shape_[at(d)];
    }
    return o;
  }
  double get(std::int64_t linear) {
    double x = 0;
    with_type(dtype_, [&]<class Tag>(Tag) {
      using T = typename Tag::type;
      T v;
      std::memcpy(&v, static_cast<std::byte*>(data()) + offset(linear) * bytes(), sizeof v);
      if constexpr (std::is_class_v<T>) {
        x = static_cast<float>(v);
      } else {
        x = static_cast<double>(v);
      }
    });
    return x;
  }
  void set(std::int64_t linear, double x) {
    with_type(dtype_, [&]<class Tag>(Tag) {
      using T = typename Tag::type;
      T v;
      if constexpr (std::is_class_v<T>) {
        v = T(static_cast<float>(x));
      } else {
        v = static_cast<T>(x);
      }
      std::memcpy(static_cast<std::byte*>(data()) + offset(linear) * bytes(), &v, sizeof v);
    });
  }
  Array& fill(const std::function<double(std::int64_t)>& f) {
    for (std::int64_t i = 0; i < count(); ++i) set(i, f(i));
    before_ = storage_;
    return *this;
  }
  std::vector<double> values() {
    std::vector<double> v;
    for (std::int64_t i = 0; i < count(); ++i) v.push_back(get(i));
    return v;
  }
  // Whether bytes that belong to no element are as they were.
  bool gaps_untouched() {
    std::vector<std::byte> now = storage_;
    for (std::int64_t i = 0; i < count(); ++i) {
      const auto o = static_cast<std::size_t>((origin_ + offset(i)) * bytes());
      std::memcpy(now.data() + o, before_.data() + o, static_cast<std::size_t>(bytes()));
    }
    return now == before_;
  }

 private:
  static std::size_t at(int d) { return static_cast<std::size_t>(d); }
  fg_dtype dtype_;
  Dims shape_, stride_;
  std::int64_t origin_ = 0;
  std::vector<std::byte> storage_, before_;
};

// Rounds as storing does.
inline double stored(fg_dtype dtype, double x) {
  Array a(dtype, {});
  a.set(0, x);
  return a.get(0);
}

class ThreadsExec final : public Exec {
 public:
  explicit ThreadsExec(int n) : n_(n) {}
  int workers() const override { return n_; }
  void run(std::int64_t count, Task task, void* context) const override {
    std::atomic<std::int64_t> next{0};
    const auto work = [&](int w) {
      for (std::int64_t i = next++; i < count; i = next++) task(context, count - 1 - i, w);
    };
    std::vector<std::thread> threads;
    for (int w = 1; w < n_; ++w) threads.emplace_back(work, w);
    work(0);
    for (std::thread& t : threads) t.join();
  }

 private:
  int n_;
};

// A workspace of exactly the size asked for, filled with NaN patterns.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes) : data_(std::aligned_alloc(64, (bytes + 64) / 64 * 64)) {
    std::memset(data_, 0xFF, bytes);
  }
  ~Workspace() { std::free(data_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  void* get() const { return data_; }

 private:
  void* data_;
};

inline std::string label(fg_dtype dtype, const Dims& shape) {
  std::string s(dtype_name(dtype));
  for (const std::int64_t d : shape) s += " " + std::to_string(d);
  return s;
}

}  // namespace fg::cpu::testing

#endif  // FG_TESTS_UNIT_CPU_KERNELS_ARRAY_HPP_
