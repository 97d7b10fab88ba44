// SPDX-License-Identifier: Apache-2.0
//
// A stream that keeps what is enqueued instead of doing it.

#ifndef FG_PLUGINS_GPU_RECORDING_HPP_
#define FG_PLUGINS_GPU_RECORDING_HPP_

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "plugins/gpu/itemwise.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

struct RecordedDispatch {
  const Program* program = nullptr;
  std::vector<BufferRef> buffers;
  std::vector<std::byte> params;
  std::uint64_t groups = 0;
  bool large = false;
  std::optional<ItemWise> items;
};
struct RecordedCopy {
  BufferRef dst, src;
  std::uint64_t bytes;
};
struct RecordedFill {
  BufferRef dst;
  std::uint64_t bytes;
  std::uint32_t pattern;
};
using Recorded = std::variant<RecordedDispatch, RecordedCopy, RecordedFill>;

// Enqueues it on a stream that does.
Result<void> enqueue_on(fg_stream& stream, const Recorded& recorded);

class RecordingStream final : public fg_stream {
 public:
  RecordingStream(Device& on, fg_instance* of) {
    device = &on;
    instance = of;
    wants_items = true;
  }
  std::vector<Recorded> take() { return std::exchange(list_, {}); }

  Result<void> dispatch(const Dispatch& d) override;
  Result<void> copy(const BufferRef& dst, const BufferRef& src, std::uint64_t bytes) override;
  Result<void> fill(const BufferRef& dst, std::uint64_t bytes, std::uint32_t pattern) override;
  Result<void> flush() override { return {}; }
  Result<void> signal(fg_timeline&, std::uint64_t) override { return no_order(); }
  Result<void> wait(fg_timeline&, std::uint64_t) override { return no_order(); }
  std::uint64_t pending() const override { return 0; }

 private:
  static Result<void> no_order() { return unsupported("a kernel orders streams while a graph is built"); }
  std::vector<Recorded> list_;
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_RECORDING_HPP_
