// SPDX-License-Identifier: Apache-2.0
//
// A case's line: exact both ways, and what is said of lines that are none.

#include "conformance/report/case_json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace fg::conformance {
namespace {

using Json = nlohmann::ordered_json;
using reference::Real;

CaseResult failed_case() {
  CaseResult r;
  r.id = "op.add/self=f32:3,other=f32:3/real/out#0";
  r.op = "add";
  r.verdict = Verdict::sequence;
  r.text = "fails after another\nsecond line \"quoted\"";
  r.ratio = 0.1;
  r.milliseconds = 1.0 / 3;
  r.accuracy = "f32_rz";
  r.phase = "launch";
  r.sequence = {"op.exp/self=f32:3/real/new#0", r.id};
  Mismatch m;
  m.output = 1;
  m.type = reference::Type::i64;
  m.index = {1, 2};
  m.got = 9223372036854775807.0L;          // no double holds it
  m.want = 1.0L / 3;                       // all 64 bits of significand
  m.error = 0x1.fffffffffffffffep-16380L;  // below every double
  m.allowed = std::numeric_limits<Real>::denorm_min();
  m.bad = 3;
  m.total = std::numeric_limits<std::int64_t>::max();
  m.pattern = "only in the last row";
  m.map = {2, 3, "AAQRa/"};
  r.mismatch = m;
  return r;
}

CaseResult round_trip(const CaseResult& r) {
  const auto back = case_from_json(to_json(r));
  EXPECT_TRUE(back.has_value()) << back.error().message;
  return back.value_or(CaseResult{});
}

TEST(CaseJson, EveryFieldComesBackExactly) {
  const CaseResult r = failed_case();
  EXPECT_EQ(to_json(r).find('\n'), std::string::npos);
  EXPECT_EQ(round_trip(r), r);
}

TEST(CaseJson, PlainPassComesBack) {
  CaseResult r;
  r.id = "claim.sort";
  r.op = "claim";
  EXPECT_EQ(round_trip(r), r);
}

TEST(CaseJson, EveryVerdictComesBack) {
  CaseResult r;
  for (unsigned k = 0; k <= static_cast<unsigned>(kLastVerdict); ++k) {
    r.verdict = static_cast<Verdict>(k);
    EXPECT_EQ(round_trip(r).verdict, r.verdict) << name(r.verdict);
  }
}

TEST(CaseJson, SpecialNumbersComeBack) {
  CaseResult r = failed_case();
  r.mismatch->got = -std::numeric_limits<Real>::infinity();
  r.mismatch->want = -0.0L;
  r.mismatch->error = std::numeric_limits<Real>::max();
  EXPECT_EQ(round_trip(r), r);
  EXPECT_TRUE(std::signbit(round_trip(r).mismatch->want));
  r.mismatch->got = std::numeric_limits<Real>::quiet_NaN();
  EXPECT_TRUE(std::isnan(round_trip(r).mismatch->got));
}

TEST(CaseJson, BytesThatAreNoTextAreReplaced) {
  CaseResult r = failed_case();
  r.text = "a\xFF";
  EXPECT_EQ(round_trip(r).text, "a\xEF\xBF\xBD");
}

// The message about a line in which the member at `pointer` is `value`.
std::string complaint(const std::string& pointer, const Json& value) {
  Json j = case_object(failed_case());
  j[Json::json_pointer(pointer)] = value;
  const auto r = case_of(j);
  return r ? "accepted" : r.error().message;
}

TEST(CaseJson, WrongMembersAreNamed) {
  EXPECT_EQ(complaint("/verdict", "GREAT"), "case: verdict is \"GREAT\", expected a verdict such as PASS");
  EXPECT_EQ(complaint("/id", 3), "case: id is 3, expected text");
  EXPECT_EQ(complaint("/ms", nullptr), "case: ms is null, expected a finite number");
  EXPECT_EQ(complaint("/ms", std::numeric_limits<double>::infinity()), "case: ms is null, expected a finite number");
  EXPECT_EQ(complaint("/mismatch/bad", -1), "case: mismatch.bad is -1, expected a whole number, 0 or more");
  EXPECT_EQ(complaint("/mismatch/total", 18446744073709551615u),
            "case: mismatch.total is 18446744073709551615, expected a whole number, 0 or more");
  EXPECT_EQ(complaint("/mismatch/dtype", "f99"), "case: mismatch.dtype is \"f99\", expected a dtype such as f32");
  EXPECT_EQ(complaint("/mismatch/exact/got", "1.8p+1x"),
            "case: mismatch.exact.got is \"1.8p+1x\", expected a hexadecimal float such as 1.8p+1, inf or nan");
  EXPECT_EQ(complaint("/mismatch/map/rows", 49), "case: mismatch.map.rows is 49, expected at most 48");
  EXPECT_EQ(complaint("/mismatch/map/cells", "AAQRa<"),
            "case: mismatch.map.cells is \"AAQRa<\", expected 6 letters of base64");
  EXPECT_EQ(complaint("/sequence", Json::array({"a", 1})),
            "case: sequence is [\"a\",1], expected a list of at most 4096 texts");
  EXPECT_EQ(complaint("/mismatch/index", Json(std::vector<int>(5000, 0))).substr(0, 29),
            "case: mismatch.index is [0,0,");
}

TEST(CaseJson, OtherTextIsRefused) {
  EXPECT_EQ(case_from_json("{").error().message, "case: not JSON: {");
  EXPECT_EQ(case_from_json("[]").error().message, "case: array, expected an object");
  EXPECT_EQ(case_from_json("{}").error().message, "case: id is absent, expected text");
  EXPECT_EQ(case_from_json(std::string((1u << 20) + 1, ' ')).error().message,
            "case: 1048577 bytes of JSON, expected at most 1048576");
}

}  // namespace
}  // namespace fg::conformance
