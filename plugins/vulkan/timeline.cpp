// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/timeline.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace fg::vulkan {
namespace {

constexpr std::int64_t kForever = 1'000'000'000'000'000;  // 11 days; the clock's sum stays below 2^63.

}  // namespace

Result<std::shared_ptr<Semaphore>> Timeline::on(Device& device) {
  const std::lock_guard lock(mutex_);
  if (device_ == &device) return semaphore_;
  if (device_ != nullptr) {
    return unsupported(std::string("a Vulkan timeline serves the streams of one device: this one is that of ") +
                           device_->choice().properties.deviceName,
                       FG_R_DEVICE);
  }
  FG_TRY_ASSIGN(semaphore_, Semaphore::make(device.vk(), device.handle(), value_));
  device_ = &device;
  changed_.notify_all();
  return semaphore_;
}

Result<std::uint64_t> Timeline::read() {
  const std::lock_guard lock(mutex_);
  return semaphore_ != nullptr ? semaphore_->value() : Result<std::uint64_t>(value_);
}

Result<void> Timeline::host_signal(std::uint64_t value) {
  const std::lock_guard lock(mutex_);
  if (semaphore_ != nullptr) return device_->submitter().host_signal(*semaphore_, value);
  value_ = value;
  changed_.notify_all();
  return {};
}

Result<bool> Timeline::host_wait(std::uint64_t value, std::int64_t timeout_ns) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  std::shared_ptr<Semaphore> semaphore;
  {
    std::unique_lock lock(mutex_);
    const auto over = [&] { return semaphore_ != nullptr || value_ >= value; };
    if (timeout_ns < 0) {
      changed_.wait(lock, over);
    } else if (!changed_.wait_for(lock, std::chrono::nanoseconds(std::min(timeout_ns, kForever)), over)) {
      return false;
    }
    if (semaphore_ == nullptr) return true;
    semaphore = semaphore_;
  }
  if (timeout_ns <= 0) return semaphore->wait(value, timeout_ns);
  const std::int64_t passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
  return semaphore->wait(value, std::max<std::int64_t>(timeout_ns - passed, 0));
}

}  // namespace fg::vulkan
