// SPDX-License-Identifier: Apache-2.0
//
// Heat maps and histograms.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conformance/report/html_parts.hpp"
#include "conformance/report/markup.hpp"

namespace fg::conformance::html {
namespace {

// Levels of an error map, in the steps that people tell apart.
struct Shade {
  int last;  // level
  const char* word;
};
constexpr std::array<Shade, 7> kShades{{{0, "no error"},
                                        {kAllowed, "within bounds"},
                                        {kAllowed + 4, "up to 4 times what is allowed"},
                                        {kAllowed + 12, "up to 64 times"},
                                        {kAllowed + 24, "up to 4096 times"},
                                        {kSpecial - 1, "more than 4096 times"},
                                        {kSpecial, "NaN or infinity"}}};

std::size_t shade_of(char letter) {
  const int level = level_of(letter);
  std::size_t k = 0;
  while (k + 1 < kShades.size() && level > kShades[k].last) ++k;
  return k;
}

// Runs of one shade as strokes: a path for each shade instead of a rectangle for each cell.
std::array<std::string, kShades.size()> strokes(const ErrorMap& m) {
  std::array<std::string, kShades.size()> paths;
  for (int row = 0; row < m.rows; ++row) {
    for (int from = 0; from < m.columns;) {
      const auto at = [&](int column) { return shade_of(m.cells[static_cast<std::size_t>(row * m.columns + column)]); };
      int to = from + 1;
      while (to < m.columns && at(to) == at(from)) ++to;
      paths[at(from)] += fmt::format("M{} {}.5h{}", from, row, to - from);
      from = to;
    }
  }
  return paths;
}

// Bars of the cases with an error; those without would dwarf them, and are said in words.
std::string histogram(const std::string& title, const Histogram& h) {
  constexpr double kWidth = 240, kHeight = 96, kBase = 74, kTop = 8;
  constexpr std::size_t kBars = Histogram::kBars - 1;
  constexpr double kStep = kWidth / static_cast<double>(kBars);
  const double most =
      static_cast<double>(std::max<std::size_t>(1, *std::max_element(h.cases.begin() + 1, h.cases.end())));
  std::string svg = fmt::format(
      "<figure class=\"histogram\"><figcaption><b>{0}</b> {1} cases, {2} without error</figcaption>"
      "<svg viewBox=\"0 0 {3} {4}\" role=\"img\" aria-label=\"error over what is allowed, {0}\">",
      escaped(title), h.total(), h.cases[0], kWidth, kHeight);
  for (std::size_t k = 0; k < kBars; ++k) {
    const std::size_t cases = h.cases[k + 1];
    if (cases == 0) continue;
    const double height = std::max(1.0, static_cast<double>(cases) / most * (kBase - kTop));
    const std::size_t below = kBars - 1 - k;
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>up to {}: {} "
        "cases</title></rect>",
        static_cast<double>(k) * kStep + 1, kBase - height, kStep - 2, height,
        below == 0 ? "1" : fmt::format("1/{}", 1u << below), cases);
  }
  svg += fmt::format("<line class=\"axis\" x1=\"0\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", kWidth, kBase, kBase);
  for (const unsigned below : {9u, 6u, 3u, 0u}) {
    const double x = static_cast<double>(kBars - below) * kStep;
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"end\">{}</text>", x, kHeight - 6,
                       below == 0 ? "1" : fmt::format("1/{}", 1u << below));
  }
  return svg + "</svg></figure>\n";
}

}  // namespace

std::string heat_map(const ErrorMap& m) {
  if (m.cells.empty()) return "";
  std::array<std::size_t, kShades.size()> cells{};
  for (const char letter : m.cells) ++cells[shade_of(letter)];
  std::string svg = fmt::format(
      "<figure class=\"map\"><svg viewBox=\"0 0 {0} {1}\" style=\"--columns:{0}\" role=\"img\" aria-label=\"map of the "
      "errors\">",
      m.columns, m.rows);
  const auto paths = strokes(m);
  std::string words;
  for (std::size_t k = 0; k < kShades.size(); ++k) {
    if (cells[k] == 0) continue;
    svg += fmt::format("<path class=\"h{}\" d=\"{}\"/>", k, paths[k]);
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", cells[k], kShades[k].word);
  }
  return svg + fmt::format("</svg><figcaption>{} rows by {} columns of cells: {}</figcaption></figure>\n", m.rows,
                           m.columns, words);
}

std::string heat_map_legend() {
  std::string text =
      "<p class=\"legend\">Maps show an output as rows and columns, the last dimension across; a cell is its worst "
      "element: ";
  for (std::size_t k = 0; k < kShades.size(); ++k)
    text +=
        fmt::format("<span><svg class=\"key\" viewBox=\"0 0 1 1\"><path class=\"h{}\" d=\"M0 .5h1\"/></svg> {}</span> ",
                    k, kShades[k].word);
  return text + "</p>\n";
}

std::string histograms(const Summary& s) {
  if (s.all.total() == 0) return "";
  std::string text =
      "<section id=\"histograms\"><h2>How much of the allowed error was used</h2>\n<p>Passing cases by their greatest "
      "error over what is allowed; every bar is a factor of two, the last one ends at the limit.</p>\n<div "
      "class=\"plots\">\n" +
      histogram("all operators", s.all);
  for (const auto& [family, h] : s.histograms) text += histogram(family, h);
  return text + "</div></section>\n";
}

}  // namespace fg::conformance::html
