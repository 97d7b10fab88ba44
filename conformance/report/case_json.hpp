// SPDX-License-Identifier: Apache-2.0
//
// One case as JSON, both ways: an entry of the report's document and a line of the journal.
//
// Numbers of a mismatch are text twice: for people, and under `exact` as hexadecimal floats that read
// back to the same bits.  JSON has no NaN, and its numbers do not hold every int64.

#ifndef FG_CONFORMANCE_REPORT_CASE_JSON_HPP_
#define FG_CONFORMANCE_REPORT_CASE_JSON_HPP_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "conformance/runner/judge.hpp"

namespace fg::conformance {

// One line without a line break.  Bytes that are no UTF-8 become U+FFFD.
std::string to_json(const CaseResult& result);
nlohmann::ordered_json case_object(const CaseResult& result);

// FG_E_INVALID with the field that is absent or wrong.  `text` may come from anywhere: its size and that
// of its lists is limited.  Members that nobody knows are skipped.
Result<CaseResult> case_from_json(std::string_view text);
Result<CaseResult> case_of(const nlohmann::ordered_json& object);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_REPORT_CASE_JSON_HPP_
