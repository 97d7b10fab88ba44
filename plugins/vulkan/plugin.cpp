// SPDX-License-Identifier: Apache-2.0

#include <bit>

#include "fg/abi/note.h"
#include "fg/sdk/guard.hpp"
#include "plugins/gpu/api.hpp"
#include "plugins/gpu/expr_text.hpp"
#include "plugins/gpu/runtime.hpp"
#include "plugins/vulkan/build_id.hpp"

#define FG_VULKAN_VERSION "0.1.0"

namespace fg::gpu {
namespace {

// By the bits: a compiler may assume that a comparison sees no NaN.
struct VulkanDialect : sdk::GlslDialect {
  static std::string isnan(const std::string& text) { return "ISNAN(" + text + ")"; }
  static std::string rough_inverse(const std::string& d) { return "INVERSE(" + d + ")"; }
  // llvmpipe makes 0 of a product or a quotient with a constant 0, whatever the other operand is.
  static std::string float_literal(double x, std::uint16_t type) {
    const bool zero = std::bit_cast<std::uint64_t>(x) == 0;
    if (!zero) return GlslDialect::float_literal(x, type);
    return type == FG_CT_F64 ? "ZERO_F64" : "ZERO_F32";
  }
};

}  // namespace

const PluginName kPlugin{"vulkan", "fg", FG_VULKAN_VERSION, FG_VULKAN_BUILD_ID, 7};

Result<Printed> print_expr(const fg_expr& program, const ExprNames& names) {
  return print_expr_as<VulkanDialect>(program, names);
}

}  // namespace fg::gpu

FG_PLUGIN_NOTE("vulkan", "fg", FG_VULKAN_VERSION);

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error* err) noexcept {
  return fg::sdk::guard(err, [&]() -> fg::Result<void> {
    if (offer == nullptr || api == nullptr) return fg::invalid("query: a pointer is NULL", FG_R_NULL_POINTER);
    FG_TRY_ASSIGN(*api, fg::gpu::table_for(*offer));
    return {};
  });
}
