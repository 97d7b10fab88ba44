// SPDX-License-Identifier: Apache-2.0

#include "fg/abi/note.h"
#include "fg/sdk/guard.hpp"
#include "plugins/gpu/api.hpp"
#include "plugins/gpu/runtime.hpp"
#include "plugins/opencl/build_id.hpp"

#define FG_OPENCL_VERSION "0.1.0"

namespace fg::gpu {

const PluginName kPlugin{"opencl", "fg", FG_OPENCL_VERSION, FG_OPENCL_BUILD_ID, 4};

}  // namespace fg::gpu

FG_PLUGIN_NOTE("opencl", "fg", FG_OPENCL_VERSION);

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error* err) noexcept {
  return fg::sdk::guard(err, [&]() -> fg::Result<void> {
    if (offer == nullptr || api == nullptr) return fg::invalid("query: a pointer is NULL", FG_R_NULL_POINTER);
    FG_TRY_ASSIGN(*api, fg::gpu::table_for(*offer));
    return {};
  });
}
