// SPDX-License-Identifier: Apache-2.0

#include "examples/models/tool/ceiling.hpp"

namespace fg::models {
namespace {

constexpr double kSeconds = 0.3;

}  // namespace

Ceiling::Ceiling() {
  const Device device = Device::current();
  if ((device.info().caps & FG_D_HOST_VISIBLE) == 0) {
    roofline_ = bench::measure_device_roofline(device, kSeconds);
    fg_memory_trim(device.handle(), nullptr);
    return;
  }
  const bench::Machine machine = bench::look_at_machine();
  memory_.emplace(machine);
  roofline_ = bench::measure_roofline(machine, *memory_, kSeconds);
}

double Ceiling::read_gbps() const { return memory_ ? memory_->read_gbps(kSeconds) : roofline_.copy_gbps; }

}  // namespace fg::models
