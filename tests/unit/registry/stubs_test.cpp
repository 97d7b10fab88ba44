// SPDX-License-Identifier: Apache-2.0
//
// Every misbehaving plugin gets its own reason, and the good one beside it works.

#include <gmock/gmock.h>

#include "core/registry/fp_mode.hpp"
#include "fg/abi/ops.h"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::HasSubstr;

struct Fault {
  const char* stub;
  CandidateState state;
  Refusal reason;
  const char* text;  // Part of the sentence.
};
void PrintTo(const Fault& f, std::ostream* out) { *out << f.stub; }

constexpr CandidateState kRefused = CandidateState::refused;
constexpr CandidateState kQuarantined = CandidateState::quarantined;

constexpr Fault kFaults[] = {
    {"stub_no_note", kRefused, Refusal::no_note, "no FG note"},
    {"stub_wrong_epoch", kRefused, Refusal::wrong_epoch, "epoch 2"},
    {"stub_too_new", kRefused, Refusal::too_new, "1.7"},
    {"stub_sanitizer", kRefused, Refusal::sanitizer, "Sanitizer"},
    {"stub_bad_note", kRefused, Refusal::bad_note, "note version 99"},
    {"stub_newer_entry", kRefused, Refusal::newer_entry, "fg_plugin_query_v2"},
    {"stub_no_symbol", kRefused, Refusal::no_entry, "fg_plugin_query_v1"},
    {"stub_extra_export", kRefused, Refusal::extra_exports, "fg_stub_extra"},
    {"stub_unique_symbol", kRefused, Refusal::unique_symbols, "fg_stub_unique"},
    {"stub_execstack", kRefused, Refusal::executable_stack, "executable stack"},
    {"stub_runpath", kRefused, Refusal::runpath, "'plugins'"},
    {"stub_short_table", kRefused, Refusal::table_too_small, "bytes"},
    {"stub_null_member", kRefused, Refusal::bad_table, "prepare is NULL"},
    {"stub_foreign_pointer", kRefused, Refusal::foreign_pointer, "stream_destroy"},
    {"stub_must_understand", kRefused, Refusal::must_understand, "0x1"},
    {"stub_query_fails", kRefused, Refusal::query_failed, "this stub serves nobody"},
    {"stub_null_string", kRefused, Refusal::bad_string, "vendor is NULL"},
    {"stub_table_name", kRefused, Refusal::name_mismatch, "stub_other"},
    {"stub_crash_loading", kQuarantined, Refusal::crashed, "constructors"},
    {"stub_crash", kQuarantined, Refusal::crashed, "crashed in probe"},
    {"stub_hang", kQuarantined, Refusal::hung, "hung in probe"},
    {"stub_exit", kQuarantined, Refusal::exited, "in probe with status 0"},
    {"stub_throws", kQuarantined, Refusal::threw, "the driver object is gone"},
    {"stub_print", kRefused, Refusal::printed, "hello from a plugin"},
    {"stub_ftz_loading", kRefused, Refusal::changed_fp_mode, "a constructor"},
    {"stub_ftz_probe", kRefused, Refusal::changed_fp_mode, "in probe"},
    {"stub_no_driver", kRefused, Refusal::no_driver, "libstubdriver.so.1 is not installed"},
    {"stub_no_device", kRefused, Refusal::no_device, "no device"},
    {"stub_many_devices", kRefused, Refusal::bad_count, "100000 devices"},
    {"stub_probe_fails", kRefused, Refusal::probe_failed, "nonsense"},
    {"stub_create_fails", kRefused, Refusal::create_failed, "no room on the device"},
    {"stub_bad_claims", kRefused, Refusal::bad_claims, "8 bytes apart"},
    {"stub_bad_device_info", kRefused, Refusal::bad_count, "type 77"},
};

class Stubs : public RegistryTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(Stubs, GetsItsReasonAndDisturbsNobody) {
  const FpMode before = fp_mode();
  configure("probe: {timeout: 1}\n");
  if (std::string(GetParam().stub) != "stub_hang") configure("probe: {timeout: 60}\n");
  install(GetParam().stub);
  install("stub_none");
  const auto registry = make();
  const auto active = registry->default_device();
  ASSERT_TRUE(active) << active.error().message;
  EXPECT_EQ((*active)->name, "stub_none:0");
  const Candidate c = candidate_named(*registry, GetParam().stub);
  EXPECT_EQ(state_name(c.state), state_name(GetParam().state));
  EXPECT_EQ(refusal_name(c.reason), refusal_name(GetParam().reason));
  EXPECT_THAT(c.text, HasSubstr(GetParam().text));
  EXPECT_TRUE(c.devices.empty());
  EXPECT_TRUE(fp_mode() == before);
  const auto wanted = registry->find_device(GetParam().stub);
  ASSERT_FALSE(wanted);
  EXPECT_THAT(wanted.error().message, HasSubstr(refusal_name(GetParam().reason)));
}

INSTANTIATE_TEST_SUITE_P(Faults, Stubs, ::testing::ValuesIn(kFaults),
                         [](const auto& test) { return std::string(test.param.stub); });

TEST_F(RegistryTest, DriverThatPrintsErrorsIsNotedButServes) {
  install("stub_print_error");
  const auto registry = make();
  const Candidate c = candidate_named(*registry, "stub_print_error");
  EXPECT_EQ(c.state, CandidateState::loaded);
  EXPECT_TRUE(has_notice(c, "STDERR"));
}

TEST_F(RegistryTest, AbsentOptionalMembersAreEmulated) {
  install("stub_no_optionals");
  const auto registry = make();
  const auto device = registry->default_device();
  ASSERT_TRUE(device) << device.error().message;
  ASSERT_NE((*device)->api->query, nullptr);
  fg_sig sig{};
  fg_verdict verdict{};
  verdict.hdr.struct_size = sizeof verdict;
  verdict.code = FG_E_INTERNAL;
  EXPECT_EQ((*device)->api->query((*device)->instance, &sig, &verdict), FG_OK);
  EXPECT_EQ(verdict.code, FG_OK);
  EXPECT_EQ((*device)->api->get_table((*device)->instance, "fg.batch/1"), nullptr);
}

TEST_F(RegistryTest, ClaimsAreKeptByUid) {
  install("stub_none");
  const auto registry = make();
  const auto device = registry->default_device();
  ASSERT_TRUE(device);
  const fg_op_claim* claim = registry->claim(**device, FG_OP_MM_UID);
  ASSERT_NE(claim, nullptr);
  EXPECT_STREQ(claim->name, "mm");
  EXPECT_EQ(registry->claim(**device, FG_OP_BMM_UID), nullptr);
  EXPECT_EQ(registry->claims(**device).size(), 1u);
}

TEST_F(RegistryTest, FalseClaimsAreDroppedOneByOne) {
  install("stub_lies_uid");
  install("stub_lies_schema");
  const auto registry = make();
  for (const auto& [name, notice] :
       {std::pair("stub_lies_uid", "CLAIM_UID"), std::pair("stub_lies_schema", "CLAIM_SCHEMA")}) {
    const Candidate c = candidate_named(*registry, name);
    EXPECT_EQ(c.state, CandidateState::loaded);
    EXPECT_TRUE(has_notice(c, notice)) << name;
    const auto device = registry->find_device(name);
    ASSERT_TRUE(device);
    EXPECT_EQ(registry->claim(**device, FG_OP_BMM_UID), nullptr);
    EXPECT_NE(registry->claim(**device, FG_OP_MM_UID), nullptr);
  }
}

TEST_F(RegistryTest, ClaimThatPrepareRefusesIsWithdrawn) {
  install("stub_lies_prepare");
  const auto registry = make();
  const auto device = registry->default_device();
  ASSERT_TRUE(device);
  fg_sig sig{};
  fg_kernel* kernel = nullptr;
  ASSERT_EQ((*device)->api->prepare((*device)->instance, &sig, &kernel, nullptr), FG_E_UNSUPPORTED);
  const std::uint64_t before = generation();
  registry->withdraw_claim(**device, FG_OP_MM_UID, "f32 is not supported after all");
  EXPECT_GT(generation(), before);
  EXPECT_EQ(registry->claim(**device, FG_OP_MM_UID), nullptr);
  EXPECT_TRUE(has_notice(candidate_named(*registry, "stub_lies_prepare"), "CLAIM_REFUSED"));
}

}  // namespace
}  // namespace fg::core::testing
