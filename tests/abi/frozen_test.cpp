// SPDX-License-Identifier: Apache-2.0
//
// A plugin frozen at interface 1.0 is served by today's core, and runs a map operator that did not
// exist when it was built.

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "fg/abi/engine.h"
#include "fg/sdk/op_uid.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

constexpr std::uint64_t kMap = sdk::op_uid(FG_OP_MAP);

class Frozen : public RegistryTest {
 protected:
  void SetUp() override {
    fs::create_directories(dir_.path() / "plugins");
    fs::copy_file(FG_FROZEN_PLUGIN, dir_.path() / "plugins/libfg_frozen_1_0.so");
    registry_ = make();
    const auto found = registry_->find_device("frozen_1_0");
    ASSERT_TRUE(found) << found.error().message;
    device_ = *found;
  }

  fg_status prepare(const fg_expr& program, fg_kernel** kernel, fg_error* err, std::uint32_t must_understand = 0) {
    std::array<fg_tensor, 2> tensors{};
    for (fg_tensor& t : tensors) t.dtype = FG_F32;
    const fg_map_params params{{sizeof(fg_map_params), must_understand, nullptr}, &program, nullptr};
    fg_sig sig{};
    sig.hdr.struct_size = sizeof sig;
    sig.op_uid = sig.schema_hash = kMap;
    sig.schema_version = 1;
    sig.n_out = sig.n_in = 1;
    sig.t = tensors.data();
    sig.params = &params;
    return device_->api->prepare(device_->instance, &sig, kernel, err);
  }

  std::unique_ptr<Registry> registry_;
  Device* device_ = nullptr;
};

fg_expr_node constant(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return {FG_EX_CONST, FG_CT_F32, {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), 0}};
}

fg_expr program_of(const std::vector<fg_expr_node>& nodes, const std::uint32_t* out) {
  fg_expr e{};
  e.node = nodes.data();
  e.out = out;
  e.n_node = static_cast<std::uint32_t>(nodes.size());
  e.n_out = e.n_in = 1;
  return e;
}

TEST_F(Frozen, IsLoadedWithItsClaims) {
  const Candidate c = candidate_named(*registry_, "frozen_1_0");
  EXPECT_EQ(c.state, CandidateState::loaded);
  EXPECT_TRUE(c.notices.empty() || c.notices[0].id == "WRITABLE_BY_OTHERS");
  ASSERT_NE(registry_->claim(*device_, kMap), nullptr);
  EXPECT_NE(device_->api->query, nullptr) << "absent in the plugin, emulated by the core";
}

TEST_F(Frozen, RunsAMapOperatorOfToday) {
  // x * sigmoid(1.702 x), over a transposed view.
  const std::vector<fg_expr_node> nodes{{FG_EX_INPUT, FG_CT_F32, {0, 0, 0}},
                                        constant(1.702),
                                        {FG_EX_MUL, FG_CT_F32, {0, 1, 0}},
                                        {FG_EX_SIGMOID, FG_CT_F32, {2, 0, 0}},
                                        {FG_EX_MUL, FG_CT_F32, {0, 3, 0}}};
  const std::uint32_t out = 4;
  const fg_expr program = program_of(nodes, &out);
  fg_kernel* kernel = nullptr;
  fg_error err{};
  err.hdr.struct_size = sizeof err;
  ASSERT_EQ(prepare(program, &kernel, &err), FG_OK) << err.message;

  std::array<float, 6> x{-2, -1, 0, 1, 2, 3}, y{};
  const std::array<std::int64_t, 2> shape{3, 2}, out_stride{2, 1}, in_stride{1, 3};
  std::array<fg_tensor, 2> t{};
  t[0] = {nullptr, 0, y.data(), shape.data(), out_stride.data(), FG_F32, 2, 0, 0, 0};
  t[1] = {nullptr, 0, x.data(), shape.data(), in_stride.data(), FG_F32, 2, 0, 0, 0};
  const fg_map_params params{{sizeof(fg_map_params), 0, nullptr}, &program, nullptr};
  fg_launch call{};
  call.t = t.data();
  call.params = &params;
  call.n_out = call.n_in = 1;
  ASSERT_EQ(kernel->launch(kernel, &call), FG_OK);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      const float v = x[i + 3 * j];
      EXPECT_FLOAT_EQ(y[2 * i + j], v / (1 + std::exp(-1.702f * v)));
    }
  }
  kernel->release(kernel);
}

TEST_F(Frozen, RefusesWhatItDoesNotUnderstand) {
  const std::uint32_t out = 1;
  fg_kernel* kernel = nullptr;
  fg_error err{};
  err.hdr.struct_size = sizeof err;
  const std::vector<fg_expr_node> later{{FG_EX_INPUT, FG_CT_F32, {0, 0, 0}}, {9999, FG_CT_F32, {0, 0, 0}}};
  EXPECT_EQ(prepare(program_of(later, &out), &kernel, &err), FG_E_UNSUPPORTED);
  EXPECT_EQ(err.reason, static_cast<fg_reason>(FG_R_EXPRESSION));
  const std::vector<fg_expr_node> plain{{FG_EX_INPUT, FG_CT_F32, {0, 0, 0}}, {FG_EX_NEG, FG_CT_F32, {0, 0, 0}}};
  EXPECT_EQ(prepare(program_of(plain, &out), &kernel, &err, 1u), FG_E_UNSUPPORTED);
  EXPECT_EQ(err.reason, static_cast<fg_reason>(FG_R_UNKNOWN_BIT));
}

}  // namespace
}  // namespace fg::core::testing
