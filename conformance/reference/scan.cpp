// SPDX-License-Identifier: Apache-2.0
//
// Any inclusive scan along one dimension.

#include "conformance/reference/reference.hpp"
#include "conformance/reference/states.hpp"

namespace fg::reference {

std::vector<Output> evaluate_scan(const Call& call) {
  const Operator& op = call.op();
  const Types types = types_of(call);
  const Ct common = compute_type(types.common);
  const Tensor& self = call.args().front().tensor();
  const Lines l = lines(self.shape, self.shape.empty() ? 0 : wrap_dim(call.integer("dim", 0), self.shape.size()));
  const Expression prologue(call.variant().prologue, std::vector<std::string>{op.args.front().name});
  const std::vector<std::string> names = state_names(op.monoid);
  std::vector<Expression> epilogues;
  for (const std::string& text : call.variant().expressions) epilogues.emplace_back(text, names);

  std::vector<Output> outs;
  const auto n = static_cast<std::size_t>(numel(self.shape));
  for (const Type t : types.out) {
    outs.push_back(make_output(t, self.shape));
    outs.back().hard.resize(n);
    outs.back().soft.resize(n);
  }
  for (std::int64_t o = 0; o < l.outer; ++o) {
    for (std::int64_t i = 0; i < l.inner; ++i) {
      State state(op.monoid, common);
      for (std::int64_t k = 0; k < l.length; ++k) {
        const std::int64_t at = l.at(o, k, i);
        state.add(prologue.evaluate(std::vector<Value>{cast(element(self, at), common)}, {}, common));
        for (std::size_t j = 0; j < outs.size(); ++j) {
          outs[j].hard[static_cast<std::size_t>(at)] = epilogues[j].evaluate(state.values(false), {}, common);
          outs[j].soft[static_cast<std::size_t>(at)] = epilogues[j].evaluate(state.values(true), {}, common);
        }
      }
    }
  }
  return outs;
}

}  // namespace fg::reference
