// SPDX-License-Identifier: Apache-2.0
//
// The plugin called without the core in between, as another core would call it: its table, raw
// buffers, streams, timelines and kernels that free themselves.

#ifndef FG_CONFORMANCE_RUNNER_DIRECT_HPP_
#define FG_CONFORMANCE_RUNNER_DIRECT_HPP_

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conformance/runner/device.hpp"
#include "core/expr/program.hpp"
#include "fg/abi/engine.h"
#include "fg/abi/ext/test.h"
#include "fg/abi/plugin.h"

namespace fg::conformance {

template <class T>
using Owned = std::unique_ptr<T, std::function<void(T*)>>;

struct RawBuffer {
  Owned<fg_buffer> handle;
  void* ptr = nullptr;
  std::uint64_t bytes = 0;
};

// What a core lends, with an ear for the log and blobs of our own; the rest is the suite's.
class TestHost {
 public:
  static Result<std::shared_ptr<TestHost>> of(const Device& device);
  const fg_host& host() const { return host_; }

  std::function<void()> on_log;
  std::map<std::string, std::string> blobs;  // by key; guarded by `mutex`
  std::mutex mutex;

 private:
  struct Calls;
  const fg_host* under_ = nullptr;
  fg_host host_{};
};

class Direct {
 public:
  // The suite's own instance.
  static Result<Direct> of(const Device& device);
  // One more instance of the plugin, which is lent `host`; that outlives it.
  static Result<Direct> fresh(const Device& device, const TestHost& host);

  const fg_api& api() const { return *api_; }
  fg_instance* instance() const { return instance_; }
  std::uint32_t ordinal() const { return ordinal_; }
  const fg_device_info& info() const { return info_; }
  bool synchronous() const { return (info_.caps & FG_D_SYNCHRONOUS) != 0; }

  Result<RawBuffer> buffer(std::uint64_t bytes) const;
  Result<Owned<fg_stream>> stream() const;
  Result<Owned<fg_timeline>> timeline() const;
  Result<Owned<fg_kernel>> prepare(const fg_sig& sig) const;
  // All work of `stream` has completed.
  Result<void> finish(fg_stream* stream) const;

  // Between the host and a buffer, at once.
  Result<void> put(const RawBuffer& to, std::uint64_t offset, std::span<const std::byte> bytes) const;
  Result<void> get(const RawBuffer& from, std::uint64_t offset, std::span<std::byte> bytes) const;
  Result<std::vector<float>> floats(const RawBuffer& from, std::size_t n) const;
  Result<RawBuffer> buffer_of(std::span<const float> values) const;

  // Objects alive, where the plugin has "fg.test/1".
  std::optional<fg_test_counts> counts() const;

 private:
  Result<void> move(const RawBuffer& b, std::uint64_t offset, void* host, std::uint64_t bytes, bool to_device) const;

  const fg_api* api_ = nullptr;
  fg_instance* instance_ = nullptr;
  std::uint32_t ordinal_ = 0;
  fg_device_info info_{};
  std::shared_ptr<fg_instance> own_;  // of fresh()
};

// A dense tensor of rank 1 or 2 over the whole of a buffer.
struct RawTensor {
  RawTensor() = default;
  RawTensor(const RawBuffer* b, fg_dtype dtype, std::vector<std::int64_t> lengths, std::uint64_t offset = 0);
  std::vector<std::int64_t> shape, stride;
  const RawBuffer* buffer = nullptr;
  fg_dtype dtype = FG_F32;
  std::uint64_t offset = 0;

  fg_tensor descriptor(std::uint32_t device, bool with_memory) const;
};

// A signature and the launches of it.
class RawCall {
 public:
  RawCall(const Direct& direct, std::uint64_t uid, std::uint64_t schema_hash, std::vector<RawTensor> tensors,
          std::uint16_t n_out, const void* params);
  RawCall(const RawCall&) = delete;
  RawCall& operator=(const RawCall&) = delete;

  fg_sig& sig() { return sig_; }
  fg_tensor& of_sig(std::size_t i) { return sig_tensors_[i]; }
  fg_launch launch(fg_stream* stream, fg_error* err = nullptr) const;
  std::vector<fg_tensor>& tensors() { return tensors_; }

 private:
  std::vector<RawTensor> raw_;
  std::vector<fg_tensor> sig_tensors_, tensors_;
  fg_sig sig_{};
  const void* params_;
};

// out = a + b * s + plus on n elements of f32, s a scalar: a program that every plugin with an engine
// runs, with buffers of its own.  a and b hold ones.
class RawAxpy {
 public:
  static Result<std::unique_ptr<RawAxpy>> make(const Direct& direct, std::int64_t n, double s, double plus = 0);
  RawAxpy(const RawAxpy&) = delete;
  RawAxpy& operator=(const RawAxpy&) = delete;

  RawCall& call() { return *call_; }
  fg_sig& sig() { return call_->sig(); }
  fg_scalar& scalar() { return scalar_; }
  const RawBuffer& out() const { return out_; }
  const RawBuffer& a() const { return a_; }
  const RawBuffer& b() const { return b_; }
  // "", or what is wrong with the results, once `stream` has finished.
  Result<std::string> check(const Direct& direct, fg_stream* stream) const;

 private:
  explicit RawAxpy(expr::Program program) : program_(std::move(program)), view_(program_.view()) {}
  expr::Program program_;
  fg_expr view_;
  fg_scalar scalar_{};
  fg_map_params params_{};
  RawBuffer out_, a_, b_;
  std::int64_t n_ = 0;
  float want_ = 0;
  std::optional<RawCall> call_;
};

// "" when `got` is `want`, else a sentence that begins with `what`.
std::string expect_status(const std::string& what, fg_status got, fg_status want);
// Runs `body` on a thread of its own; when it is not back in `seconds`, it is left behind and "what
// did not return" is the answer.  It must own what it uses.
std::string within(double seconds, const std::string& what, std::function<std::string()> body);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_DIRECT_HPP_
