// SPDX-License-Identifier: Apache-2.0
//
// A tensor inside a larger storage whose every other byte is a pattern: what a kernel writes outside
// is seen afterwards, and two runs with two patterns show what it reads.

#ifndef FG_CONFORMANCE_RUNNER_GUARDED_HPP_
#define FG_CONFORMANCE_RUNNER_GUARDED_HPP_

#include <optional>

#include "conformance/reference/tensor.hpp"
#include "conformance/runner/device.hpp"
#include "conformance/runner/placement.hpp"
#include "core/memory/copy.hpp"

namespace fg::conformance {

class GuardedTensor {
 public:
  // Puts `values` (row-major; empty: the pattern stays, as in an output to be written) on the device.
  static Result<GuardedTensor> make(const Device& device, reference::Type type, const Shape& shape,
                                    const Placement& placement, const std::vector<reference::Real>& values,
                                    std::uint64_t poison);

  fg_tensor_handle handle() const { return view_.get(); }
  const Shape& shape() const { return shape_; }
  reference::Type type() const { return type_; }

  // To read the storage back with.  Done before the functions below are called.
  core::HostRead readback();
  // Byte offset from element 0 of the first byte outside the elements that changed.
  std::optional<std::int64_t> first_write_outside() const;
  // Whether any element differs from what was put there.
  bool elements_changed() const;
  // Row-major bytes of the elements.
  std::vector<std::byte> element_bytes() const;

 private:
  template <class F>
  void each_element(F&& f) const;

  reference::Type type_ = reference::Type::f32;
  Shape shape_;
  Placement placement_;
  std::vector<std::byte> before_, after_;
  Handle storage_, view_;
};

std::vector<reference::Real> decode(reference::Type type, const std::vector<std::byte>& bytes);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_GUARDED_HPP_
