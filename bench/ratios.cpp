// SPDX-License-Identifier: Apache-2.0

#include "bench/ratios.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace fg::bench {
namespace {

struct Sum {
  double logs = 0;
  OperatorRatio o;
};

void add(Sum& s, const std::string& op, double ratio, const std::string& name) {
  s.logs += std::log(ratio);
  if (s.o.cases == 0 || ratio < s.o.least) {
    s.o.least = ratio;
    s.o.least_case = name;
  }
  s.o.op = op;
  ++s.o.cases;
}

double geomean(const Sum& s) { return s.o.cases > 0 ? std::exp(s.logs / s.o.cases) : 0; }

}  // namespace

std::vector<PeerRatios> ratios(const Report& r) {
  std::map<std::string_view, double> ours;
  for (const Measured& m : r.cases) {
    if (m.state == Measured::State::timed && m.times.p50 > 0) ours.emplace(m.name, m.times.p50);
  }
  struct Sums {
    Sum all;
    std::map<std::string, Sum> by_op;
  };
  std::map<std::string, Sums> peers;
  for (const PeerResult& p : r.peers) {
    const auto it = ours.find(p.case_name);
    if (it == ours.end() || p.times.p50 <= 0) continue;
    const std::string op = p.case_name.substr(0, p.case_name.find('/'));
    const double ratio = p.times.p50 / it->second;
    Sums& s = peers[p.peer];
    add(s.all, "", ratio, p.case_name);
    add(s.by_op[op], op, ratio, p.case_name);
  }
  std::vector<PeerRatios> out;
  for (auto& [peer, s] : peers) {
    PeerRatios one{peer, s.all.o.cases, geomean(s.all), {}};
    for (auto& [op, sum] : s.by_op) {
      sum.o.geomean = geomean(sum);
      one.operators.push_back(sum.o);
    }
    std::ranges::sort(one.operators, {}, &OperatorRatio::geomean);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace fg::bench
