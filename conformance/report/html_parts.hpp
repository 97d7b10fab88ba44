// SPDX-License-Identifier: Apache-2.0
//
// The pieces of the page: each a function from the run to markup, in which every text is escaped.

#ifndef FG_CONFORMANCE_REPORT_HTML_PARTS_HPP_
#define FG_CONFORMANCE_REPORT_HTML_PARTS_HPP_

#include "conformance/report/summary.hpp"

namespace fg::conformance::html {

// html_style.cpp: constant text of <style> and <script>.
std::string_view style();
std::string_view script();
// What the page's policy calls the script.
std::string_view script_hash();

// html_matrix.cpp
std::string verdict_totals(const Summary& summary);
std::string matrix(const Summary& summary);  // operators by dtypes
std::string timings(const Summary& summary, const Report& report);
std::string left_out(const Report& report);

// html_failures.cpp
std::string failures(const Summary& summary, const Report& report);

// html_plots.cpp: inline SVG.
std::string heat_map(const ErrorMap& map);
std::string heat_map_legend();
std::string histograms(const Summary& summary);

}  // namespace fg::conformance::html

#endif  // FG_CONFORMANCE_REPORT_HTML_PARTS_HPP_
