// SPDX-License-Identifier: Apache-2.0
//
// The plots of the page, as SVG.

#ifndef FG_BENCH_HTML_PLOTS_HPP_
#define FG_BENCH_HTML_PLOTS_HPP_

#include <string>
#include <vector>

namespace fg::bench {

struct Point {
  double x, y;
  std::string label;  // shown when the pointer rests on it
  int series = 0;     // class s0, s1, ... of the style sheet
};
// y = min(peak, slope * x); without a slope the peak alone.
struct Roof {
  double slope, peak;
  std::string label;
};
// Both axes logarithmic.  Nothing when there are no points.
std::string scatter(const std::string& x_label, const std::string& y_label, const std::vector<Point>& points,
                    const std::vector<Roof>& roofs);

struct Bar {
  std::string name;
  double value, least;  // Geometric mean and the worst case, both drawn on a logarithmic axis around 1.
  std::string label;
};
std::string ratio_bars(const std::vector<Bar>& bars);

}  // namespace fg::bench

#endif  // FG_BENCH_HTML_PLOTS_HPP_
