// SPDX-License-Identifier: Apache-2.0
//
// A run that never was, for tests of the reports: the cases of the quick tier, most of them passing, with
// failures of every kind and texts that try to be markup.

#ifndef FG_TESTS_UNIT_CONFORMANCE_SAMPLE_REPORT_HPP_
#define FG_TESTS_UNIT_CONFORMANCE_SAMPLE_REPORT_HPP_

#include "conformance/report/report.hpp"

namespace fg::conformance {

// Would run if a page took it for markup, and shows if it left an attribute.
inline constexpr const char* kHostile =
    "</pre><script>document.title='broken'</script>\"'><img src=x onerror=alert(1)>`|&";

Report sample_report();

}  // namespace fg::conformance

#endif  // FG_TESTS_UNIT_CONFORMANCE_SAMPLE_REPORT_HPP_
