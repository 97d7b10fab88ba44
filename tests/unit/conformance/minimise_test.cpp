// SPDX-License-Identifier: Apache-2.0
//
// Shrinking with judges that are functions of the case.

#include "conformance/runner/minimise.hpp"

#include <gtest/gtest.h>

#include <map>

#include "conformance/cases/operators.hpp"
#include "conformance/cases/plan.hpp"
#include "conformance/data/values.hpp"

namespace fg::conformance {
namespace {

using Judge = std::function<Verdict(const Case&)>;

std::string smallest(const char* id, const Judge& judge, int budget = 500) {
  return name_of(minimise(*parse_case(id), judge, budget));
}

Verdict fail_if(bool wrong) { return wrong ? Verdict::fail : Verdict::pass; }

const Shape& shape(const Case& c, std::size_t arg) { return c.args[arg].tensors.front().shape; }

TEST(Minimise, SharedLengthsShrinkTogether) {
  const char* id = "op.mm/self=f32:40x33:t,mat2=f32:33x50:g/special/out#7";
  EXPECT_EQ(smallest(id, [](const Case& c) { return fail_if(shape(c, 0)[1] >= 17); }),
            "op.mm/self=f32:1x17,mat2=f32:17x1/exact/new#0");
}

TEST(Minimise, WhatTheFailureNeedsStays) {
  const char* id = "op.add/self=f16:4x6x8:t,other=f16:6x8:r,alpha=2.5/special/inplace#0";
  const Judge judge = [](const Case& c) {
    return fail_if(c.args[0].tensors[0].layout == Layout::transposed && c.values == Values::special &&
                   c.form == Form::inplace && !shape(c, 0).empty() && shape(c, 0).back() > 2);
  };
  EXPECT_EQ(smallest(id, judge), "op.add/self=f16:3:t,other=f16:1/special/inplace#0");
}

TEST(Minimise, ListsLoseTensors) {
  const char* id = "op.cat/tensors=f32:2x3+f32:2x3+f32:2x3,dim=1/real/new#0";
  EXPECT_EQ(smallest(id, [](const Case& c) { return fail_if(c.args[0].tensors.size() > 1); }),
            "op.cat/tensors=f32:1+f32:1/exact/new#0");
}

TEST(Minimise, TheVerdictIsKept) {
  const Judge judge = [](const Case& c) {
    return !shape(c, 0).empty() && shape(c, 0)[0] > 5 ? Verdict::oob_write : Verdict::fail;
  };
  EXPECT_EQ(smallest("op.exp/self=f32:40/real/new#0", judge), "op.exp/self=f32:6/exact/new#0");
}

TEST(Minimise, PassingCasesMistakesAndProbesStay) {
  int calls = 0;
  const Judge pass = [&](const Case&) { return ++calls, Verdict::pass; };
  const Judge fail = [&](const Case&) { return ++calls, Verdict::fail; };
  EXPECT_EQ(smallest("op.exp/self=f32:40/real/new#0", pass), "op.exp/self=f32:40/real/new#0");
  EXPECT_EQ(calls, 1);
  for (const char* id : {"robust.exp/self=f32:40/real/new/bad=shape:0#0", "claim.exp"})
    EXPECT_EQ(smallest(id, fail), id);
  EXPECT_EQ(calls, 1);
}

TEST(Minimise, TheBudgetIsKept) {
  int calls = 0;
  const Judge judge = [&](const Case&) { return ++calls, Verdict::fail; };
  minimise(*parse_case("op.mm/self=f32:40x33:t,mat2=f32:33x50:g/special/out#7"), judge, 5);
  EXPECT_LE(calls, 5);
}

// Some cases of every operator, in which everything fails that the oracle has a definition for.
TEST(Minimise, EveryCandidateOfEveryOperatorIsACase) {
  std::map<std::string, int> taken;
  std::size_t refused = 0;
  std::size_t judged = 0;
  const Judge judge = [&](const Case& c) {
    ++judged;
    const Result<Case> again = parse_case(name_of(c));
    EXPECT_TRUE(again && name_of(*again) == name_of(c)) << name_of(c);
    try {
      reference::evaluate(reference::Call(oracle_operator(*core::find_op(c.op)), arguments_of(c)));
    } catch (const reference::Mistake&) {
      ++refused;
      return Verdict::mistrusted;
    }
    return Verdict::fail;
  };
  for (const Case& c : plan(Tier::quick)) {
    if (!is_operator_area(c.area) || c.bad || c.values == Values::every || ++taken[c.op] > 8) continue;
    const Case small = minimise(c, judge, 60);
    EXPECT_LE(name_of(small).size(), name_of(c).size() + 2);
  }
  EXPECT_GT(judged, 1000u);
  EXPECT_LT(refused * 10, judged) << "candidates that nobody must serve";
}

}  // namespace
}  // namespace fg::conformance
