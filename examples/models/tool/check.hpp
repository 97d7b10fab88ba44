// SPDX-License-Identifier: Apache-2.0
//
// --check: every operator that this thread calls also runs on the CPU plugin with the same arguments.

#ifndef FG_EXAMPLES_MODELS_TOOL_CHECK_HPP_
#define FG_EXAMPLES_MODELS_TOOL_CHECK_HPP_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fg/fg.hpp"

namespace fg::models {

// Watches from its making to its end.  On the CPU plugin itself, operators that are composites are
// compared with the core's composition, others are not checked.
class Checker {
 public:
  Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  ~Checker() { fg_watch_calls(nullptr, nullptr, nullptr); }

  // The first call whose result differed.
  const std::optional<std::string>& difference() const { return difference_; }
  std::uint64_t checked() const { return checked_; }
  std::uint64_t left_out() const { return left_out_; }

 private:
  // A call with its tensors on the CPU plugin, as they were before it.
  struct Copy {
    std::vector<fg_value> args;
    std::vector<Tensor> tensors;
    std::vector<std::vector<fg_tensor_handle>> lists;
  };

  void before(const fg_call_event& e);
  void after(const fg_call_event& e);
  bool on_cpu(const fg_call_event& e) const;
  Tensor copied(fg_tensor_handle t) const;
  std::vector<Tensor> reference(const fg_call_event& e);
  void compare(const fg_call_event& e, int output, const Tensor& got, const Tensor& wanted);

  Device cpu_;
  Copy copy_;
  bool ready_ = false;  // copy_ is of the call that runs.
  std::optional<std::string> difference_;
  std::uint64_t checked_ = 0, left_out_ = 0;
};

// How far elements of a result may be apart: both sides round `roundings` times in f32 and, where that many
// intermediate tensors may be in the result's dtype, `stored` times in it, relative to the largest element, and once to
// the result's dtype.
double allowed_difference(double roundings, double stored, double largest, double wanted, Dtype dtype);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_TOOL_CHECK_HPP_
