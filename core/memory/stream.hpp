// SPDX-License-Identifier: Apache-2.0
//
// One stream per thread and device, the order of work on shared memory, workspace, and waiting.
//
//   FG_TRY_ASSIGN(Stream* s, thread_stream(device));
//   Submission work(*s);            // no lock and no cost on a synchronous device
//   work.use(storage);              // each storage that the launch touches
//   kernel->launch(..., s->handle());

#ifndef FG_CORE_MEMORY_STREAM_HPP_
#define FG_CORE_MEMORY_STREAM_HPP_

#include <cstddef>
#include <cstdint>

#include "core/memory/storage.hpp"

namespace fg::core {

class DeviceMemory;

// Host-visible memory through which a stream's copies go, one behind the other, in two halves that take turns.
struct Staging {
  fg_buffer* buffer = nullptr;
  std::byte* ptr = nullptr;
  std::uint64_t half_bytes = 0;
  std::uint64_t busy_until[2] = {};  // Timeline values.
  std::uint64_t half = 0, used = 0;  // Whose turn it is, and how much of it is taken.
};

class Stream {
 public:
  Device* device() const noexcept { return device_; }
  fg_stream* handle() const noexcept { return handle_; }
  fg_timeline* timeline() const noexcept { return timeline_; }

 private:
  friend class Submission;
  friend class DeviceMemory;
  Stream() = default;

  Device* device_ = nullptr;
  DeviceMemory* memory_ = nullptr;
  fg_stream* handle_ = nullptr;
  fg_timeline* timeline_ = nullptr;  // nullptr on a synchronous device.
  std::uint64_t signalled_ = 0;      // Last value given to stream_signal; guarded by the order lock.
  bool dirty_ = false;               // Work was submitted since.
  bool idle_ = true;                 // Its thread has ended; another may take it.
  StorageRef workspace_;
  Staging staging_;
};

// The calling thread's stream on `device`, made at the first call and passed on to a later thread
// when this one ends.  [any-thread]
Result<Stream*> thread_stream(Device* device);
// The same if it was made already, else nullptr.  For hot paths.
Stream* cached_thread_stream(const Device* device) noexcept;

// Holds the device's order lock around enqueueing work on one stream, so that another thread cannot
// see a use recorded that is not enqueued.  Does nothing on a synchronous device.  Not nestable on
// one device.
class Submission {
 public:
  explicit Submission(Stream& stream) noexcept : stream_(stream), ordered_(!stream.device_->synchronous()) {
    if (ordered_) begin();
  }
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;
  ~Submission() {
    if (ordered_) finish();
  }

  // Makes the stream wait for an earlier use of `storage` on another stream, and records this one.
  void use(Storage* storage) noexcept {
    if (ordered_) order_after_last_use(storage);
  }

 private:
  void begin() noexcept;
  void finish() noexcept;
  void order_after_last_use(Storage* storage) noexcept;

  Stream& stream_;
  const bool ordered_;
};

// Blocks until all work submitted to `device` by any thread is done; the error of a failed stream
// otherwise.  [any-thread]
Result<void> synchronize(Device* device);
// The same for one stream.
Result<void> synchronize(Stream& stream);

// Scratch memory for one launch on `stream`: at least `bytes`, aligned as storages are, valid until
// the next call for this stream.  Stream order makes the reuse safe.  `bytes` 0 gives {nullptr}.
struct Workspace {
  fg_buffer* buffer = nullptr;
  std::uint64_t offset = 0, bytes = 0;
  Storage* storage = nullptr;  // For Submission::use.
};
Result<Workspace> workspace(Stream& stream, std::uint64_t bytes);

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_STREAM_HPP_
