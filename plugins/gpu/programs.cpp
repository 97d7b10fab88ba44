// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/programs.hpp"

#include "plugins/gpu/instance.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

struct Programs::Slot {
  std::mutex mutex;  // Held while it compiles.
  std::unique_ptr<Program> program;
};

Programs::~Programs() = default;

Result<const Program*> Programs::get(const Source& source) {
  std::shared_ptr<Slot> slot;
  {
    const std::lock_guard lock(mutex_);
    auto& found = slots_[source_key(source)];
    if (found == nullptr) found = std::make_shared<Slot>();
    slot = found;
  }
  const std::lock_guard lock(slot->mutex);
  if (slot->program == nullptr) {
    FG_TRY_ASSIGN(slot->program, device_.compile(source));
    slot->program->source = source;
  }
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
