// SPDX-License-Identifier: Apache-2.0
//
// One truth about two tensors, and numbers in place of NaN and infinities.

#include <limits>

#include "core/composites/composites.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

Result<void> all_of(CompositeCall& c, const Tensor& truths) { return apply_into(c.out[0], "all", {arg(truths)}); }

// The largest finite number.
double largest(fg_dtype dtype) {
  switch (dtype) {
    case FG_F64: return std::numeric_limits<double>::max();
    case FG_F16: return 65504.0;
    case FG_BF16: return 0x1.FEp127;
    default: return static_cast<double>(std::numeric_limits<float>::max());
  }
}

}  // namespace

Result<void> allclose(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor close,
                apply("isclose", {arg(c.tensor("self")), arg(c.tensor("other")), arg(c.number("rtol").value_or(0)),
                                  arg(c.number("atol").value_or(0)), fg_value_bool(c.flag("equal_nan"))}));
  return all_of(c, close);
}

Result<void> equal(CompositeCall& c) {
  const Tensor self = c.tensor("self"), other = c.tensor("other");
  const bool same_shape = std::equal(self->shape, self->shape + self.ndim(), other->shape, other->shape + other.ndim());
  if (!same_shape) {
    const fg_value size = fg_value_dims(nullptr, 0);
    FG_TRY_ASSIGN(const Tensor no, apply("full", {size, fg_value_bool(false)}));
    return map_into(c.out[0], "x", std::array{Named("x", no)});
  }
  FG_TRY_ASSIGN(const Tensor same, apply("eq", {arg(self), arg(other)}));
  return all_of(c, same);
}

Result<void> nan_to_num(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  if (!is_float(self.dtype())) return map_into(c.out[0], "self", std::array{Named("self", self)});
  const double most = largest(self.dtype());
  return map_into(
      c.out[0], "where(isnan(self), n, where(self == inf, p, where(self == -inf, m, self)))",
      std::array{Named("self", self), Named("n", c.number("nan").value_or(0)),
                 Named("p", c.number("posinf").value_or(most)), Named("m", c.number("neginf").value_or(-most))});
}

}  // namespace fg::core
