// SPDX-License-Identifier: Apache-2.0
//
// Operators that a certificate does not cover: kernels, engines, compositions, expressions.

#include "core/certificate/mask.hpp"

#include "core/dispatch/user_map.hpp"
#include "tests/unit/certificate/signed.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

using core::testing::row;
using Floats = std::vector<float>;

// A device that changes its mask between tests: plans of an older mask are made again.
class Masked : public testing::Test {
 protected:
  Masked() { core::set_fallback_policy(core::FallbackPolicy::forbid); }
  ~Masked() override {
    mask({});
    core::set_fallback_policy(core::FallbackPolicy::warn);
  }
  static FakeDevice& fake() {
    static FakeDevice* d = new FakeDevice({.named = {"mm", "softmax"}}, "masked:0");
    return *d;
  }
  Tensor f32(std::vector<std::int64_t> shape, const Floats& x) {
    return tensor_of(fake().device(), FG_F32, std::move(shape), x);
  }
  // Certifies these rows and no others; none: no mask.
  void mask(std::vector<core::CertifiedRow> rows) {
    core::Certificate c = core::testing::sample_certificate();
    c.operators = std::move(rows);
    mask_ = c.operators.empty() ? nullptr : std::make_unique<core::OperatorMask>(c);
    fake().device()->mask = mask_.get();
    core::g_generation.fetch_add(1);
  }
  static std::string why(const Result<std::vector<Tensor>>& r) { return r ? "served" : r.error().message; }

  std::unique_ptr<core::OperatorMask> mask_;
};

TEST_F(Masked, AnEngineServesOperatorsAndDtypesOneByOne) {
  const Tensor x = f32({2}, {1, 2});
  const Tensor n = tensor_of<std::int32_t>(fake().device(), FG_I32, {2}, {1, 2});
  mask({row("add", "f32")});
  EXPECT_EQ(values_of<float>(get("add", x, x)), (Floats{2, 4}));
  EXPECT_NE(why(run("add", n, n)).find("not certified: add of i32 is not in the certificate"), std::string::npos)
      << why(run("add", n, n));
  EXPECT_NE(why(run("mul", x, x)).find("not certified: mul is not in the certificate"), std::string::npos);
  mask({row("add", "f32", 1), row("add", "i32")});
  EXPECT_NE(why(run("add", x, x)).find("add of f32 is waived"), std::string::npos);
  EXPECT_EQ(why(run("add", n, n)), "served");
}

TEST_F(Masked, KernelsToo) {
  const Tensor a = f32({1, 1}, {3});
  mask({row("add", "f32")});
  EXPECT_NE(why(run("mm", a, a)).find("not certified: mm"), std::string::npos);
  mask({row("mm", "f32")});
  EXPECT_EQ(values_of<float>(get("mm", a, a)), (Floats{9}));
}

TEST_F(Masked, AKernelThatIsNotCertifiedLeavesItsPlaceToTheComposition) {
  const Tensor x = f32({2, 2}, {1, 1, 1, 1});
  fake().see({});
  mask({});
  ASSERT_EQ(why(run("softmax", x, v(1))), "served");
  EXPECT_EQ(fake().last().kernel, "softmax");
  std::vector<core::CertifiedRow> rows{row("softmax", "f32", 1), row("softmax", "f32", 0, core::kByComposition)};
  for (const core::OpInfo& part : core::catalogue()) {
    if (part.kind != core::Kind::composite && part.kind != core::Kind::kernel)
      rows.push_back(row(std::string(part.name), "f32"));
  }
  mask(rows);
  EXPECT_EQ(why(run("softmax", x, v(1))), "served");
  EXPECT_NE(fake().last().kernel, "softmax");
  rows[1].waived = 1;
  mask(rows);
  EXPECT_NE(why(run("softmax", x, v(1))).find("not certified: softmax of f32 is waived"), std::string::npos);
}

TEST_F(Masked, ExpressionsNeedEveryMapOfTheDtype) {
  const char* const names[] = {"x"};
  const auto map = core::user_map("x * 2 + 1", names, 0);
  ASSERT_TRUE(map.has_value());
  const Tensor x = f32({2}, {1, 2});
  const auto serve = [&] {
    const fg_value arg = v(x);
    fg_tensor_handle made[1] = {};
    const auto r = core::call(**map, {&arg, 1}, Form::functional, made);
    if (!r) return r.error().message;
    Tensor::adopt(made[0]);
    return std::string("served");
  };
  mask({row("add", "f32"), row("mul", "f32"), row("mul", "i32", 1)});
  EXPECT_EQ(serve(), "served");
  mask({row("add", "f32"), row("mul", "f32", 1)});
  EXPECT_NE(serve().find("a map of f32 is waived"), std::string::npos) << serve();
  mask({row("mm", "f32")});
  EXPECT_NE(serve().find("no map of f32 is in the certificate"), std::string::npos) << serve();
}

TEST_F(Masked, ViewsAreTheCores) {
  mask({row("add", "f32")});
  EXPECT_EQ(why(run("t", f32({1, 2}, {1, 2}))), "served");
}

}  // namespace
}  // namespace fg::test
