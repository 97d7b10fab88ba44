// SPDX-License-Identifier: Apache-2.0
//
// glu, geglu, reglu, swiglu and their backward forms: maps over the two halves of one tensor, read
// and written where they lie.

#include "core/composites/composites.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

struct Halves {
  Tensor a, b;
};

Result<Halves> halves(const Tensor& t, std::int64_t dim) {
  const std::int64_t d = dim < 0 ? dim + t.ndim() : dim;
  const std::int64_t middle = t->shape[d] / 2;
  Halves h;
  FG_TRY_ASSIGN(h.a, views::slice(t, d, 0, middle));
  FG_TRY_ASSIGN(h.b, views::slice(t, d, middle, std::nullopt));
  return h;
}

std::int64_t dim_of(const CompositeCall& c) {
  for (const ArgInfo& a : c.call.op.args) {
    if (a.type == ArgType::dim) return c.integer(a.name);
  }
  return -1;
}

// The expression reads the halves a and b.
Result<void> forward(CompositeCall& c, std::string_view text) {
  FG_TRY_ASSIGN(const Halves in, halves(c.tensor(c.call.op.args[0].name), dim_of(c)));
  return map_into(c.out[0], text, std::array{Named("a", in.a), Named("b", in.b)});
}

// The gradients of the halves, from that of the result g.
Result<void> backward(CompositeCall& c, std::string_view of_a, std::string_view of_b) {
  const Tensor g = c.tensor(c.call.op.args[0].name);
  FG_TRY_ASSIGN(const Halves in, halves(c.tensor(c.call.op.args[1].name), dim_of(c)));
  FG_TRY_ASSIGN(const Halves out, halves(c.out[0], dim_of(c)));
  const std::array operands{Named("g", g), Named("a", in.a), Named("b", in.b)};
  FG_TRY(map_into(out.a, of_a, operands));
  return map_into(out.b, of_b, operands);
}

}  // namespace

Result<void> glu(CompositeCall& c) { return forward(c, "a * sigmoid(b)"); }
Result<void> glu_backward(CompositeCall& c) {
  return backward(c, "g * sigmoid(b)", "g * a * sigmoid(b) * (1 - sigmoid(b))");
}

Result<void> swiglu(CompositeCall& c) { return forward(c, "a * sigmoid(a) * b"); }
Result<void> dswiglu(CompositeCall& c) {
  return backward(c, "g * b * (sigmoid(a) + a * sigmoid(a) * (1 - sigmoid(a)))", "g * (a * sigmoid(a))");
}

Result<void> reglu(CompositeCall& c) { return forward(c, "max(a, 0) * b"); }
Result<void> dreglu(CompositeCall& c) { return backward(c, "where(a > 0, g * b, 0)", "g * max(a, 0)"); }

// gelu by tanh, in the order of operations of FlagGems' kernels.
Result<void> geglu(CompositeCall& c) {
  return forward(c, "0.5 * a * (1 + tanh(0.79788456080286536 * a * (1 + 0.044715 * a ** 2))) * b");
}
Result<void> dgeglu(CompositeCall& c) {
  return backward(c,
                  "g * b * (0.5 * (1 + tanh(0.79788456080286536 * a * (1 + 0.044715 * a ** 2))) + "
                  "0.5 * a * (1 - tanh(0.79788456080286536 * a * (1 + 0.044715 * a ** 2)) ** 2) * "
                  "0.79788456080286536 * (1 + 0.134145 * a ** 2))",
                  "g * (0.5 * a * (1 + tanh(0.79788456080286536 * a * (1 + 0.044715 * a ** 2))))");
}

}  // namespace fg::core
