// SPDX-License-Identifier: Apache-2.0

#ifndef ACME_RMS_NORM_HPP_
#define ACME_RMS_NORM_HPP_

#include "fg/sdk/kernel_table.hpp"

namespace acme {

fg::Result<void> rms_norm(const fg::sdk::Launch& launch);

}  // namespace acme

#endif  // ACME_RMS_NORM_HPP_
