// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/submit.hpp"

#include <algorithm>

namespace fg::vulkan {

// --- Semaphore ---

Result<std::shared_ptr<Semaphore>> Semaphore::make(const DeviceFunctions& vk, VkDevice device, std::uint64_t initial) {
  const VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, nullptr,
                                       VK_SEMAPHORE_TYPE_TIMELINE, initial};
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &type, 0};
  VkSemaphore handle = VK_NULL_HANDLE;
  FG_TRY(check("vkCreateSemaphore", vk.vkCreateSemaphore(device, &info, nullptr, &handle)));
  return std::shared_ptr<Semaphore>(new Semaphore(vk, device, handle, initial));
}

Semaphore::~Semaphore() { vk_.vkDestroySemaphore(device_, handle_, nullptr); }

void Semaphore::fail(const Error& origin) {
  if (failed()) return;
  origin_ = origin;
  failed_.store(true, std::memory_order_release);
}

Result<std::uint64_t> Semaphore::value() const {
  if (failed()) return UINT64_MAX;
  std::uint64_t now = 0;
  FG_TRY(check("vkGetSemaphoreCounterValue", vk_.vkGetSemaphoreCounterValue(device_, handle_, &now)));
  return now;
}

Result<bool> Semaphore::wait(std::uint64_t value, std::int64_t timeout_ns) const {
  // Slices, because a failure of work that was never submitted wakes nobody.
  constexpr std::uint64_t kSlice = 100'000'000;
  const VkSemaphoreWaitInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, nullptr, 0, 1, &handle_, &value};
  std::uint64_t left = timeout_ns < 0 ? UINT64_MAX : static_cast<std::uint64_t>(timeout_ns);
  for (;;) {
    if (failed()) return tl::unexpected(origin());
    const std::uint64_t slice = std::min(left, kSlice);
    const VkResult r = vk_.vkWaitSemaphores(device_, &info, slice);
    FG_TRY(check("vkWaitSemaphores", r));
    if (r == VK_SUCCESS) return true;
    if (left != UINT64_MAX) left -= slice;
    if (left == 0) return failed() ? Result<bool>(tl::unexpected(origin())) : Result<bool>(false);
  }
}

// --- Lane ---

namespace {

// A batch is over when one of its signals is there: a driver raises them one after the other.
bool any_reached(const std::vector<Point>& signals) {
  return std::any_of(signals.begin(), signals.end(), [](const Point& p) {
    const auto now = p.semaphore->value();
    return now && *now >= p.value;
  });
}

}  // namespace

Result<void> Lane::push(Batch batch) {
  const std::lock_guard lock(submitter_.mutex_);
  if (done_->failed()) {
    for (const Point& p : batch.signals) p.semaphore->fail(done_->origin());
    return tl::unexpected(done_->origin());
  }
  batch.serial = ++serial_;
  batch.signals.push_back({done_, batch.serial});
  held_.push_back(std::move(batch));
  submitter_.pump(*this);
  if (done_->failed()) return tl::unexpected(done_->origin());
  return {};
}

void Lane::retire(std::vector<Batch>& over) {
  const std::lock_guard lock(submitter_.mutex_);
  const auto now = done_->value();
  while (!submitted_.empty() && now && submitted_.front().serial <= *now) {
    over.push_back(std::move(submitted_.front()));
    submitted_.pop_front();
  }
}

void Lane::drain() {
  if (serial_ == 0 || done_->wait(serial_, -1)) return;
  // It failed, and what went to the driver before may still run.
  const std::lock_guard lock(submitter_.mutex_);
  submitter_.vk_.vkDeviceWaitIdle(submitter_.device_);
}

bool Lane::idle() const {
  const auto now = done_->value();
  return now && *now >= serial_;
}

std::uint64_t Lane::pending() const {
  const std::lock_guard lock(submitter_.mutex_);
  const auto now = done_->value();
  std::uint64_t n = 0;
  for (const Batch& b : held_) n += b.pieces;
  for (const Batch& b : submitted_) n += (now && b.serial <= *now) || any_reached(b.signals) ? 0 : b.pieces;
  return n;
}

// --- Submitter ---

Result<void> Submitter::host_signal(Semaphore& semaphore, std::uint64_t value) {
  const std::lock_guard lock(mutex_);
  const VkSemaphoreSignalInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, nullptr, semaphore.handle(), value};
  FG_TRY(check("vkSignalSemaphore", vk_.vkSignalSemaphore(device_, &info)));
  semaphore.promised_ = std::max(semaphore.promised_, value);
  pump_waiting(semaphore);
  return {};
}

void Submitter::pump_waiting(Semaphore& semaphore) {
  for (const auto& waiting : std::exchange(semaphore.waiting_, {})) {
    if (const auto lane = waiting.lock()) pump(*lane);
  }
}

// False: the batch must wait.  Sets `failed` when what it waits for failed.
bool Submitter::may_go(Lane& lane, const Batch& batch, const Error** failed) {
  for (const Point& p : batch.waits) {
    if (p.semaphore->failed()) {
      *failed = &p.semaphore->origin();
      return false;
    }
    if (p.semaphore->promised_ >= p.value) continue;
    auto& waiting = p.semaphore->waiting_;
    const bool known =
        std::any_of(waiting.begin(), waiting.end(), [&](const auto& w) { return w.lock().get() == &lane; });
    if (!known) waiting.push_back(lane.weak_from_this());
    return false;
  }
  return true;
}

void Submitter::pump(Lane& lane) {
  while (!lane.held_.empty()) {
    const Error* failed = nullptr;
    if (!may_go(lane, lane.held_.front(), &failed)) {
      if (failed != nullptr) fail(lane, *failed);
      return;
    }
    if (const auto r = submit(lane, lane.held_.front()); !r) return fail(lane, r.error());
    lane.submitted_.push_back(std::move(lane.held_.front()));
    lane.held_.pop_front();
    const std::vector<Point> signals = lane.submitted_.back().signals;
    for (const Point& p : signals) p.semaphore->promised_ = std::max(p.semaphore->promised_, p.value);
    for (const Point& p : signals) pump_waiting(*p.semaphore);
  }
}

Result<void> Submitter::submit(Lane& lane, const Batch& batch) {
  std::vector<VkSemaphore> waits, signals;
  std::vector<std::uint64_t> wait_values, signal_values;
  for (const Point& p : batch.waits) {
    waits.push_back(p.semaphore->handle());
    wait_values.push_back(p.value);
  }
  for (const Point& p : batch.signals) {
    signals.push_back(p.semaphore->handle());
    signal_values.push_back(p.value);
  }
  const std::vector<VkPipelineStageFlags> stages(waits.size(), VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
  const auto n = [](const auto& list) { return static_cast<std::uint32_t>(list.size()); };
  const VkTimelineSemaphoreSubmitInfo values{VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                             nullptr,
                                             n(waits),
                                             wait_values.data(),
                                             n(signals),
                                             signal_values.data()};
  VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO, &values, n(waits), waits.data(), stages.data()};
  std::vector<VkCommandBuffer> commands = batch.replayed;
  if (batch.commands != VK_NULL_HANDLE) commands.insert(commands.begin(), batch.commands);
  info.commandBufferCount = n(commands);
  info.pCommandBuffers = commands.data();
  info.signalSemaphoreCount = n(signals);
  info.pSignalSemaphores = signals.data();
  return check("vkQueueSubmit", vk_.vkQueueSubmit(lane.queue_, 1, &info, VK_NULL_HANDLE));
}

// Everything the lane still owed will never come: whoever waits for it learns why.
void Submitter::fail(Lane& lane, const Error& origin) {
  const Error why = origin;
  std::vector<Point> owed;
  for (const Batch& b : lane.held_) owed.insert(owed.end(), b.signals.begin(), b.signals.end());
  for (const Batch& b : lane.submitted_) owed.insert(owed.end(), b.signals.begin(), b.signals.end());
  lane.held_.clear();
  lane.done_->fail(why);
  for (const Point& p : owed) {
    const bool reached = [&] {
      const auto now = p.semaphore->value();
      return now && *now >= p.value;
    }();
    if (!reached) p.semaphore->fail(why);
  }
  for (const Point& p : owed) pump_waiting(*p.semaphore);
}

}  // namespace fg::vulkan
