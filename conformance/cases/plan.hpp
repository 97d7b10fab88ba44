// SPDX-License-Identifier: Apache-2.0
//
// Which cases a tier has.  They follow from the catalogue: its case lines, and for map, reduce and
// scan operators the defaults of their kind.

#ifndef FG_CONFORMANCE_CASES_PLAN_HPP_
#define FG_CONFORMANCE_CASES_PLAN_HPP_

#include <set>
#include <span>

#include "conformance/cases/case.hpp"
#include "conformance/data/rng.hpp"

namespace fg::conformance {

enum class Tier : std::uint8_t { quick, standard };

// Whether the call of an operator's case is one that a plugin must serve: shapes and attributes that the
// catalogue allows, a form that the operator has and whose tensor can hold the result, dtypes on which it
// is defined.  The arguments of views are not looked at.
bool is_legal(const core::OpInfo& op, const Case& c);

// Every case of the tier, in a fixed order, no name twice.
std::vector<Case> plan(Tier tier);

// Collects cases of one operator.
class Collector {
 public:
  Collector(const core::OpInfo& op, Tier tier, std::vector<Case>& out, std::set<std::string>& seen)
      : op_(op), tier_(tier), out_(out), seen_(seen) {}

  const core::OpInfo& op() const { return op_; }
  bool standard() const { return tier_ == Tier::standard; }
  // A composite operator gets each case twice: as it is dispatched, and composed by the core.
  // Ignores a case that the operator has not (form, layout of a written tensor) or that is there.
  void add(std::vector<ArgSpec> args, Values values, Form form);
  void add_bad(std::vector<ArgSpec> args, std::string reason, int arg, Form form = Form::fresh);
  // The same arguments over all layouts (standard) or one (quick), with values and forms in rotation.
  // `layouts`: at most so many of them.
  void spread(const std::vector<ArgSpec>& args, std::size_t layouts = 7);

 private:
  void push(Case c);

  const core::OpInfo& op_;
  Tier tier_;
  std::vector<Case>& out_;
  std::set<std::string>& seen_;
  std::uint64_t turn_ = 0;
};

// Combinations of dtypes for the tensor arguments that the catalogue allows: every dtype of the first
// free argument once, the others following by rule or in rotation.  One entry per argument, 0 for
// attributes.
std::vector<std::vector<fg_dtype>> dtype_rows(const core::OpInfo& op);
std::vector<fg_dtype> members(core::DtypeSet set);

void add_lines(Collector& c);     // lines.cpp: the catalogue's `cases:`
void add_map(Collector& c);       // maps.cpp
void add_reduce(Collector& c);    // reductions.cpp; scans too
void add_mistakes(Collector& c);  // mistakes.cpp

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CASES_PLAN_HPP_
