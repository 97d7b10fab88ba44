// SPDX-License-Identifier: Apache-2.0

#include "sample_report.hpp"

#include <array>
#include <cmath>

#include "conformance/cases/plan.hpp"
#include "conformance/data/rng.hpp"

namespace fg::conformance {
namespace {

using reference::Real;

Subject sample_subject() {
  Subject s;
  s.version = "0.1.0";
  s.abi = "1.0";
  s.catalogue = "b5a1c0de5eed1e55";
  s.operators = 304;
  s.spec = "libfg_acme.so";
  s.vendor = "acme";
  s.plugin_version = "2.0";
  s.build_id = "9f3c0000aa551122";
  s.plugin_path = "/opt/acme/lib/fg/plugins/libfg_acme.so";
  s.plugin_sha256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
  s.device = "acme:0";
  s.device_uuid = "00112233445566778899aabbccddeeff";
  s.description = std::string("Acme One ") + kHostile;
  s.arch = "one";
  s.driver = "550.1";
  s.os = "Linux 6.1.0";
  s.processor = "Acme Host CPU, 16 cores";
  s.tier = "quick";
  s.filters = {"op.*", "!*f8_*"};
  return s;
}

// Wrong numbers in a plane of 40 by 60: one column, one block, or anywhere.
Mismatch sample_mismatch(const Rng& rng, int kind) {
  const reference::Shape shape{40, 60};
  std::vector<Real> got(2400, 1);
  const reference::Output want = [&] {
    reference::Output o = reference::make_output(reference::Type::f32, shape);
    for (int i = 0; i < 2400; ++i)
      reference::push(o, reference::widened(reference::exact(1, reference::Ct::f32), 0x1p-20L));
    return o;
  }();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool column = i % 60 == 59;
    const bool block = i / 60 >= 16 && i / 60 < 24 && i % 60 >= 32 && i % 60 < 48;
    const Real noise = static_cast<Real>(rng.unit(i)) * 0x1p-20L;
    const bool wrong = kind == 0 ? column : kind == 1 ? block : rng.bits(i) % 3 == 0;
    got[i] += wrong ? std::ldexp(Real{1}, -static_cast<int>(rng.bits(i + 9999) % 20)) : noise / 2;
    if (kind == 1 && i % 60 == 40 && block) got[i] = std::numeric_limits<Real>::quiet_NaN();
  }
  return compare(want, got, {}).worst;
}

void spoil(CaseResult& r, const Rng& rng, unsigned kind) {
  constexpr std::array<Verdict, 8> kVerdicts{Verdict::fail,      Verdict::special_value, Verdict::fail,
                                             Verdict::oob_write, Verdict::crash,         Verdict::sequence,
                                             Verdict::bad_error, Verdict::lied};
  r.verdict = kVerdicts[kind % kVerdicts.size()];
  r.ratio = 0;
  if (kind % 8 < 3) r.mismatch = sample_mismatch(rng, static_cast<int>(kind % 8));
  if (r.verdict == Verdict::crash) r.phase = "launch";
  if (r.verdict == Verdict::sequence) r.sequence = {"op.add/self=f32:3,other=f32:3/real/out#0", r.id};
  if (!r.mismatch) r.text = "said by the plugin: the kernel is unwell";
}

}  // namespace

Report sample_report() {
  Report report;
  report.subject = sample_subject();
  const Rng rng(42);
  std::uint64_t i = 0;
  unsigned spoiled = 0;
  for (const Case& c : plan(Tier::quick)) {
    CaseResult r;
    r.id = name_of(c);
    r.op = is_operator_area(c.area) ? c.op : c.area;
    ++i;
    r.milliseconds = 0.2 + 3 * rng.unit(i) * rng.unit(i + 1);
    const std::uint64_t pick = rng.bits(i) % 200;
    if (pick < 60)
      r.ratio = std::ldexp(rng.unit(i + 7), -static_cast<int>(pick % 9));
    else if (pick == 61)
      spoil(r, rng.fork(i), spoiled++);
    else if (pick == 62)
      r.verdict = Verdict::quality_warn;
    else if (pick < 66)
      r.verdict = Verdict::not_claimed;
    report.results.push_back(std::move(r));
  }
  CaseResult hostile;
  hostile.id = std::string("golden::") + kHostile;
  hostile.op = kHostile;
  hostile.verdict = Verdict::fail;
  hostile.text = hostile.phase = kHostile;
  hostile.mismatch = sample_mismatch(rng, 2);
  hostile.mismatch->pattern = kHostile;
  report.results.insert(report.results.begin(), std::move(hostile));
  report.planned = report.results.size();
  report.seconds = 42.5;
  report.left_out = {{"aten::stft", 12}, {std::string("aten::") + kHostile, 3}};
  return report;
}

}  // namespace fg::conformance
