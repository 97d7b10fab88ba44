// SPDX-License-Identifier: Apache-2.0

#include "conformance/reference/ops/joins.hpp"

#include <algorithm>
#include <cmath>

namespace fg::reference::ops {

Combine combine_of(const std::string& word) {
  if (word == "add" || word == "sum") return Combine::sum;
  if (word == "multiply" || word == "prod") return Combine::prod;
  if (word == "mean") return Combine::mean;
  if (word == "amax") return Combine::amax;
  if (word == "amin") return Combine::amin;
  return Combine::assign;
}

namespace {

Value sum_of(const std::vector<Value>& terms, Ct type) {
  if (is_float(type)) {
    Sum sum;
    for (const Value& t : terms) sum.add(t);
    return sum.hard(type);
  }
  Value r = terms.front();
  for (std::size_t i = 1; i < terms.size(); ++i) r = type == Ct::boolean ? maximum(r, terms[i]) : add(r, terms[i]);
  return r;
}

Value mean_of(const std::vector<Value>& terms, Ct type) {
  if (is_float(type)) {
    Sum sum;
    for (const Value& t : terms) sum.add(t);
    return sum.mean(type, false);
  }
  if (type == Ct::boolean)
    return *std::min_element(terms.begin(), terms.end(), [](auto& a, auto& b) { return a.mid < b.mid; });
  return exact(std::floor(sum_of(terms, type).mid / static_cast<Real>(terms.size())), type);
}

Value combined(const std::vector<Value>& terms, Combine how, Ct type) {
  if (how == Combine::assign) return terms.back();
  if (how == Combine::sum) return sum_of(terms, type);
  if (how == Combine::mean) return mean_of(terms, type);
  Value r = terms.front();
  for (std::size_t i = 1; i < terms.size(); ++i) {
    const bool least = how == Combine::amin || (how == Combine::prod && type == Ct::boolean);
    r = how == Combine::amax ? maximum(r, terms[i]) : least ? minimum(r, terms[i]) : mul(r, terms[i]);
  }
  return flushed(r);  // One value too joins what a kernel begins with.
}

}  // namespace

Outputs Joins::result(Combine how, bool include_self) const {
  const Ct type = compute_type(self.type);
  Output out = make_output(self.type, self.shape);
  for (std::size_t i = 0; i < of.size(); ++i) {
    const Value own = element(self, static_cast<std::int64_t>(i));
    std::vector<Value> terms;
    if (of[i].empty() || (include_self && how != Combine::assign)) terms.push_back(own);
    terms.insert(terms.end(), of[i].begin(), of[i].end());
    push(out, of[i].empty() ? own : combined(terms, how, type));
  }
  return {out};
}

Shape counted(const Shape& shape) { return shape.empty() ? Shape{1} : shape; }

}  // namespace fg::reference::ops
