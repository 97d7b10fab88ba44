// SPDX-License-Identifier: Apache-2.0
//
// Recording: copies of launches, of their descriptors and of their parameters.

#include "core/dispatch/capture.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/dispatch/graph.hpp"
#include "core/dispatch/params.hpp"
#include "core/dispatch/programs.hpp"
#include "core/memory/capture_mark.hpp"
#include "fg/abi/engine.h"

namespace fg::core {
namespace {

// The parameters of an engine launch.  Its programs live as long as the process; its scalars do not.
template <class P>
struct EngineParams {
  P params;
  std::vector<fg_scalar> scalars;
};

template <class P>
std::shared_ptr<const void> copy_engine_params(const LaunchSpec& s) {
  auto copy = std::make_shared<EngineParams<P>>();
  copy->params = *static_cast<const P*>(s.params);
  copy->scalars.resize(s.params_key.size() / sizeof(fg_scalar));
  if (!s.params_key.empty()) std::memcpy(copy->scalars.data(), s.params_key.data(), s.params_key.size());
  copy->params.scalar = copy->scalars.data();
  const void* const at = &copy->params;
  return {std::move(copy), at};
}

std::shared_ptr<const void> keep_params(const LaunchSpec& s) {
  if (s.named_params != nullptr) {
    auto kept = std::make_shared<const Params>(std::move(*s.named_params));
    const void* const at = kept->data();
    return {std::move(kept), at};
  }
  if (s.op_uid == engine_uid(Kind::map)) return copy_engine_params<fg_map_params>(s);
  if (s.op_uid == engine_uid(Kind::reduce)) return copy_engine_params<fg_reduce_params>(s);
  return copy_engine_params<fg_scan_params>(s);
}

tl::unexpected<Error> never_begun() { return fail(FG_E_STATE, "end of a capture that this thread never began"); }

// `d` as a view that holds its memory.
Result<Tensor> hold(const fg_tensor& d, const fg_tensor_object* owner) {
  if (owner == nullptr) return Tensor{};
  const auto n = static_cast<std::size_t>(d.ndim);
  const std::uint64_t offset = d.buffer == nullptr ? 0 : d.byte_offset - owner->storage->buffer_offset;
  return make_tensor(StorageRef::share(owner->storage), d.dtype, {d.shape, n}, {d.stride, n}, offset);
}

}  // namespace

Capture::Capture(Device* device) : device_(device) { capture_mark() = {device, {}}; }

Capture::~Capture() { capture_mark() = {}; }

Result<void> Capture::admit(const KernelEntry& entry, const LaunchSpec& s) const {
  if (s.device != device_) {
    return fail(FG_E_CAPTURE, fmt::format("{} runs on {}, the capture is of {}", s.op, s.device->name, device_->name),
                FG_R_DEVICE);
  }
  if ((entry.kernel->flags & FG_K_CAPTURABLE) != 0) return {};
  return fail(FG_E_CAPTURE, fmt::format("{} on {}: kernel {} cannot be captured (it has no FG_K_CAPTURABLE)", s.op,
                                        device_->name, entry.kernel->name != nullptr ? entry.kernel->name : "?"));
}

Result<void> Capture::record(const KernelEntry& entry, const LaunchSpec& s, std::uint64_t ws_bytes) {
  RecordedLaunch r;
  r.entry = &entry;
  r.op = s.op;
  r.ws_bytes = ws_bytes;
  for (std::size_t i = 0; i < s.t.size(); ++i) {
    FG_TRY_ASSIGN(Tensor view, hold(s.t[i], s.owners[i]));
    fg_tensor d = s.t[i];
    if (view) {
      d = view->desc;
      d.flags = s.t[i].flags;
    }
    r.t.push_back(d);
    r.tensors.push_back(std::move(view));
  }
  r.params = keep_params(s);
  r.call.t = r.t.data();
  r.call.params = r.params.get();
  r.call.n_out = s.n_out;
  r.call.n_in = static_cast<std::uint16_t>(s.t.size() - s.n_out);
  launches_.push_back(std::move(r));
  return {};
}

CapturedCall::CapturedCall(Capture& capture, const OpInfo& op)
    : capture_(capture), before_(capture.launches_.size()), outermost_(capture_mark().op.empty()) {
  if (outermost_) capture_mark().op = op.name;
}

CapturedCall::~CapturedCall() {
  if (outermost_) capture_mark().op = {};
}

Result<void> CapturedCall::check(const OpInfo& op) const {
  if (!op.dynamic) return {};
  return fail(FG_E_CAPTURE, fmt::format("{}: the values of its arguments decide the shape of its result, which the "
                                        "capture of {} cannot record",
                                        op.name, capture_.device_->name));
}

Result<void> CapturedCall::done(Result<void> result) {
  if (result) return result;
  capture_.launches_.erase(capture_.launches_.begin() + static_cast<std::ptrdiff_t>(before_), capture_.launches_.end());
  if (result.error().status == FG_E_CAPTURE && !capture_.broken_) capture_.broken_ = result.error();
  return result;
}

Result<void> begin_capture(Device* device) {
  std::unique_ptr<Capture>& open = thread_state().capture;
  if (open != nullptr) {
    return fail(FG_E_STATE,
                fmt::format("capture of {}: this thread captures {} already", device->name, open->device()->name));
  }
  open = std::make_unique<Capture>(device);
  return {};
}

Result<std::unique_ptr<Graph>> end_capture() {
  const std::unique_ptr<Capture> capture = std::move(thread_state().capture);
  if (capture == nullptr) return never_begun();
  capture_mark() = {};
  if (capture->broken_) {
    Error e = std::move(*capture->broken_).while_doing(fmt::format("capture of {}", capture->device_->name));
    return tl::unexpected(std::move(e));
  }
  return Graph::make(capture->device_, std::move(capture->launches_));
}

Result<void> drop_capture() {
  if (thread_state().capture == nullptr) return never_begun();
  thread_state().capture.reset();
  return {};
}

}  // namespace fg::core
