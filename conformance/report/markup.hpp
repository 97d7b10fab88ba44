// SPDX-License-Identifier: Apache-2.0
//
// Text inside of HTML, SVG and XML.

#ifndef FG_CONFORMANCE_REPORT_MARKUP_HPP_
#define FG_CONFORMANCE_REPORT_MARKUP_HPP_

#include <string>
#include <string_view>

namespace fg::conformance {

// Safe as text and in attributes of either quote.  Line breaks and tabs stay what they are; other control
// characters, which XML cannot hold, become '?'.
std::string escaped(std::string_view text);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_REPORT_MARKUP_HPP_
