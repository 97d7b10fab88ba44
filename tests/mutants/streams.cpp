// SPDX-License-Identifier: Apache-2.0
//
// Streams: the driver's own, or a queue that works later and then asks the driver.

#include "tests/mutants/mutant.hpp"
#include "tests/mutants/plugin.hpp"

namespace fg::mutants {
namespace {

constexpr std::uint64_t kPoison = UINT64_MAX;

Queue& stray_of(fg_instance* i) {
  const std::lock_guard lock(i->mutex);
  if (!i->stray) i->stray = std::make_unique<Queue>();
  return *i->stray;
}

// What the driver would refuse once there is nobody left to tell.
bool inside(fg_instance* i, fg_buffer* b, std::uint64_t offset, std::uint64_t bytes) {
  const std::lock_guard lock(i->mutex);
  const auto found = i->bytes.find(b);
  return found == i->bytes.end() || (offset <= found->second && bytes <= found->second - offset);
}
bool overlaps(std::uint64_t a, std::uint64_t b, std::uint64_t bytes) { return a < b + bytes && b < a + bytes; }

// Where a copy, a fill or a launch goes.
Queue& queue_for_work(fg_stream* s) { return has(fault("wrong_stream")) ? stray_of(s->owner) : *s->queue; }

}  // namespace

namespace entry {

fg_status stream_create(fg_instance* i, std::uint32_t device, std::int32_t priority, fg_stream** out,
                        fg_error* err) noexcept {
  return sdk::guard(err, [&]() -> Result<void> {
    if (i == nullptr || out == nullptr) return invalid("stream_create: a pointer is NULL", FG_R_NULL_POINTER);
    auto s = std::make_unique<fg_stream>();
    s->owner = i;
    fg_error why{};
    why.hdr.struct_size = sizeof why;
    if (const fg_status r = i->real->stream_create(i->driver, device, priority, &s->real, &why); r < 0)
      return fail(r, why.message, why.reason, why.arg_index);
    if (i->async) s->queue = std::make_unique<Queue>();
    *out = s.release();
    return {};
  });
}

fg_status stream_destroy(fg_stream* s) noexcept {
  if (s == nullptr) return FG_OK;
  s->queue.reset();
  const fg_status r = s->owner->real->stream_destroy(s->real);
  delete s;
  return r;
}

fg_status stream_flush(fg_stream* s, fg_error* err) noexcept {
  if (s == nullptr) return sdk::report(err, Error{FG_E_INVALID, "stream_flush: NULL", FG_R_NULL_POINTER});
  return s->owner->real->stream_flush(s->real, err);
}

fg_status stream_signal(fg_stream* s, fg_timeline* t, std::uint64_t value) noexcept {
  if (s == nullptr || t == nullptr) return FG_E_INVALID;
  const fg_api* real = s->owner->real;
  if (!s->queue || has(fault("signals_early"))) return real->stream_signal(s->real, t, value);
  Queue& q = *s->queue;
  q.latest_signal = value;
  q.order([&q, real, t, value] {
    std::uint64_t now = 0;
    if (has(fault("event_reuse"))) {
      real->timeline_read(t, &now, nullptr);
      if (q.latest_signal <= now) return;
    }
    real->host_signal(t, q.failed ? kPoison : has(fault("event_reuse")) ? q.latest_signal.load() : value);
  });
  return FG_OK;
}

fg_status stream_wait(fg_stream* s, fg_timeline* t, std::uint64_t value) noexcept {
  if (s == nullptr || t == nullptr) return FG_E_INVALID;
  if (has(fault("ignores_wait"))) return FG_OK;
  const fg_api* real = s->owner->real;
  if (!s->queue) return real->stream_wait(s->real, t, value);
  Queue& q = *s->queue;
  q.order([&q, real, t, value] {
    if (real->host_wait(t, value, -1, nullptr) < 0) q.failed = true;
  });
  return FG_OK;
}

fg_status copy(fg_stream* s, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
               std::uint64_t bytes, fg_error* err) noexcept {
  if (s == nullptr) return sdk::report(err, Error{FG_E_INVALID, "copy: the stream is NULL", FG_R_NULL_POINTER});
  const fg_api* real = s->owner->real;
  if (!s->queue) return real->copy(s->real, dst, dst_offset, src, src_offset, bytes, err);
  if (!inside(s->owner, dst, dst_offset, bytes) || !inside(s->owner, src, src_offset, bytes) ||
      (dst == src && bytes > 0 && overlaps(dst_offset, src_offset, bytes)))
    return real->copy(s->real, dst, dst_offset, src, src_offset, bytes, err);  // the refusal
  Queue& q = *s->queue;
  queue_for_work(s).launch([=, &q] {
    if (real->copy(s->real, dst, dst_offset, src, src_offset, bytes, nullptr) < 0) q.failed = true;
  });
  return FG_OK;
}

fg_status fill(fg_stream* s, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes, std::uint32_t pattern,
               fg_error* err) noexcept {
  if (s == nullptr) return sdk::report(err, Error{FG_E_INVALID, "fill: the stream is NULL", FG_R_NULL_POINTER});
  const fg_api* real = s->owner->real;
  if (!s->queue) return real->fill(s->real, buffer, offset, bytes, pattern, err);
  if (bytes % 4 != 0 || offset % 4 != 0 || !inside(s->owner, buffer, offset, bytes))
    return real->fill(s->real, buffer, offset, bytes, pattern, err);  // the refusal
  Queue& q = *s->queue;
  queue_for_work(s).launch([=, &q] {
    if (real->fill(s->real, buffer, offset, bytes, pattern, nullptr) < 0) q.failed = true;
  });
  return FG_OK;
}

}  // namespace entry

void enqueue(fg_stream* s, Queue::Work work) { queue_for_work(s).launch(std::move(work)); }

}  // namespace fg::mutants
