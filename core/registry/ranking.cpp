// SPDX-License-Identifier: Apache-2.0
#include "core/registry/ranking.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>

#include "core/registry/plugin.hpp"

namespace fg::core {
namespace {

int rank_of_kind(const Device& d) {
  if (d.plugin->claims(d.ordinal).all().empty()) return 5;
  if ((d.info.caps & FG_D_SOFTWARE) != 0) return 4;
  switch (d.info.type) {
    case FG_DEVICE_GPU: return 0;
    case FG_DEVICE_NPU: return 1;
    case FG_DEVICE_CPU: return 3;
    default: return 2;
  }
}

}  // namespace

bool same_hardware(const fg_device_info& a, const fg_device_info& b) {
  constexpr std::array<std::uint8_t, 16> kNoUuid{};
  if (std::memcmp(a.uuid, kNoUuid.data(), kNoUuid.size()) != 0 && std::memcmp(a.uuid, b.uuid, sizeof a.uuid) == 0)
    return true;
  const auto address = [](const fg_device_info& i) { return std::tuple(i.pci_domain, i.pci_bus, i.pci_dev, i.pci_fn); };
  return a.pci_domain >= 0 && a.pci_bus >= 0 && a.pci_dev >= 0 && address(a) == address(b);
}

void rank_devices(std::vector<Device*>& devices) {
  const auto key = [](const Device* d) {
    return std::tuple(rank_of_kind(*d), -d->plugin->priority(), d->plugin->name(), d->ordinal);
  };
  std::sort(devices.begin(), devices.end(), [&](const Device* a, const Device* b) { return key(a) < key(b); });
  for (std::size_t i = 0; i < devices.size(); ++i) {
    devices[i]->same_as = nullptr;
    for (std::size_t j = 0; j < i; ++j) {
      const bool other_plugin = devices[i]->plugin != devices[j]->plugin;  // one plugin may split a device
      if (other_plugin && devices[j]->same_as == nullptr && same_hardware(devices[i]->info, devices[j]->info)) {
        devices[i]->same_as = devices[j];
        break;
      }
    }
  }
}

}  // namespace fg::core
