// SPDX-License-Identifier: Apache-2.0
//
// What the machine can do, so that a model's speed is a part of something.

#ifndef FG_EXAMPLES_MODELS_TOOL_CEILING_HPP_
#define FG_EXAMPLES_MODELS_TOOL_CEILING_HPP_

#include <optional>

#include "bench/roofline.hpp"
#include "fg/fg.hpp"

namespace fg::models {

// Of the current device: as fg-bench measures it, in this process.
class Ceiling {
 public:
  Ceiling();

  // The speed at which memory is read, 10^9 bytes a second: now, as other guests of a machine change it; of a device
  // with memory of its own, what its copy did at the beginning.
  double read_gbps() const;
  // 10^9 operations a second in this dtype; 0: not known.
  double gflops(Dtype dtype) const { return bench::peak_gflops(roofline_, dtype.value()); }

 private:
  std::optional<bench::MemoryProbe> memory_;
  bench::Roofline roofline_;
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_TOOL_CEILING_HPP_
