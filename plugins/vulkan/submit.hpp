// SPDX-License-Identifier: Apache-2.0
//
// From closed command buffers to the driver's queues.
//
// A queue of Vulkan stops at the first batch whose semaphores are not there yet, and streams may share
// a queue: so a batch that waits for a value which nothing submitted will signal is held back here, and
// goes to the driver when the signal has gone before it.

#ifndef FG_PLUGINS_VULKAN_SUBMIT_HPP_
#define FG_PLUGINS_VULKAN_SUBMIT_HPP_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "plugins/vulkan/functions.hpp"
#include "plugins/vulkan/memory.hpp"

namespace fg::vulkan {

class Submitter;
class Lane;

// A timeline semaphore; lives as long as work that names it.
class Semaphore {
 public:
  static Result<std::shared_ptr<Semaphore>> make(const DeviceFunctions& vk, VkDevice device, std::uint64_t initial);
  ~Semaphore();
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  VkSemaphore handle() const { return handle_; }
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  const Error& origin() const { return *origin_; }  // Only when it failed.
  Result<std::uint64_t> value() const;              // UINT64_MAX when it failed.
  // Whether `value` was reached; timeout_ns < 0: for ever.
  Result<bool> wait(std::uint64_t value, std::int64_t timeout_ns) const;

 private:
  friend class Submitter;
  friend class Lane;
  Semaphore(const DeviceFunctions& vk, VkDevice device, VkSemaphore handle, std::uint64_t initial)
      : vk_(vk), device_(device), handle_(handle), promised_(initial) {}
  void fail(const Error& origin);

  const DeviceFunctions& vk_;
  VkDevice device_;
  VkSemaphore handle_;
  std::uint64_t promised_;                    // Submitted work or the host raises it that far.  Submitter's mutex.
  std::vector<std::weak_ptr<Lane>> waiting_;  // They hold work back for it.  Submitter's mutex.
  std::optional<Error> origin_;
  std::atomic<bool> failed_{false};  // Set after origin_.
};

struct Point {
  std::shared_ptr<Semaphore> semaphore;
  std::uint64_t value = 0;
};

struct Batch {
  VkCommandBuffer commands = VK_NULL_HANDLE;  // NULL: none of the stream's own.
  std::vector<VkCommandBuffer> replayed;      // Behind it, of a graph that keeps them.
  std::vector<Point> waits, signals;
  std::vector<std::shared_ptr<Allocation>> arguments;  // Kept until the work is over.
  std::uint64_t pieces = 0;                            // Dispatches, copies and fills.
  std::uint64_t serial = 0;                            // Value of the lane's semaphore behind it.

  bool empty() const { return commands == VK_NULL_HANDLE && replayed.empty() && waits.empty() && signals.empty(); }
};

// A stream as the submitter sees it: work held back, and work with the driver.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  Lane(Submitter& submitter, VkQueue queue, std::shared_ptr<Semaphore> done)
      : submitter_(submitter), queue_(queue), done_(std::move(done)) {}
  // Hands a batch over; the lane's semaphore is raised to its serial behind it.
  Result<void> push(Batch batch);
  // Behind everything pushed.
  Point last() const { return {done_, serial_}; }
  // Batches that are over, for reuse.
  void retire(std::vector<Batch>& over);
  // Waits for everything pushed, or for the failure.
  void drain();
  // Everything pushed is over.
  bool idle() const;
  // Pieces pushed and not known to be over.
  std::uint64_t pending() const;

 private:
  friend class Submitter;
  Submitter& submitter_;
  VkQueue queue_;
  std::shared_ptr<Semaphore> done_;
  std::uint64_t serial_ = 0;            // Of the stream's thread.
  std::deque<Batch> held_, submitted_;  // Submitter's mutex.
};

// [any-thread]  One a device.
class Submitter {
 public:
  Submitter(const DeviceFunctions& vk, VkDevice device) : vk_(vk), device_(device) {}
  Result<void> host_signal(Semaphore& semaphore, std::uint64_t value);

 private:
  friend class Lane;
  // Submits what `lane` may, and what that sets free in other lanes.
  void pump(Lane& lane);
  void pump_waiting(Semaphore& semaphore);
  bool may_go(Lane& lane, const Batch& batch, const Error** failed);
  Result<void> submit(Lane& lane, const Batch& batch);
  void fail(Lane& lane, const Error& origin);

  const DeviceFunctions& vk_;
  VkDevice device_;
  std::mutex mutex_;
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_SUBMIT_HPP_
