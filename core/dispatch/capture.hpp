// SPDX-License-Identifier: Apache-2.0
//
// A capture: the launches of one thread on one device, recorded while they run.  docs/graphs.md.

#ifndef FG_CORE_DISPATCH_CAPTURE_HPP_
#define FG_CORE_DISPATCH_CAPTURE_HPP_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/dispatch/call.hpp"
#include "core/dispatch/kernels.hpp"
#include "core/tensor/tensor.hpp"
#include "fg/abi/kernel.h"

namespace fg::core {

class Graph;

// One launch with everything that it points to.  Movable: `call` refers to the heap alone.
struct RecordedLaunch {
  const KernelEntry* entry = nullptr;
  std::string_view op;
  fg_launch call{};                    // stream, err and the workspace are set by the graph.
  std::vector<fg_tensor> t;            // What call.t points to.
  std::vector<Tensor> tensors;         // The same as views that hold their memory; empty where one is absent.
  std::shared_ptr<const void> params;  // What call.params points to.
  std::uint64_t ws_bytes = 0;
};

class Capture {
 public:
  explicit Capture(Device* device);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // Whether a launch may be recorded: FG_E_CAPTURE on another device and for a kernel that is not
  // FG_K_CAPTURABLE.
  Result<void> admit(const KernelEntry& entry, const LaunchSpec& spec) const;
  // Keeps a launch that was enqueued.  Parameters of a named operator are moved out of `spec`.
  Result<void> record(const KernelEntry& entry, const LaunchSpec& spec, std::uint64_t ws_bytes);

  Device* device() const { return device_; }

 private:
  friend class CapturedCall;
  friend Result<std::unique_ptr<Graph>> end_capture();

  Device* device_;
  std::vector<RecordedLaunch> launches_;
  std::optional<Error> broken_;  // The first call that could not be recorded.
};

// Around one call of an operator inside a capture: a call that fails leaves no launches behind, one
// that cannot be captured breaks the capture.
class CapturedCall {
 public:
  CapturedCall(Capture& capture, const OpInfo& op);
  ~CapturedCall();
  CapturedCall(const CapturedCall&) = delete;
  CapturedCall& operator=(const CapturedCall&) = delete;

  Result<void> check(const OpInfo& op) const;
  Result<void> done(Result<void> result);

 private:
  Capture& capture_;
  const std::size_t before_;
  const bool outermost_;
};

// FG_E_STATE when this thread has an open capture.
Result<void> begin_capture(Device* device);
// Ends it.  FG_E_STATE when there is none, FG_E_CAPTURE when a call inside could not be recorded.
Result<std::unique_ptr<Graph>> end_capture();
// Forgets it.  FG_E_STATE when there is none.
Result<void> drop_capture();

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_CAPTURE_HPP_
