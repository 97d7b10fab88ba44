// SPDX-License-Identifier: Apache-2.0
//
// Verdicts of calls.

#include "conformance/runner/judge.hpp"

#include <bit>

#include "conformance/cases/operators.hpp"
#include "conformance/data/rng.hpp"
#include "conformance/runner/phase.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

std::vector<fg_dtype> dtypes_of(const Prepared& call, const std::vector<reference::Output>& want) {
  std::vector<fg_dtype> dtypes;
  for (const reference::Output& o : want) dtypes.push_back(to_dtype(o.type));
  for (const PreparedArg& a : call.args) {
    for (const reference::Tensor& t : a.value.tensors) dtypes.push_back(to_dtype(t.type));
  }
  return dtypes;
}

// A refusal of a valid call.
CaseResult refused(const Device& device, const Prepared& call, const std::vector<reference::Output>& want,
                   const Error& e) {
  CaseResult r;
  r.text = std::string(fg_status_name(e.status)) + ", " + fg_reason_name(e.reason) + ": " + e.message;
  if (e.status == FG_E_OOM_HOST || e.status == FG_E_OOM_DEVICE) {
    r.verdict = Verdict::resource;
  } else if (e.status != FG_E_UNSUPPORTED) {
    r.verdict = Verdict::fail;
  } else if (!call.composite && device.claims(*call.op, dtypes_of(call, want))) {
    r.verdict = Verdict::lied;
  } else {
    r.verdict = device.must_serve(*call.op) ? Verdict::profile_gap : Verdict::not_claimed;
  }
  return r;
}

// Independent sums of products or of elements, whose rounding errors have mean 0: those of truncation
// have not, and elements read as tf32 err alike in all sums of their row.  A tensor that repeats elements
// gives the same sum many times.
bool has_independent_sums(const Prepared& call) {
  if (call.declared.sums != reference::SumClass::standard) return false;
  const std::string_view op = call.op->name;
  for (const PreparedArg& a : call.args) {
    for (std::size_t k = 0; k < a.placements.size(); ++k) {
      const Shape& shape = a.value.tensors[k].shape;
      for (std::size_t d = 0; d < shape.size(); ++d) {
        if (shape[d] > 1 && a.placements[k].stride[d] == 0) return false;
      }
    }
  }
  return op == "sum" || op == "mm" || op == "bmm" || op == "addmm";
}

std::string form_mismatch(const Produced& got, const reference::Output& want, std::string_view name) {
  if (got.type != want.type) {
    return std::string(name) + " has dtype " + std::string(reference::name(got.type)) + ", expected " +
           std::string(reference::name(want.type));
  }
  if (got.shape != want.shape)
    return std::string(name) + " has shape " + text_of(got.shape) + ", expected " + text_of(want.shape);
  return "";
}

}  // namespace

void compare_outputs(CaseResult& r, const Prepared& call, const std::vector<Produced>& outs,
                     const std::vector<reference::Output>& want) {
  enter(Phase::compare);
  if (outs.size() != want.size()) {
    r.verdict = Verdict::fail;
    r.text = std::to_string(outs.size()) + " outputs, expected " + std::to_string(want.size());
    return;
  }
  for (std::size_t j = 0; j < outs.size(); ++j) {
    r.text = form_mismatch(outs[j], want[j], call.op->outs[j].name);
    if (!r.text.empty()) {
      r.verdict = Verdict::fail;
      return;
    }
    Comparison c = compare(want[j], decode(outs[j].type, outs[j].bytes), {has_independent_sums(call)});
    r.ratio = std::max(r.ratio, c.ratio);
    if (c.verdict == Verdict::pass || r.verdict == Verdict::quality_warn) continue;
    r.verdict = c.verdict;
    c.worst.output = j;
    r.mismatch = std::move(c.worst);
    if (fails(r.verdict)) return;
  }
}

namespace {

bool same_results(const Execution& a, const Execution& b) {
  if (a.refused.has_value() != b.refused.has_value() || a.outs.size() != b.outs.size()) return false;
  for (std::size_t j = 0; j < a.outs.size(); ++j) {
    if (a.outs[j].bytes != b.outs[j].bytes) return false;
  }
  return true;
}

// Whether each pattern of memory gives its own result every time.  Sums in any order give two results by chance too:
// once in 2^17 at most do they seem to follow the pattern.  The patterns come in the order of Thue and Morse, which
// nothing that changes from call to call follows, such as two places in memory that take turns.
bool follows_pattern(const Device& device, const Prepared& call, const Execution& first, const Execution& second,
                     std::uint64_t key) {
  constexpr unsigned kTimes = 16;
  for (unsigned i = 0; i < kTimes; ++i) {
    const bool other = std::popcount(i) % 2 != 0;
    const Result<Execution> again = execute(device, call, other ? ~key : key);
    if (!again || !same_results(other ? second : first, *again)) return false;
  }
  return true;
}

std::uint64_t nondeterministic_launches() {
  fg_counters c{};
  c.hdr.struct_size = sizeof c;
  fg_stats(&c, nullptr);
  return c.nondeterministic;
}

// The first run was right; the second saw other memory around.  `unpromised`: nondeterministic_launches() before both.
void judge_second(CaseResult& r, const Device& device, const Prepared& call, const std::vector<reference::Output>& want,
                  const Execution& first, std::uint64_t key, std::uint64_t unpromised) {
  const Result<Execution> second = execute(device, call, ~key);
  if (!second) {
    r.verdict = Verdict::resource;
    r.text = second.error().message;
    return;
  }
  if (second->memory != Verdict::pass) {
    r.verdict = second->memory;
    r.text = second->memory_text;
    return;
  }
  if (same_results(first, *second)) return;
  if (follows_pattern(device, call, first, *second, key)) {
    r.verdict = Verdict::uninit_read;
    r.text = "the result changes with the memory around the tensors, or with what the output held before";
    return;
  }
  CaseResult other;
  if (!second->refused) compare_outputs(other, call, second->outs, want);
  if (second->refused || fails(other.verdict)) {
    r.verdict = Verdict::nondet;
    r.text = "the same call gave a right and a wrong result";
    r.mismatch = other.mismatch;
  } else if (nondeterministic_launches() == unpromised) {
    r.verdict = Verdict::nondet;
    r.text = "the same call gave two results, and its kernels promise FG_K_BITWISE_DETERMINISTIC";
  }
}

}  // namespace

CaseResult judge(const Device& device, const Prepared& call, const std::vector<reference::Output>& want,
                 std::uint64_t key) {
  const std::uint64_t unpromised = nondeterministic_launches();
  const Result<Execution> first = execute(device, call, key);
  CaseResult r;
  r.accuracy = reference::name(call.declared.sums);
  if (!first) {
    const bool memory = first.error().status == FG_E_OOM_HOST || first.error().status == FG_E_OOM_DEVICE;
    r.verdict = memory ? Verdict::resource : Verdict::fail;
    r.text = "making the tensors: " + first.error().message;
    return r;
  }
  if (first->memory != Verdict::pass) {
    r.verdict = first->memory;
    r.text = first->memory_text;
    return r;
  }
  if (first->refused) return refused(device, call, want, *first->refused);
  if (!call.composite && device.claim_was_withdrawn(*call.op)) {
    r.verdict = Verdict::lied;
    r.text = "the plugin refused what it claims, and the operator was composed of others";
    return r;
  }
  compare_outputs(r, call, first->outs, want);
  if (passes(r.verdict)) judge_second(r, device, call, want, *first, key, unpromised);
  return r;
}

}  // namespace fg::conformance
