// SPDX-License-Identifier: Apache-2.0
//
// What fg-tune runs: the operators of a model on the shapes that it calls them with.

#ifndef FG_TOOLS_TUNE_WORKLOAD_HPP_
#define FG_TOOLS_TUNE_WORKLOAD_HPP_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fg/fg.hpp"

namespace fg::tune {

// One call.  `make` makes the arguments on the current device, the same at every call, and gives what runs it.
struct Step {
  std::string name;  // "mm/f16/1x4096x11008"
  std::function<std::function<Tensor()>()> make;
  std::int64_t bytes = 0;  // Of weights or of a cache, which no other call will have brought near.
};

// Names of models that steps_of() knows.
std::vector<std::string> models();
// Decode steps and prompts; empty for an unknown model.
std::vector<Step> steps_of(const std::string& model);

}  // namespace fg::tune

#endif  // FG_TOOLS_TUNE_WORKLOAD_HPP_
