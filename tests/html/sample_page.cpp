// SPDX-License-Identifier: Apache-2.0
//
// Prints the page of the sample run, for the browser.

#include <cstdio>

#include "sample_report.hpp"

int main() {
  const std::string page = fg::conformance::to_html(fg::conformance::sample_report());
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
