// SPDX-License-Identifier: Apache-2.0
//
// Which cases of a corpus are run.

#include <algorithm>
#include <set>

#include "conformance/cases/operators.hpp"
#include "conformance/golden/golden.hpp"
#include "conformance/report/report.hpp"

namespace fg::conformance {

reference::Call call_of(const Prepared& p, bool raised, const reference::Arithmetic& declared) {
  std::vector<reference::Argument> args;
  for (const PreparedArg& a : p.args) {
    args.push_back(a.value);
    for (reference::Tensor& t : args.back().tensors) {
      if (raised && reference::is_float(t.type)) t.type = reference::Type::f64;
    }
  }
  return {oracle_operator(*p.op), std::move(args), declared};
}

namespace {

// A view whose base was itself part of a larger storage, of which only the part was recorded.
bool reads_beyond_record(const core::OpInfo& op, const GoldenCase& c) {
  if (op.name != "as_strided" || c.args.empty() || c.args[0].value.tensors.empty()) return false;
  const reference::Shape& shape = c.args[0].value.tensor().shape;
  std::int64_t last = 0;
  for (std::size_t d = 0; d < shape.size(); ++d)
    last += std::max<std::int64_t>(shape[d] - 1, 0) * c.args[0].strides[0][d];
  const Result<Prepared> p = adapt(op, c);
  if (!p) return false;
  const reference::View view = reference::evaluate_view(call_of(*p, false, {}));
  const std::int64_t shift = p->args.back().value.given() ? p->args.front().placements.front().offset : 0;
  return std::any_of(view.source.begin(), view.source.end(), [&](std::int64_t s) { return s - shift > last; });
}

// FlagGems' kernel looks for the two best experts of a group; where a group has one, it chooses the first experts
// whatever their scores are.
bool has_groups_of_one(const core::OpInfo& op, const GoldenCase& c) {
  if (op.name != "grouped_topk") return false;
  std::int64_t groups = 0, experts = 0;
  for (const auto& [name, v] : c.kwargs) {
    if (name == "num_expert_group") groups = v.value.integer();
    if (name == "gating") experts = v.value.tensor().shape.back();
  }
  return groups == experts;
}

}  // namespace

Result<GoldenPlan> plan_golden(const Corpus& corpus, const std::vector<std::string>& filters) {
  GoldenPlan plan;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const std::string id = corpus.id(i);
    if (!seen.insert(id).second) return invalid("case " + id + " stands twice in the corpus");
    if (!selected(filters, id)) continue;
    const core::OpInfo* op = operator_of(corpus.op(i));
    if (op == nullptr) {
      ++plan.left_out[corpus.op(i)];
      continue;
    }
    const Result<GoldenCase> c = corpus.load(i);
    if (!c && c.error().status == FG_E_UNSUPPORTED) {
      const std::string& why = c.error().message;
      ++plan.left_out[corpus.op(i) + " (" + why.substr(why.rfind(": ") + 2) + ")"];
    } else if (!c) {
      return tl::unexpected(c.error());
    } else if (reads_beyond_record(*op, *c)) {
      ++plan.left_out[corpus.op(i) + " (reads memory that was not recorded)"];
    } else if (has_groups_of_one(*op, *c)) {
      ++plan.left_out[corpus.op(i) + " (groups of one expert, whose scores its kernel does not read)"];
    } else {
      plan.ids.push_back(id);
    }
  }
  return plan;
}

}  // namespace fg::conformance
