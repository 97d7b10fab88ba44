// SPDX-License-Identifier: Apache-2.0
//
// A run as one page: self-contained, no script, made from the JSON document alone.

#ifndef FG_BENCH_HTML_HPP_
#define FG_BENCH_HTML_HPP_

#include <string>

#include "fg/sdk/result.hpp"

namespace fg::bench {

// `document`: what --json prints.  An error says that it is something else.
Result<std::string> html_page(const std::string& document);

}  // namespace fg::bench

#endif  // FG_BENCH_HTML_HPP_
