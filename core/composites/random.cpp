// SPDX-License-Identifier: Apache-2.0
//
// rand, randn and their _like forms: new tensors filled by uniform_ and normal_, which also advance
// the generator.

#include "core/composites/composites.hpp"

namespace fg::core {
namespace {

fg_value generator_of(const Call& c) {
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    if (c.op.args[i].type == ArgType::generator) return c.arg(i);
  }
  return fg_value_none();
}

// Both fillers take two numbers, then the generator.
Result<void> fill_from(CompositeCall& c, std::string_view filler, double first, double second) {
  const fg_value args[] = {arg(c.out[0]), arg(first), arg(second), generator_of(c.call)};
  return apply_in_place(filler, args);
}

}  // namespace

Result<void> rand(CompositeCall& c) { return fill_from(c, "uniform_", 0, 1); }
Result<void> randn(CompositeCall& c) { return fill_from(c, "normal_", 0, 1); }

}  // namespace fg::core
