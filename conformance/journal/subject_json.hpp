// SPDX-License-Identifier: Apache-2.0
//
// A Subject as one JSON object.

#ifndef FG_CONFORMANCE_JOURNAL_SUBJECT_JSON_HPP_
#define FG_CONFORMANCE_JOURNAL_SUBJECT_JSON_HPP_

#include <string_view>

#include "conformance/report/subject.hpp"
#include "fg/sdk/result.hpp"

namespace fg::conformance {

std::string subject_to_json(const Subject& subject);
// FG_E_INVALID names the member that is missing or of another type; unknown members are mistakes.
Result<Subject> subject_from_json(std::string_view text);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_JOURNAL_SUBJECT_JSON_HPP_
