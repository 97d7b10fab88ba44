// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/recording.hpp"

namespace fg::gpu {

Result<void> enqueue_on(fg_stream& stream, const Recorded& recorded) {
  if (const auto* d = std::get_if<RecordedDispatch>(&recorded)) {
    return stream.dispatch({d->program, d->buffers, d->params, d->groups, d->large});
  }
  if (const auto* c = std::get_if<RecordedCopy>(&recorded)) return stream.copy(c->dst, c->src, c->bytes);
  const auto& f = std::get<RecordedFill>(recorded);
  return stream.fill(f.dst, f.bytes, f.pattern);
}

Result<void> RecordingStream::dispatch(const Dispatch& d) {
  RecordedDispatch r;
  r.program = d.program;
  r.buffers.assign(d.buffers.begin(), d.buffers.end());
  r.params.assign(d.params.begin(), d.params.end());
  r.groups = d.groups;
  r.large = d.large;
  if (d.items != nullptr) r.items = *d.items;
  list_.emplace_back(std::move(r));
  return {};
}

Result<void> RecordingStream::copy(const BufferRef& dst, const BufferRef& src, std::uint64_t bytes) {
  list_.emplace_back(RecordedCopy{dst, src, bytes});
  return {};
}

Result<void> RecordingStream::fill(const BufferRef& dst, std::uint64_t bytes, std::uint32_t pattern) {
  list_.emplace_back(RecordedFill{dst, bytes, pattern});
  return {};
}

}  // namespace fg::gpu
