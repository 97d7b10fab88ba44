// SPDX-License-Identifier: Apache-2.0
//
// Downsampling.

#include "conformance/compare/error_map.hpp"

#include <algorithm>
#include <cmath>

#include "conformance/compare/compare.hpp"

namespace fg::conformance {
namespace {

using reference::Real;

int level(bool bad, Real got, const reference::Value& want, reference::Type type) {
  const bool special = want.nan == reference::Nan::always || !std::isfinite(got) || !std::isfinite(want.mid);
  if (special) return bad ? kSpecial : 0;
  const Real ratio = error_ratio(want, type, got);
  if (!(ratio > 0)) return bad ? kAllowed + 1 : 0;
  const Real steps = std::ceil(2 * std::log2(ratio));
  const int at = static_cast<int>(std::clamp<Real>(kAllowed + steps, 1, kSpecial - 1));
  // Bounds need not lie evenly around the true value: the verdict on the element decides the side.
  return bad ? std::max(at, kAllowed + 1) : std::min(at, kAllowed);
}

}  // namespace

ErrorMap error_map(reference::Type type, const reference::Shape& shape, const std::vector<reference::Value>& bounds,
                   const std::vector<bool>& bad, const std::vector<Real>& got) {
  const auto n = static_cast<std::int64_t>(got.size());
  if (n == 0) return {};
  const std::int64_t columns = shape.empty() ? 1 : shape.back();
  const std::int64_t rows = n / columns;
  ErrorMap m;
  m.rows = static_cast<int>(std::min<std::int64_t>(rows, ErrorMap::kSide));
  m.columns = static_cast<int>(std::min<std::int64_t>(columns, ErrorMap::kSide));
  std::vector<int> worst(static_cast<std::size_t>(m.rows * m.columns), 0);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const std::int64_t row = (i / columns) * m.rows / rows;
    const std::int64_t column = (i % columns) * m.columns / columns;
    int& cell = worst[static_cast<std::size_t>(row * m.columns + column)];
    cell = std::max(cell, level(bad[k], got[k], bounds[k], type));
  }
  for (const int at : worst) m.cells.push_back(kLetters[static_cast<std::size_t>(at)]);
  return m;
}

}  // namespace fg::conformance
