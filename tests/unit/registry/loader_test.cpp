// SPDX-License-Identifier: Apache-2.0
//
// Reading a plugin's table and answers, with tables made here.

#include "core/registry/loader.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <string>

#include "core/registry/claims.hpp"
#include "core/registry/fp_mode.hpp"
#include "fg/abi/ops.h"
#include "fg/sdk/op_uid.hpp"

namespace fg::core {
namespace {

using ::testing::HasSubstr;

template <class... A>
fg_status ok(A...) noexcept {
  return FG_OK;
}
const void* no_table(fg_instance*, const char*) noexcept { return nullptr; }

// Any function of this program, typed as the member wants it.
template <class... A>
void fill(fg_status (*&member)(A...) noexcept) {
  member = &ok<A...>;
}

fg_api good_table() {
  fg_api t{};
  t.hdr.struct_size = sizeof t;
  t.name = "good";
  t.vendor = t.version = t.build_id = "x";
  fill(t.probe), fill(t.create), fill(t.destroy), fill(t.device_info), fill(t.mem_alloc), fill(t.mem_free);
  fill(t.copy), fill(t.fill), fill(t.stream_create), fill(t.stream_destroy), fill(t.timeline_create);
  fill(t.timeline_destroy), fill(t.stream_flush), fill(t.stream_signal), fill(t.stream_wait), fill(t.host_signal);
  fill(t.host_wait), fill(t.timeline_read), fill(t.claims), fill(t.query), fill(t.prepare);
  t.get_table = &no_table;
  return t;
}

Refusal refusal_of(const fg_api* table) {
  const auto resolved = resolve_table(table, reinterpret_cast<const void*>(&no_table));
  return resolved ? Refusal::none : resolved.error().refusal;
}

TEST(Resolve, TakesAGoodTable) {
  const fg_api t = good_table();
  const auto resolved = resolve_table(&t, reinterpret_cast<const void*>(&no_table));
  ASSERT_TRUE(resolved) << resolved.error().text;
  EXPECT_EQ(resolved->name, "good");
  EXPECT_EQ(resolved->api.prepare, t.prepare);
}

TEST(Resolve, TableOfALaterMinorIsTaken) {
  struct Later {
    fg_api api;
    void* more[4];
  } later{good_table(), {}};
  later.api.hdr.struct_size = sizeof later;
  later.api.abi_minor = 3;
  EXPECT_EQ(refusal_of(&later.api), Refusal::none);
}

TEST(Resolve, RefusesFaultyTables) {
  EXPECT_EQ(refusal_of(nullptr), Refusal::bad_table);
  fg_api t = good_table();
  t.hdr.struct_size = 0;
  EXPECT_EQ(refusal_of(&t), Refusal::table_too_small);
  t = good_table();
  t.hdr.must_understand = 0x80000000u;
  EXPECT_EQ(refusal_of(&t), Refusal::must_understand);
  t = good_table();
  t.name = "Not A Name";
  EXPECT_EQ(refusal_of(&t), Refusal::bad_string);
  const std::string endless(4096, 'v');
  t = good_table();
  t.version = endless.c_str();
  EXPECT_EQ(refusal_of(&t), Refusal::bad_string);
  t = good_table();
  t.host_wait = nullptr;
  EXPECT_EQ(refusal_of(&t), Refusal::bad_table);
  t = good_table();
  static int no_code = 0;
  t.get_table = std::bit_cast<decltype(t.get_table)>(&no_code);
  EXPECT_EQ(refusal_of(&t), Refusal::foreign_pointer);
}

TEST(Resolve, ExtensionsAreSkippedUnlessCritical) {
  fg_api t = good_table();
  fg_ext second{77, sizeof(fg_ext), nullptr};
  fg_ext first{76, sizeof(fg_ext), &second};
  t.hdr.next = &first;
  EXPECT_EQ(refusal_of(&t), Refusal::none);
  second.id |= FG_EXT_CRITICAL;
  EXPECT_EQ(refusal_of(&t), Refusal::must_understand);
  second.id = 77;
  second.next = &first;
  EXPECT_EQ(refusal_of(&t), Refusal::bad_table) << "a ring";
}

TEST(FpMode, IsReadAndRestored) {
  const FpMode before = fp_mode();
  FpMode other = before;
  other.control ^= 0x8000u;  // x86: flush to zero
  set_fp_mode(other);
#if defined(__x86_64__)
  EXPECT_FALSE(fp_mode() == before);
#endif
  set_fp_mode(before);
  EXPECT_TRUE(fp_mode() == before);
}

// --- claims ---

constexpr fg_dtype kRow[3] = {FG_F32, FG_F32, FG_F32};

fg_op_claim claim(const char* name, std::uint64_t schema) {
  fg_op_claim c{};
  c.hdr.struct_size = sizeof c;
  c.name = name;
  c.op_uid = sdk::op_uid(name);
  c.schema_hash = schema;
  c.schema_min = c.schema_max = 1;
  c.max_ndim = 2;
  c.n_slots = 3;
  c.n_rows = 1;
  c.rows = kRow;
  return c;
}

struct Judgement {
  std::size_t kept;
  std::string notice;
};
Judgement judge(const fg_op_claim& c) {
  std::vector<Notice> notices;
  const ClaimTable table({&c, 1, sizeof c}, notices);
  return {table.all().size(), notices.empty() ? "" : notices[0].id};
}

TEST(Claims, GoodOnesAreKept) {
  EXPECT_EQ(judge(claim("mm", FG_OP_MM_SCHEMA_HASH)).kept, 1u);
  EXPECT_EQ(judge(claim("fg.map/1", sdk::op_uid("fg.map/1"))).kept, 1u);
}

TEST(Claims, EachMistakeHasItsNotice) {
  fg_op_claim c = claim("mm", FG_OP_MM_SCHEMA_HASH);
  c.op_uid ^= 1;
  EXPECT_EQ(judge(c).notice, "CLAIM_UID");
  EXPECT_EQ(judge(claim("mm", 1)).notice, "CLAIM_SCHEMA");
  EXPECT_EQ(judge(claim("fg.map/1", 1)).notice, "CLAIM_SCHEMA");
  EXPECT_EQ(judge(claim("op_of_2031", 1)).notice, "CLAIM_UNKNOWN_OP");
  c = claim("mm", FG_OP_MM_SCHEMA_HASH);
  c.schema_min = c.schema_max = 9;
  EXPECT_EQ(judge(c).notice, "CLAIM_SCHEMA");
  c = claim("mm", FG_OP_MM_SCHEMA_HASH);
  c.max_ndim = 99;
  EXPECT_EQ(judge(c).notice, "CLAIM_COUNT");
  c = claim("mm", FG_OP_MM_SCHEMA_HASH);
  c.rows = nullptr;
  EXPECT_EQ(judge(c).notice, "CLAIM_COUNT");
  c = claim("mm", FG_OP_MM_SCHEMA_HASH);
  c.hdr.must_understand = 1;
  EXPECT_EQ(judge(c).notice, "CLAIM_BIT");
  c = claim("mm", FG_OP_MM_SCHEMA_HASH);
  c.name = nullptr;
  EXPECT_EQ(judge(c).notice, "CLAIM_NAME");
  c = claim("mm", FG_OP_MM_SCHEMA_HASH);
  c.hdr.struct_size = 16;
  EXPECT_EQ(judge(c).notice, "CLAIM_COUNT");
}

TEST(Claims, AreReadWithTheStrideOfALaterMinor) {
  struct Later {
    fg_op_claim claim;
    std::uint64_t more[3];
  } later[2]{{claim("mm", FG_OP_MM_SCHEMA_HASH), {}}, {claim("bmm", FG_OP_BMM_SCHEMA_HASH), {}}};
  for (Later& l : later) l.claim.hdr.struct_size = sizeof(Later);
  std::vector<Notice> notices;
  ClaimTable table({&later[0].claim, 2, sizeof(Later)}, notices);
  EXPECT_TRUE(notices.empty());
  ASSERT_NE(table.find(FG_OP_BMM_UID), nullptr);
  EXPECT_STREQ(table.find(FG_OP_BMM_UID)->name, "bmm");
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_TRUE(table.withdraw(FG_OP_BMM_UID));
  EXPECT_FALSE(table.withdraw(FG_OP_BMM_UID));
  EXPECT_EQ(table.find(FG_OP_BMM_UID), nullptr);
}

TEST(Claims, TheFirstOfTwoCounts) {
  fg_op_claim two[2] = {claim("mm", FG_OP_MM_SCHEMA_HASH), claim("mm", FG_OP_MM_SCHEMA_HASH)};
  two[0].max_ndim = 1;
  std::vector<Notice> notices;
  const ClaimTable table({two, 2, sizeof two[0]}, notices);
  EXPECT_EQ(table.all().size(), 1u);
  EXPECT_EQ(table.find(FG_OP_MM_UID)->max_ndim, 1);
  EXPECT_EQ(notices.at(0).id, "CLAIM_TWICE");
}

}  // namespace
}  // namespace fg::core
