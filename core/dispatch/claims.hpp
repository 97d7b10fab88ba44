// SPDX-License-Identifier: Apache-2.0
//
// What a device's claims say about a call.

#ifndef FG_CORE_DISPATCH_CLAIMS_HPP_
#define FG_CORE_DISPATCH_CLAIMS_HPP_

#include <cstdint>
#include <span>

#include "core/registry/device.hpp"
#include "fg/abi/op.h"

namespace fg::core {

// The device's claim of an operator, nullptr when it has none.  [any-thread]
const fg_op_claim* find_claim(const Device& device, std::uint64_t op_uid);

// Whether a row has these dtypes, outputs first; 0 (left out) fits any.
bool claim_covers(const fg_op_claim& claim, std::span<const fg_dtype> slots);
// Whether an engine's claim lists every one of them.
bool engine_covers(const fg_op_claim& claim, std::span<const fg_dtype> dtypes);

// FG_LAYOUT_* bits that a tensor needs.
std::uint32_t layout_of(const fg_tensor& t);

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_CLAIMS_HPP_
