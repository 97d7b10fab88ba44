// SPDX-License-Identifier: Apache-2.0

#ifndef FG_PLUGINS_GPU_API_HPP_
#define FG_PLUGINS_GPU_API_HPP_

#include "fg/abi/plugin.h"
#include "fg/sdk/result.hpp"

namespace fg::gpu {

// What fg_plugin_query_v1 answers, once for all GPU plugins.
Result<const fg_api*> table_for(const fg_query& offer);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_API_HPP_
