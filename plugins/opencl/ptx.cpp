// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/ptx.hpp"

namespace fg::opencl {
namespace {

constexpr std::string_view kMark = "//@ ", kTarget = ".target sm_90";

}  // namespace

bool hides_instructions(std::string_view text) { return text.find(kMark) != std::string_view::npos; }

Result<std::string> uncovered(std::string ptx) {
  const std::size_t target = ptx.find(kTarget), end = target + kTarget.size();
  if (target == std::string::npos || end == ptx.size() || (ptx[end] != ',' && ptx[end] != '\n')) {
    return unsupported("the driver's compiler gives no PTX for sm_90, expected a line \".target sm_90\"");
  }
  ptx.insert(end, "a");
  for (std::size_t at = 0; (at = ptx.find(kMark, at)) != std::string::npos;) ptx.erase(at, kMark.size());
  return ptx;
}

}  // namespace fg::opencl
