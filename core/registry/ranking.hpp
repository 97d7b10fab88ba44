// SPDX-License-Identifier: Apache-2.0
//
// Which device is better, and which are the same hardware seen twice.

#ifndef FG_CORE_REGISTRY_RANKING_HPP_
#define FG_CORE_REGISTRY_RANKING_HPP_

#include <vector>

#include "core/registry/device.hpp"

namespace fg::core {

// Best first: kind of device (software below the processor itself, devices that claim nothing last),
// then priority, name and ordinal.  Sets Device::same_as.
void rank_devices(std::vector<Device*>& devices);

// By UUID, else by PCI address.
bool same_hardware(const fg_device_info& a, const fg_device_info& b);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_RANKING_HPP_
