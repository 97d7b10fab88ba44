// SPDX-License-Identifier: Apache-2.0
//
// Names of cases and the plan of each tier.

#include <gtest/gtest.h>

#include <set>

#include "conformance/cases/plan.hpp"
#include "core/catalogue/case_line.hpp"

namespace fg::conformance {
namespace {

TEST(CaseName, ComesBack) {
  for (const char* name :
       {"op.add/self=f16:3x1:t,other=f16:1x5,alpha=2/real/out#2", "op.add/self=f32:0d,other=-2.5/exact/new#0",
        "op.cat/tensors=f32:2x3+f16:4x3:g,dim=-1/special/out#0", "op.sum/self=bool:0x3,dim=_,keepdim=true/real/new#7",
        "op.to/self=f64:7,dtype=bf16/special/new#0", "op.gelu/self=bf16:256x256,approximate=tanh/every/out#0",
        "op.uniform_/self=f32:9,from=-1.0,generator=7+4/real/inplace#0", "op.full/size=2_3,fill_value=inf/real/new#0",
        "op.softmax/self=f32:3x5,dim=1/real/out/composite#0",
        "robust.mm/self=f32:3x5,mat2=f32:4x2/real/new/bad=shape:-1#0", "memory.round_trip", "claim.mm"}) {
    const Result<Case> c = parse_case(name);
    ASSERT_TRUE(c) << c.error().message;
    EXPECT_EQ(name_of(*c), name);
  }
}

TEST(CaseName, MistakesAreNamed) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"add", "area.operator"},
      {"op.add/self=f32:3/real/new", "#number"},
      {"op.nonsense/self=f32:3/real/new#0", "no operator 'nonsense'"},
      {"op.add/self=f33:3/real/new#0", "a dtype such as f32"},
      {"op.add/self=f32:3y/real/new#0", "a shape such as"},
      {"op.add/self=f32:3:z/real/new#0", "a layout"},
      {"op.add/nobody=f32:3/real/new#0", "an argument of add"},
      {"op.add/self=f32:3/sometimes/new#0", "exact, real, special or every"},
      {"op.add/self=f32:3/real/elsewhere#0", "new, out, inplace or alias"},
      {"op.add/self=f32:3/real/new/composite#0", "can compose"},
      {"op.softmax/self=f32:3,dim=0/real/new/composed#0", "bad=REASON:ARGUMENT"},
      {"op.softmax/self=f32:3,dim=0/real/new/composite/bad=shape:0/more#0", "#number"},
  };
  for (const auto& [name, part] : mistakes) {
    const Result<Case> c = parse_case(name);
    ASSERT_FALSE(c) << name;
    EXPECT_NE(c.error().message.find(part), std::string::npos) << c.error().message;
  }
}

class PlanOf : public testing::TestWithParam<Tier> {};

TEST_P(PlanOf, HasEveryNameOnceAndEveryNameComesBack) {
  std::set<std::string> names;
  for (const Case& c : plan(GetParam())) {
    const std::string name = name_of(c);
    EXPECT_TRUE(names.insert(name).second) << name;
    const Result<Case> again = parse_case(name);
    ASSERT_TRUE(again) << name << ": " << again.error().message;
    EXPECT_EQ(name_of(*again), name);
  }
  EXPECT_GT(names.size(), 1000u);
}

TEST_P(PlanOf, JudgesCompositesBothWays) {
  std::set<std::string> dispatched;
  std::set<std::string> composed;
  for (Case c : plan(GetParam())) {
    if (c.area != "op" || core::find_op(c.op)->kind != core::Kind::composite) continue;
    (c.composite ? composed : dispatched).insert(c.op);
    if (!c.composite) continue;
    EXPECT_NE(name_of(c).find("/composite#"), std::string::npos) << name_of(c);
  }
  EXPECT_EQ(composed, dispatched);
  EXPECT_TRUE(composed.count("softmax") != 0);
  EXPECT_TRUE(composed.count("layer_norm") != 0);
  EXPECT_TRUE(composed.count("rms_norm") != 0);
  EXPECT_TRUE(composed.count("scaled_dot_product_attention") != 0);
}

TEST_P(PlanOf, CoversEveryOperatorInEveryDtype) {
  std::set<std::pair<std::string, fg_dtype>> seen;
  std::set<std::string> ops;
  for (const Case& c : plan(GetParam())) {
    if (c.area != "op" && c.area != "view") continue;
    ops.insert(c.op);
    for (const ArgSpec& a : c.args) {
      for (const TensorSpec& t : a.tensors) seen.emplace(c.op, t.dtype);
    }
  }
  for (const core::OpInfo& op : core::catalogue()) {
    EXPECT_TRUE(ops.count(std::string(op.name)) != 0) << op.name;
    for (const core::ArgInfo& a : op.args) {
      if (a.type != core::ArgType::tensor && a.type != core::ArgType::tensor_list) continue;
      for (const fg_dtype d : members(a.dtypes)) {
        EXPECT_TRUE(seen.count({std::string(op.name), d}) != 0) << op.name << ' ' << a.name << ' ' << d;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, PlanOf, testing::Values(Tier::quick, Tier::standard));

TEST(Plan, QuickIsInStandardsSpiritButSmaller) { EXPECT_LT(plan(Tier::quick).size() * 3, plan(Tier::standard).size()); }

TEST(Plan, EveryLineOfTheCatalogueIsReadable) {
  for (const core::OpInfo& op : core::catalogue()) {
    for (const core::CaseLine& line : op.cases) {
      const auto values = core::parse_case(op, line.text);
      EXPECT_TRUE(values) << op.name << ": " << line.text << ": " << values.error().message;
    }
  }
}

}  // namespace
}  // namespace fg::conformance
