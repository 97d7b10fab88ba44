// SPDX-License-Identifier: Apache-2.0
//
// Whether there is memory for a case that needs gigabytes: such a case is RESOURCE where there is not,
// and must not end the machine's other processes to find out.

#ifndef FG_CONFORMANCE_RUNNER_ROOM_HPP_
#define FG_CONFORMANCE_RUNNER_ROOM_HPP_

#include <cstdint>
#include <string>

#include "fg/abi/device.h"
#include "fg/sdk/result.hpp"

namespace fg::conformance {

// Bytes that this process may still take of the host: of the machine and of its control group.  `root` stands for
// the root folder of the system.
std::uint64_t host_memory_left(const std::string& root = "");

// FG_E_OOM_DEVICE with how much there is, unless `bytes` more fit in device and host with an eighth to spare.
// A device whose memory is the host's takes it from there.
Result<void> need_memory(const fg_device_info& device, std::uint64_t host_left, std::uint64_t bytes);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_ROOM_HPP_
