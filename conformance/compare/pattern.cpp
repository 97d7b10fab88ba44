// SPDX-License-Identifier: Apache-2.0
//
// From a map of wrong elements to words that name the likely mistake.

#include <algorithm>
#include <array>
#include <cmath>

#include "conformance/compare/compare.hpp"

namespace fg::conformance {
namespace {

using reference::Real;
using reference::Shape;
using Values = std::vector<Real>;

struct Map {
  const Shape& shape;
  const std::vector<bool>& bad;
  std::int64_t rows, cols;
  std::vector<std::int64_t> where;  // positions of the wrong ones
};

Map map_of(const Shape& shape, const std::vector<bool>& bad) {
  const std::int64_t cols = shape.empty() ? 1 : std::max<std::int64_t>(1, shape.back());
  Map m{shape, bad, static_cast<std::int64_t>(bad.size()) / cols, cols, {}};
  for (std::size_t i = 0; i < bad.size(); ++i) {
    if (bad[i]) m.where.push_back(static_cast<std::int64_t>(i));
  }
  return m;
}

// How the wrong values are wrong: the same for all of them, or nothing.
std::string common_fault(const Map& m, const Values& got, const Values& want) {
  auto all = [&](auto&& is) {
    return std::all_of(m.where.begin(), m.where.end(), [&](std::int64_t i) {
      return is(got[static_cast<std::size_t>(i)], want[static_cast<std::size_t>(i)]);
    });
  };
  if (all([](Real g, Real) { return std::isnan(g); })) return "NaN instead of a number";
  if (all([](Real g, Real w) { return std::isnan(w) && !std::isnan(g); })) return "NaN is lost";
  if (all([](Real g, Real w) { return g == 0 && w != 0; })) return "zero: never written, or flushed";
  if (all([](Real g, Real) { return std::isinf(g); })) return "overflow to infinity";
  if (m.where.size() < 2) return "";
  for (const Real factor : {Real{-1}, Real{2}, Real{0.5}}) {
    if (all([&](Real g, Real w) { return w != 0 && std::fabs(g - factor * w) <= std::fabs(w) / 256; })) {
      return factor < 0 ? "the sign is wrong" : factor > 1 ? "twice the right value" : "half the right value";
    }
  }
  return "";
}

// Wrong columns, the same in every row that has one.
std::string column_pattern(const Map& m) {
  if (m.rows < 2 || m.cols < 2) return "";
  std::int64_t first = m.cols;
  std::int64_t last = -1;
  std::vector<bool> row_hit(static_cast<std::size_t>(m.rows), false);
  for (const std::int64_t i : m.where) {
    first = std::min(first, i % m.cols);
    last = std::max(last, i % m.cols);
    row_hit[static_cast<std::size_t>(i / m.cols)] = true;
  }
  const auto hit = std::count(row_hit.begin(), row_hit.end(), true);
  const std::int64_t width = last - first + 1;
  if (width == m.cols || hit * width != static_cast<std::int64_t>(m.where.size())) return "";
  const std::string rows = hit == m.rows ? "of each row" : "of some rows";
  const std::string tail = last == m.cols - 1 ? " (" + std::to_string(m.cols) + " columns: check the tail)" : "";
  if (width == 1)
    return (first == m.cols - 1 ? "only the last column " : "only column " + std::to_string(first) + " ") + rows + tail;
  if (last == m.cols - 1) return "only the last " + std::to_string(width) + " columns " + rows + tail;
  return "only columns " + std::to_string(first) + " to " + std::to_string(last) + " " + rows;
}

std::string row_pattern(const Map& m) {
  if (m.rows < 2) return "";
  std::vector<std::int64_t> count(static_cast<std::size_t>(m.rows), 0);
  for (const std::int64_t i : m.where) ++count[static_cast<std::size_t>(i / m.cols)];
  std::vector<std::int64_t> rows;
  for (std::int64_t r = 0; r < m.rows; ++r) {
    if (count[static_cast<std::size_t>(r)] > 0) rows.push_back(r);
  }
  if (static_cast<std::int64_t>(rows.size()) == m.rows) return "";
  if (rows.size() == 1)
    return rows[0] == m.rows - 1 ? "only in the last row" : "only in row " + std::to_string(rows[0]);
  const std::int64_t step = rows[1] - rows[0];
  for (std::size_t k = 1; k < rows.size(); ++k) {
    if (rows[k] - rows[k - 1] != step) return "";
  }
  if (step > 1) return "only in every " + std::to_string(step) + "th row";
  return "only in rows " + std::to_string(rows.front()) + " to " + std::to_string(rows.back());
}

std::string period_pattern(const Map& m) {
  if (m.where.size() == 1) {
    if (m.where[0] == 0) return "only the first element";
    return m.where[0] + 1 == m.rows * m.cols ? "only the last element" : "one element";
  }
  const std::int64_t step = m.where[1] - m.where[0];
  for (std::size_t k = 1; k < m.where.size(); ++k) {
    if (m.where[k] - m.where[k - 1] != step) return "";
  }
  if (step > 1) return "every " + std::to_string(step) + "th element";
  return "elements " + std::to_string(m.where.front()) + " to " + std::to_string(m.where.back()) +
         " in row-major order";
}

bool is_transposed(const Map& m, const Values& got, const Values& want) {
  if (m.shape.size() != 2 || m.rows != m.cols || m.rows < 2) return false;
  for (std::int64_t r = 0; r < m.rows; ++r) {
    for (std::int64_t c = 0; c < m.cols; ++c) {
      const Real w = want[static_cast<std::size_t>(c * m.cols + r)];
      if (std::fabs(got[static_cast<std::size_t>(r * m.cols + c)] - w) > std::fabs(w) / 256) return false;
    }
  }
  return true;
}

}  // namespace

std::string describe_pattern(const Shape& shape, const std::vector<bool>& bad, const Values& got, const Values& want) {
  const Map m = map_of(shape, bad);
  if (m.where.empty()) return "";
  std::string place;
  if (m.where.size() == bad.size()) {
    place = is_transposed(m, got, want) ? "all elements: the result is transposed" : "all elements";
  } else {
    for (const auto& look : {column_pattern, row_pattern, period_pattern}) {
      if (place.empty()) place = look(m);
    }
    if (place.empty()) place = "no regular place";
  }
  const std::string fault = common_fault(m, got, want);
  return fault.empty() ? place : place + "; " + fault;
}

}  // namespace fg::conformance
