// SPDX-License-Identifier: Apache-2.0
//
// Calls that the tensors' device cannot serve, on the cpu plugin: policy, copies, counts.

#include "core/certificate/mask.hpp"
#include "core/dispatch/run.hpp"
#include "core/dispatch/state.hpp"
#include "core/registry/registry.hpp"
#include "fg/abi/ops.h"
#include "tests/unit/certificate/signed.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

using Floats = std::vector<float>;

// A device whose engine knows maps of f32 and nothing else.
FakeDevice& poor() {
  static FakeDevice* d = new FakeDevice({.reduce = false, .scan = false, .dtypes = {FG_F32, FG_BOOL}}, "poor:0");
  return *d;
}

class Fallback : public testing::Test {
 protected:
  Fallback() { core::set_fallback_policy(core::FallbackPolicy::allow); }
  ~Fallback() override { core::set_fallback_policy(core::FallbackPolicy::warn); }
  Tensor f32(std::vector<std::int64_t> shape, const Floats& x) {
    return tensor_of(poor().device(), FG_F32, std::move(shape), x);
  }
};

std::uint64_t fallbacks() { return core::counter_sums()[core::ThreadCounters::fallbacks]; }

TEST_F(Fallback, NewResultsComeBackToTheTensorsDevice) {
  const std::uint64_t before = fallbacks();
  const Tensor r = get("sum", f32({2, 2}, {1, 2, 3, 4}), std::vector<std::int64_t>{0});
  EXPECT_EQ(r.device(), poor().device());
  EXPECT_EQ(values_of<float>(r), (Floats{4, 6}));
  EXPECT_EQ(fallbacks(), before + 1);
}

TEST_F(Fallback, GivenAndInPlaceResultsAreWritten) {
  const Tensor x = f32({3}, {1, 2, 3});
  ASSERT_TRUE(run_inplace("cumsum", x, v(0)).has_value());
  EXPECT_EQ(values_of<float>(x), (Floats{1, 3, 6}));
  const Tensor out = f32({}, {0});
  const auto done = run_out("sum", out, x);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(values_of<float>(out)[0], 10.0f);
  expect_error(run_out("sum", f32({1}, {0}), x), FG_E_INVALID, FG_R_SHAPE, "shape");
}

TEST_F(Fallback, ForbiddenSaysWhatIsMissing) {
  core::set_fallback_policy(core::FallbackPolicy::forbid);
  expect_error(run("sum", f32({1}, {1})), FG_E_UNSUPPORTED, FG_R_UNKNOWN_OP, "forbidden");
}

TEST_F(Fallback, RowsCountByReason) {
  const auto count = [] {
    std::uint64_t n = 0;
    for (const core::FallbackRow& r : core::fallback_rows()) {
      if (r.op == "argmax" && r.from == "poor" && r.to == "cpu" && r.why.find("no engine") != std::string::npos)
        n += r.count;
    }
    return n;
  };
  const std::uint64_t before = count();
  get("argmax", f32({2}, {1, 2}));
  get("argmax", f32({2}, {1, 2}));
  EXPECT_EQ(count(), before + 2);
}

TEST_F(Fallback, KernelsAndLists) {
  const Tensor a = f32({1, 2}, {1, 2});
  EXPECT_EQ(values_of<float>(get("mm", a, f32({2, 1}, {3, 4}))), (Floats{11}));
  const fg_tensor_handle list[] = {a.get(), a.get()};
  EXPECT_EQ(values_of<float>(get("cat", fg_value_tensors(list, 2))), (Floats{1, 2, 1, 2}));
}

TEST_F(Fallback, WhatIsWrongOnTheDeviceIsWrongFirst) {
  const std::uint64_t before = fallbacks();
  EXPECT_FALSE(run("mm", f32({1, 2}, {1, 2}), f32({1, 2}, {1, 2})).has_value());
  EXPECT_LE(fallbacks(), before + 1);
}

TEST_F(Fallback, AClaimThatPrepareRefusesIsWithdrawn) {
  core::Registry& registry = core::Registry::get();
  const auto liar = registry.load_plugin(FG_STUB_DIR "/libfg_stub_lies_prepare.so");
  ASSERT_TRUE(liar.has_value()) << liar.error().message;
  ASSERT_NE(registry.claim(**liar, FG_OP_MM_UID), nullptr);
  const Tensor a = tensor_of(*liar, FG_F32, {1, 2}, Floats{1, 2});
  const Tensor b = tensor_of(*liar, FG_F32, {2, 1}, Floats{3, 4});
  const std::uint64_t before = fallbacks();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(values_of<float>(get("mm", a, b)), (Floats{11}));
  EXPECT_EQ(fallbacks(), before + 2);
  EXPECT_EQ(registry.claim(**liar, FG_OP_MM_UID), nullptr);
  std::string notice;
  for (const core::Candidate& c : registry.candidates()) {
    for (const core::Notice& n : c.notices) notice += n.id == "CLAIM_REFUSED" ? n.text : "";
  }
  EXPECT_NE(notice.find("f32 is not supported after all"), std::string::npos) << notice;
}

TEST_F(Fallback, WhatIsNotCertifiedRunsElsewhere) {
  core::Certificate c = core::testing::sample_certificate();
  c.operators = {core::testing::row("add", "f32"), core::testing::row("copy_", "f32"),
                 core::testing::row("mul", "f32", 1)};
  const core::OperatorMask mask(c);
  poor().device()->mask = &mask;
  core::g_generation.fetch_add(1);
  const Tensor x = f32({2}, {1, 2});
  const std::uint64_t before = fallbacks();
  EXPECT_EQ(values_of<float>(get("add", x, x)), (Floats{2, 4}));
  EXPECT_EQ(fallbacks(), before);
  EXPECT_EQ(values_of<float>(get("mul", x, x)), (Floats{1, 4}));
  ASSERT_TRUE(run_inplace("mul", x, x).has_value());
  EXPECT_EQ(values_of<float>(x), (Floats{1, 4}));
  EXPECT_EQ(fallbacks(), before + 2);
  bool said = false;
  for (const core::FallbackRow& r : core::fallback_rows())
    said = said || r.why.find("not certified: mul of f32 is waived") != std::string::npos;
  EXPECT_TRUE(said);
  poor().device()->mask = nullptr;
  core::g_generation.fetch_add(1);
}

TEST(VendorScopes, NestAndRestore) {
  ASSERT_TRUE(core::push_vendor("cpu").has_value());
  ASSERT_TRUE(core::push_vendor("cpu:0").has_value());
  EXPECT_EQ(core::current_device().value()->name, "cpu:0");
  EXPECT_TRUE(core::pop_vendor().has_value());
  EXPECT_TRUE(core::pop_vendor().has_value());
  EXPECT_FALSE(core::pop_vendor().has_value());
  EXPECT_FALSE(core::push_vendor("no_such_vendor").has_value());
}

}  // namespace
}  // namespace fg::test
