// SPDX-License-Identifier: Apache-2.0
//
// A string as JSON text, for the line-by-line writers (log, trace) that build no document.

#ifndef FG_CORE_TRACE_JSON_TEXT_HPP_
#define FG_CORE_TRACE_JSON_TEXT_HPP_

#include <string>
#include <string_view>

namespace fg::core {

// Appends `text` in quotes; control characters are escaped, bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace fg::core

#endif  // FG_CORE_TRACE_JSON_TEXT_HPP_
