// SPDX-License-Identifier: Apache-2.0
#include "core/certificate/mask.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fg::core {

OperatorMask::OperatorMask(const Certificate& certificate) {
  if (certificate.subject.tier == "quick") {
    nothing_ = "the certificate is of tier quick, which is a first look; standard is needed";
    return;
  }
  for (const CertifiedRow& r : certificate.operators) {
    const OpInfo* op = find_op(r.op);
    if (op == nullptr) continue;  // The suite was newer.
    Rows& rows = rows_[{r.op, r.by}];
    const std::string schema = fmt::format("{:016x}", op->schema_hash);
    if (schema != r.schema)
      rows.problem = fmt::format("{} was certified with schema {}, this core has {}", r.op, r.schema, schema);
    rows.holds[r.dtype] = r.holds();
    if (op->kind == Kind::map && r.by == kByPlugin) {
      const auto [at, first] = maps_.try_emplace(r.dtype, true);
      at->second = at->second && r.holds() && rows.problem.empty();
    }
  }
  if (rows_.empty()) nothing_ = "the certificate lists no operator of this core's catalogue";
}

std::string OperatorMask::denial(const OpInfo& op, std::string_view by) const {
  if (!nothing_.empty()) return nothing_;
  const auto at = rows_.find({std::string(op.name), std::string(by)});
  if (at == rows_.end()) return fmt::format("{} is not in the certificate", op.name);
  if (!at->second.problem.empty()) return at->second.problem;
  const auto& holds = at->second.holds;
  if (std::none_of(holds.begin(), holds.end(), [](const auto& h) { return h.second; })) {
    return fmt::format("the certificate has {} with no case that passed without a waiver", op.name);
  }
  return {};
}

std::string OperatorMask::denial(const OpInfo& op, std::string_view dtype, std::string_view by) const {
  if (!nothing_.empty()) return nothing_;
  if (op.family == "user") return expression_denial(dtype);
  const auto at = rows_.find({std::string(op.name), std::string(by)});
  if (at == rows_.end()) return fmt::format("{} is not in the certificate", op.name);
  if (!at->second.problem.empty()) return at->second.problem;
  const auto row = at->second.holds.find(std::string(dtype));
  if (row == at->second.holds.end()) return fmt::format("{} of {} is not in the certificate", op.name, dtype);
  if (!row->second) return fmt::format("{} of {} is waived in the certificate, or no case passed", op.name, dtype);
  return {};
}

std::string OperatorMask::expression_denial(std::string_view dtype) const {
  const auto at = maps_.find(dtype);
  if (at == maps_.end()) return fmt::format("no map of {} is in the certificate", dtype);
  return at->second ? std::string() : fmt::format("a map of {} is waived in the certificate", dtype);
}

}  // namespace fg::core
