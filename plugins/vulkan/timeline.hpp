// SPDX-License-Identifier: Apache-2.0
//
// A counter that streams and the host share.  Semaphores belong to a device, timelines to none: one becomes that of
// the first device whose stream names it.

#ifndef FG_PLUGINS_VULKAN_TIMELINE_HPP_
#define FG_PLUGINS_VULKAN_TIMELINE_HPP_

#include <condition_variable>
#include <memory>
#include <mutex>

#include "plugins/vulkan/device.hpp"

namespace fg::vulkan {

// [any-thread]
class Timeline final : public fg_timeline {
 public:
  explicit Timeline(std::uint64_t initial) : value_(initial) {}
  Result<std::uint64_t> read() override;
  Result<void> host_signal(std::uint64_t value) override;
  Result<bool> host_wait(std::uint64_t value, std::int64_t timeout_ns) override;
  // Its semaphore for streams of `device`; FG_E_UNSUPPORTED once it is another device's.
  Result<std::shared_ptr<Semaphore>> on(Device& device);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t value_;                   // Until it has a device.
  Device* device_ = nullptr;              // Set once ...
  std::shared_ptr<Semaphore> semaphore_;  // ... with this.
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_TIMELINE_HPP_
