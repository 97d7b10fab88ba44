// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/programs.hpp"

#include <condition_variable>

#include "plugins/gpu/instance.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

struct Programs::Slot {
  std::mutex mutex;
  std::condition_variable changed;
  bool compiling = false;  // One thread does, without the mutex.
  std::unique_ptr<Program> program;
};

// The one thread that compiles, until it has or has failed.
class Programs::Claim {
 public:
  explicit Claim(Slot& slot) : slot_(slot) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    {
      const std::lock_guard lock(slot_.mutex);
      slot_.compiling = false;
    }
    slot_.changed.notify_all();
  }

 private:
  Slot& slot_;
};

Programs::Programs(Device& device) : device_(device) {}
Programs::~Programs() = default;

std::shared_ptr<Programs::Slot> Programs::slot_of(const Source& source) {
  const std::lock_guard lock(mutex_);
  auto& found = slots_[source_key(source)];
  if (found == nullptr) found = std::make_shared<Slot>();
  return found;
}

Result<const Program*> Programs::get(const Source& source) {
  const std::shared_ptr<Slot> slot = slot_of(source);
  {
    std::unique_lock lock(slot->mutex);
    slot->changed.wait(lock, [&] { return !slot->compiling; });
    if (slot->program != nullptr) return slot->program.get();
    slot->compiling = true;  // The first, or the one before failed.
  }
  std::function<void()> keep;
  {
    const Claim claim(*slot);
    FG_TRY_ASSIGN(Compiled made, device_.compile(source));
    made.program->source = source;
    keep = std::move(made.keep);
    const std::lock_guard lock(slot->mutex);
    slot->program = std::move(made.program);
  }
  if (keep) keep();
  return slot->program.get();
}

const Program* Variants::find(const Device& device, std::uint64_t number) const {
  const std::shared_lock lock(mutex_);
  for (const Entry& e : entries_) {
    if (e.number == number && e.device == &device) return e.program;
  }
  return nullptr;
}

Result<const Program*> Variants::add(Device& device, std::uint64_t number, const Source& source) {
  FG_TRY_ASSIGN(const Program* program, device.programs().get(source));
  const std::lock_guard lock(mutex_);
  entries_.push_back({&device, number, program});
  return program;
}

}  // namespace fg::gpu
