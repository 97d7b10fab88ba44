// SPDX-License-Identifier: Apache-2.0
//
// Tuning results as JSON: what --export writes and --import reads.

#ifndef FG_TOOLS_TUNE_ROWS_JSON_HPP_
#define FG_TOOLS_TUNE_ROWS_JSON_HPP_

#include <string>
#include <vector>

#include "core/tuning/store.hpp"

namespace fg::tune {

std::string to_json(const std::vector<core::TuningRow>& rows);
// FG_E_INVALID that names what is wrong; all rows or none.
Result<std::vector<core::TuningRow>> from_json(const std::string& text);

}  // namespace fg::tune

#endif  // FG_TOOLS_TUNE_ROWS_JSON_HPP_
