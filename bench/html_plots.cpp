// SPDX-License-Identifier: Apache-2.0

#include "bench/html_plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "conformance/report/markup.hpp"

namespace fg::bench {
namespace {

using conformance::escaped;

constexpr double kWidth = 860, kHeight = 420, kLeft = 70, kRight = 20, kTop = 16, kBottom = 46;

// A logarithmic axis over whole decades.
struct Axis {
  double low, high;  // exponents of ten
  double from, to;   // pixels
  double at(double value) const { return from + (std::log10(value) - low) / (high - low) * (to - from); }
};

Axis axis_over(double least, double greatest, double from, double to) {
  Axis a{std::floor(std::log10(least)), std::ceil(std::log10(greatest)), from, to};
  if (a.high <= a.low) a.high = a.low + 1;
  return a;
}

std::string number_text(double exponent) {
  const double value = std::pow(10, exponent);
  if (exponent >= 9) return fmt::format("{:g}G", value * 1e-9);
  if (exponent >= 6) return fmt::format("{:g}M", value * 1e-6);
  if (exponent >= 3) return fmt::format("{:g}k", value * 1e-3);
  return fmt::format("{:g}", value);
}

std::string grid(const Axis& x, const Axis& y) {
  std::string out;
  for (double e = x.low; e <= x.high; ++e) {
    const double px = x.at(std::pow(10, e));
    out += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)", px, y.to, y.from);
    out += fmt::format(R"(<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", px, y.from + 16,
                       number_text(e));
  }
  for (double e = y.low; e <= y.high; ++e) {
    const double py = y.at(std::pow(10, e));
    out += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{1:.1f}" y1="{2:.1f}" y2="{2:.1f}"/>)", x.from, x.to, py);
    out += fmt::format(R"(<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)", x.from - 6, py + 4,
                       number_text(e));
  }
  return out;
}

std::string axis_labels(const std::string& x_label, const std::string& y_label) {
  return fmt::format(
      R"(<text class="axis" x="{:.0f}" y="{:.0f}" text-anchor="middle">{}</text>)"
      R"svg(<text class="axis" transform="translate(16,{:.0f}) rotate(-90)" text-anchor="middle">{}</text>)svg",
      (kLeft + kWidth - kRight) / 2, kHeight - 8, escaped(x_label), (kTop + kHeight - kBottom) / 2, escaped(y_label));
}

std::string roof_line(const Roof& roof, const Axis& x, const Axis& y) {
  const double bottom = std::pow(10, y.low);
  const double right = std::pow(10, x.high);
  double left = std::pow(10, x.low);
  if (roof.slope > 0) left = std::max(left, bottom / roof.slope);
  const auto height = [&](double at) { return roof.slope > 0 ? std::min(roof.peak, roof.slope * at) : roof.peak; };
  const double ridge = roof.slope > 0 ? std::clamp(roof.peak / roof.slope, left, right) : left;
  std::string points;
  for (const double at : {left, ridge, right}) points += fmt::format("{:.1f},{:.1f} ", x.at(at), y.at(height(at)));
  return fmt::format(
      R"(<polyline class="roof" points="{}"/><text class="roof-label" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
      points, x.at(right) - 4, y.at(height(right)) - 5, escaped(roof.label));
}

}  // namespace

std::string scatter(const std::string& x_label, const std::string& y_label, const std::vector<Point>& points,
                    const std::vector<Roof>& roofs) {
  if (points.empty()) return "";
  const auto [x_least, x_greatest] = std::ranges::minmax(points, {}, &Point::x);
  const auto [y_least, y_greatest] = std::ranges::minmax(points, {}, &Point::y);
  double top = y_greatest.y;
  for (const Roof& roof : roofs) top = std::max(top, roof.peak);
  const Axis x = axis_over(x_least.x, x_greatest.x, kLeft, kWidth - kRight);
  const Axis y = axis_over(y_least.y, top, kHeight - kBottom, kTop);
  std::string out = fmt::format(R"(<svg viewBox="0 0 {} {}" role="img">)", kWidth, kHeight) + grid(x, y) +
                    axis_labels(x_label, y_label);
  for (const Roof& roof : roofs) out += roof_line(roof, x, y);
  for (const Point& p : points) {
    out += fmt::format(R"(<circle class="s{}" cx="{:.1f}" cy="{:.1f}" r="3.5"><title>{}</title></circle>)", p.series,
                       x.at(p.x), y.at(p.y), escaped(p.label));
  }
  return out + "</svg>\n";
}

std::string ratio_bars(const std::vector<Bar>& bars) {
  if (bars.empty()) return "";
  constexpr double kRow = 20, kName = 250, kValue = 60;
  double least = 0.5;
  double greatest = 2;
  for (const Bar& b : bars) {
    least = std::min({least, b.value, b.least});
    greatest = std::max(greatest, b.value);
  }
  const double low = std::log2(least);
  const double high = std::log2(greatest);
  const auto at = [&](double v) { return kName + (std::log2(v) - low) / (high - low) * (kWidth - kName - kValue); };
  const double height = kRow * static_cast<double>(bars.size()) + 24;
  std::string out = fmt::format(R"(<svg viewBox="0 0 {} {}" role="img">)", kWidth, height);
  for (double e = std::ceil(low); e <= high; ++e) {
    const double v = std::exp2(e);
    out += fmt::format(R"(<line class="{0}" x1="{1:.1f}" x2="{1:.1f}" y1="0" y2="{2}"/>)", v == 1 ? "one" : "grid",
                       at(v), height - 18);
    out +=
        fmt::format(R"(<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{:g}</text>)", at(v), height - 4, v);
  }
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& b = bars[i];
    const double y = kRow * static_cast<double>(i) + 3;
    const double from = std::min(at(1), at(b.value));
    out += fmt::format(R"(<g><title>{}</title><text class="name" x="{}" y="{:.1f}" text-anchor="end">{}</text>)",
                       escaped(b.label), kName - 8, y + 11, escaped(b.name));
    out += fmt::format(R"(<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="14"/>)",
                       b.value >= 1 ? "faster" : "slower", from, y, std::max(1.0, std::abs(at(b.value) - at(1))));
    out += fmt::format(R"(<circle class="least" cx="{:.1f}" cy="{:.1f}" r="3"/>)", at(b.least), y + 7);
    out += fmt::format(R"(<text class="value" x="{:.1f}" y="{:.1f}">{:.2f}</text></g>)", kWidth - kValue + 8, y + 11,
                       b.value);
  }
  return out + "</svg>\n";
}

}  // namespace fg::bench
