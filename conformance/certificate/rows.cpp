// SPDX-License-Identifier: Apache-2.0
//
// Results by operator and dtype.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "conformance/cases/case.hpp"
#include "conformance/certificate/certificate.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

// As the core's dispatch finds it for a call: the first tensor's, else that of an argument that is a
// dtype.
std::string_view dtype_of(const Case& c) {
  for (const ArgSpec& a : c.args) {
    const bool tensor = a.kind == ArgSpec::Kind::tensor || a.kind == ArgSpec::Kind::tensors;
    if (tensor && !a.tensors.empty()) return dtype_name(a.tensors.front().dtype);
  }
  for (const ArgSpec& a : c.args) {
    if (a.kind == ArgSpec::Kind::dtype) return dtype_name(a.dtype);
  }
  return core::kNoDtype;
}

struct Sums {
  core::CertifiedRow row;
  double worst = 0;
};

}  // namespace

Result<std::optional<RowKey>> row_of(std::string_view id) {
  FG_TRY_ASSIGN(const Case c, parse_case(id));
  if (!is_operator_area(c.area)) return std::optional<RowKey>();
  return std::optional<RowKey>(
      {c.op, std::string(dtype_of(c)), std::string(c.composite ? core::kByComposition : core::kByPlugin)});
}

Result<std::vector<core::CertifiedRow>> rows_of(const std::vector<CaseResult>& results) {
  std::map<RowKey, Sums> sums;
  for (const CaseResult& r : results) {
    FG_TRY_ASSIGN(const std::optional<RowKey> key, row_of(r.id));
    // A call that must be refused does not show that the operator computes; that one is waived counts.
    if (!key || (r.id.starts_with("robust.") && r.verdict != Verdict::waived)) continue;
    Sums& s = sums[*key];
    ++s.row.cases;
    s.row.passed += passes(r.verdict) ? 1 : 0;
    s.row.warned += r.verdict == Verdict::quality_warn ? 1 : 0;
    s.row.waived += r.verdict == Verdict::waived ? 1 : 0;
    if (s.row.accuracy.empty()) s.row.accuracy = r.accuracy;
    if (passes(r.verdict)) s.worst = std::max(s.worst, r.ratio);
  }
  std::vector<core::CertifiedRow> rows;
  for (auto& [key, s] : sums) {
    s.row.op = key.op;
    s.row.dtype = key.dtype;
    s.row.by = key.by;
    s.row.schema = fmt::format("{:016x}", core::find_op(key.op)->schema_hash);  // parse_case() found it
    s.row.worst = fmt::format("{:.4g}", s.worst);
    rows.push_back(std::move(s.row));
  }
  return rows;
}

}  // namespace fg::conformance
