// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/targets.hpp"

#include <hwy/highway.h>

#include <string>

namespace fg::cpu {
namespace {

struct Target {
  std::string_view name;
  std::int64_t target;
};
constexpr Target kTargets[] = {{"avx3", HWY_AVX3}, {"avx2", HWY_AVX2}, {"scalar", HWY_SCALAR}};

}  // namespace

Result<void> restrict_targets(std::string_view name) {
  const std::int64_t supported = hwy::SupportedTargets();
  for (const Target& t : kTargets) {
    if (t.name != name) continue;
    // Highway numbers better targets lower; one lane is always possible.
    const std::int64_t allowed = supported & ~(t.target - 1);
    if ((supported & t.target) == 0 && t.target != HWY_SCALAR)
      return invalid("option targets: this processor has no " + std::string(name));
    hwy::SetSupportedTargetsForTest(allowed | HWY_SCALAR);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return {};
  }
  return invalid("option targets: \"" + std::string(name) + "\", expected avx3, avx2 or scalar");
}

}  // namespace fg::cpu
