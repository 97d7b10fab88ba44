// SPDX-License-Identifier: Apache-2.0
//
// A device inside the test program: host memory, no plugin file, an engine that interprets programs
// one element at a time.  It counts what it is asked and checks every descriptor it is given; what a
// launch got wrong is in `complaints`.

#ifndef FG_TESTS_UNIT_FAKE_FAKE_DEVICE_HPP_
#define FG_TESTS_UNIT_FAKE_FAKE_DEVICE_HPP_

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/registry/device.hpp"
#include "core/tensor/tensor.hpp"
#include "fg/abi/engine.h"
#include "fg/abi/plugin.h"

namespace fg::test {

struct FakeOptions {
  bool map = true, reduce = true, scan = true;  // Engines it claims.
  std::vector<std::string> named;               // Of "bmm", "mm", "nonzero", "softmax", "embedding".
  std::uint64_t guards = 0;                     // Of every kernel.
  bool synchronous = true, flat = true;
  std::uint64_t workspace = 0;        // Bytes every kernel asks for.
  std::vector<fg_dtype> dtypes;       // Of the engines; empty: all twelve.
  bool capturable = true;             // Its kernels.
  bool batch = false, graph = false;  // Has "fg.batch/1", "fg.graph/1".
};

// One launch as the kernel saw it.
struct SeenLaunch {
  std::string kernel;
  std::vector<std::vector<std::int64_t>> shape, stride;  // Per tensor, outputs first.
  std::vector<std::uint32_t> flags;
  std::uint64_t nodes = 0;  // Of the main program.
};

class FakeDevice {
 public:
  explicit FakeDevice(FakeOptions options = {}, std::string name = "fake:0");
  ~FakeDevice();
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;

  core::Device* device() { return &device_; }
  const FakeOptions& options() const { return options_; }
  const std::vector<fg_op_claim>& claims() const { return claims_; }

  std::atomic<int> launches{0}, prepares{0}, copies{0}, waits{0}, allocations{0};
  std::atomic<int> submits{0}, graphs{0}, graph_launches{0};  // Of the tables; graphs: alive.
  std::atomic<fg_status> next_build{FG_OK};                   // Returned once by the next build.
  std::atomic<fg_status> next_launch{FG_OK};                  // Returned once by the next launch.
  std::atomic<fg_status> next_prepare{FG_OK};                 // By the next prepare.

  void see(SeenLaunch s);
  SeenLaunch last() const;
  void complain(std::string what);
  std::vector<std::string> complaints() const;

 private:
  FakeOptions options_;
  core::Device device_;
  fg_api api_{};
  std::vector<fg_op_claim> claims_;
  std::vector<std::vector<fg_dtype>> rows_;
  mutable std::mutex mutex_;
  SeenLaunch last_;
  std::vector<std::string> complaints_;
};

// What the handles of the contract are here.
struct FakeBuffer {
  explicit FakeBuffer(std::uint64_t n)
      : size(n), memory(static_cast<std::byte*>(std::aligned_alloc(256, (n + 255) / 256 * 256))) {}
  ~FakeBuffer() { std::free(memory); }
  FakeBuffer(const FakeBuffer&) = delete;
  FakeBuffer& operator=(const FakeBuffer&) = delete;
  std::byte* data() { return memory; }
  std::uint64_t size;
  std::byte* memory;
};

// The tables of FakeOptions::batch and ::graph, by id; nullptr for others.  fake_graph.cpp
const void* fake_table(const FakeOptions& options, const std::string& id);

// The first byte of element 0 of `t`, by buffer and offset.
std::byte* address(const fg_tensor& t);
// Runs the engine operators and the named ones; false when it does not know `op`.
bool run_engine(const std::string& op, const fg_launch& l);
bool run_named(const std::string& op, const fg_launch& l);

// Throws the error's message.
inline void check(const Result<void>& r) {
  if (!r) throw std::runtime_error(r.error().message);
}

// A tensor on `device` with these elements.
template <class T>
core::Tensor tensor_of(core::Device* device, fg_dtype dtype, std::vector<std::int64_t> shape,
                       const std::vector<T>& values) {
  core::Tensor t = core::empty(device, dtype, shape).value();
  check(core::copy_from_host(t, std::as_bytes(std::span(values))));
  return t;
}
template <class T>
std::vector<T> values_of(const core::Tensor& t) {
  std::vector<T> values(static_cast<std::size_t>(t.numel()));
  check(core::copy_to_host(t, std::as_writable_bytes(std::span(values))));
  return values;
}

}  // namespace fg::test

#endif  // FG_TESTS_UNIT_FAKE_FAKE_DEVICE_HPP_
