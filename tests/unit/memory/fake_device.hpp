// SPDX-License-Identifier: Apache-2.0
//
// Two devices without a plugin file, for tests of the core's memory and tensors: a synchronous one
// in host memory, and an asynchronous one whose memory the host cannot see and whose streams run
// in threads of their own, which a test can hold up.

#ifndef FG_TESTS_UNIT_MEMORY_FAKE_DEVICE_HPP_
#define FG_TESTS_UNIT_MEMORY_FAKE_DEVICE_HPP_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/memory/stream.hpp"
#include "core/registry/device.hpp"

namespace fg::test {

struct FakeOptions {
  bool synchronous = true;  // Host-visible and flat as well.
  bool borrows = true;      // Has "fg.memory/1".
  std::uint64_t capacity = std::uint64_t{1} << 40;
  std::uint64_t alloc_align = 64;
};

// Each has a process-wide index of its own.  Never destroyed before the process ends: the core keeps
// caches of devices for ever.
core::Device* make_fake_device(FakeOptions options = {});

// What the "plugin" holds now.
struct FakeCounts {
  std::int64_t buffers = 0, bytes = 0, streams = 0;
  std::int64_t copies = 0;  // Calls of fg_api::copy.
};
FakeCounts fake_counts(const core::Device* device);
void fake_fail_copies(const core::Device* device, bool fail);

// Holds back the work of a stream of an asynchronous device, until resumed.
void fake_pause(core::Stream& stream);
void fake_resume(core::Stream& stream);
// Enqueues host code as the stream's next work.
void fake_enqueue(core::Stream& stream, std::function<void()> work);

// The bytes of a buffer, as its device's work sees them.
std::span<std::byte> fake_bytes(fg_buffer* buffer);

}  // namespace fg::test

#endif  // FG_TESTS_UNIT_MEMORY_FAKE_DEVICE_HPP_
