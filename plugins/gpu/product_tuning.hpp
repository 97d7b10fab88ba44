// SPDX-License-Identifier: Apache-2.0
//
// What a tuner may choose of a product: its kernel, the parts of k, and how product_rows goes about it.

#ifndef FG_PLUGINS_GPU_PRODUCT_TUNING_HPP_
#define FG_PLUGINS_GPU_PRODUCT_TUNING_HPP_

#include "plugins/gpu/product_plan.hpp"
#include "plugins/gpu/tunables.hpp"

namespace fg::gpu {

// The plan that was chosen for a product's bucket, on matrix units only where they have been tried.
ProductPlan tuned_plan(const Product& product, Device& device, Tunables::Asks asks);
// One that needs no workspace.
ProductPlan plan_without_workspace(const Product& product, const Features& features);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_PRODUCT_TUNING_HPP_
