// SPDX-License-Identifier: Apache-2.0
//
// A device of a loaded plugin.  Devices live as long as the process; pointers to them are stable.

#ifndef FG_CORE_REGISTRY_DEVICE_HPP_
#define FG_CORE_REGISTRY_DEVICE_HPP_

#include <cstdint>
#include <string>

#include "fg/abi/plugin.h"

namespace fg::core {

class OperatorMask;
class Plugin;

struct Device {
  Plugin* plugin = nullptr;
  const fg_api* api = nullptr;  // The resolved table: no member is NULL.
  fg_instance* instance = nullptr;
  std::uint32_t ordinal = 0;  // Within the plugin.
  std::uint32_t index = 0;    // Within the process, < 1024; part of the dispatch key.
  std::string name;           // "cpu:0"
  fg_device_info info{};
  const OperatorMask* mask = nullptr;  // Of operators that must not run for lack of a certificate; usually none.
  Device* same_as = nullptr;           // The same hardware seen through a better-ranked plugin.

  bool flat() const { return (info.caps & FG_D_FLAT_ADDRESS) != 0; }
  bool host_visible() const { return (info.caps & FG_D_HOST_VISIBLE) != 0; }
  bool synchronous() const { return (info.caps & FG_D_SYNCHRONOUS) != 0; }
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_DEVICE_HPP_
