// SPDX-License-Identifier: Apache-2.0

#include "conformance/runner/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "conformance/cases/operators.hpp"
#include "conformance/data/values.hpp"
#include "conformance/report/report.hpp"
#include "conformance/runner/probes.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

using reference::Output;
using reference::Real;
using reference::Tensor;
using reference::Type;

constexpr std::size_t kFirst = 8;    // elements shown of an argument
constexpr std::int64_t kAround = 2;  // neighbours on each side

constexpr std::array<std::string_view, 4> kRegimes{
    "exact: small integers, so that every order of adding is exact",
    "real: close to a normal distribution of variance 1 (floats); integers of all sizes",
    "special: NaN, infinities, zeros, limits and subnormals among ordinary numbers",
    "every: all bit patterns of the type, one after the other"};
constexpr std::array<std::string_view, 4> kFormTexts{"returns new tensors", "writes into given tensors",
                                                     "in place: writes into its first tensor",
                                                     "writes into its first tensor, given as the output"};

std::string_view layout_text(Layout l) {
  switch (l) {
    case Layout::dense: return "dense";
    case Layout::transposed: return "last two dimensions swapped in memory";
    case Layout::permuted: return "dimensions reversed in memory";
    case Layout::gaps: return "gaps between rows and elements";
    case Layout::repeated: return "one dimension repeated, stride 0";
    case Layout::reversed: return "last dimension backwards";
    case Layout::offset: return "one element off alignment";
  }
  return "?";
}

std::string bits_text(Type type, Real x) {
  std::array<std::byte, 8> raw{};
  reference::save(type, x, raw.data());
  std::string digits;
  for (std::size_t i = reference::bytes(type); i-- > 0;)
    digits += fmt::format("{:02x}", std::to_integer<unsigned>(raw[i]));
  return "0x" + digits;
}

std::string elements_text(const Tensor& t) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kFirst, t.v.size()); ++i)
    text += (i == 0 ? "" : "  ") + number_text(t.type, t.v[i]);
  return text + (t.v.size() > kFirst ? "  ..." : "");
}

std::string tensor_text(std::string_view name, const Tensor& t, const Placement& p, Layout layout) {
  return fmt::format("  {}: {} {}, strides {}, element 0 at {} of {} ({})\n    {}\n", name, reference::name(t.type),
                     text_of(t.shape), index_text(p.stride), p.offset, p.length, layout_text(layout), elements_text(t));
}

std::string attribute_text(const ArgSpec& a) {
  switch (a.kind) {
    case ArgSpec::Kind::number: return text_of(a.number);
    case ArgSpec::Kind::dims: return index_text(a.dims);
    case ArgSpec::Kind::dtype: return std::string(dtype_name(a.dtype));
    case ArgSpec::Kind::word: return a.word;
    case ArgSpec::Kind::generator: return fmt::format("seed {}, offset {}", a.seed, a.offset);
    default: return "left out";
  }
}

std::string arguments_text(const Case& c, const Prepared& p) {
  std::string text;
  for (std::size_t i = 0; i < p.args.size(); ++i) {
    const std::string name(p.op->args[i].name);
    const std::vector<Tensor>& tensors = p.args[i].value.tensors;
    for (std::size_t k = 0; k < tensors.size(); ++k) {
      const bool list = c.args[i].kind == ArgSpec::Kind::tensors;
      text += tensor_text(list ? fmt::format("{}[{}]", name, k) : name, tensors[k], p.args[i].placements[k],
                          c.args[i].tensors[k].layout);
    }
    if (tensors.empty() && c.args[i].kind != ArgSpec::Kind::absent)
      text += fmt::format("  {}: {}\n", name, attribute_text(c.args[i]));
  }
  return text;
}

std::vector<std::int64_t> index_at(const Shape& shape, std::int64_t at) {
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::size_t d = shape.size(); d-- > 0; at /= shape[d]) index[d] = at % shape[d];
  return index;
}

// The operands of a map at one element of its result.
std::string operands_text(const Prepared& p, const Shape& space, std::int64_t at) {
  if (p.op->kind != core::Kind::map) return "";
  std::string text;
  for (std::size_t i = 0; i < p.args.size(); ++i) {
    if (p.args[i].value.kind != reference::Argument::Kind::tensor || p.op->args[i].written || p.op->args[i].unread)
      continue;
    const Tensor& t = p.args[i].value.tensor();
    if (t.v.empty() || t.shape.size() > space.size()) continue;
    const std::int64_t from = reference::dot(index_at(space, at), reference::broadcast_strides(t.shape, space));
    const Real x = t.v[static_cast<std::size_t>(from)];
    text += fmt::format("      {} = {}  {}\n", p.op->args[i].name, number_text(t.type, x), bits_text(t.type, x));
  }
  return text;
}

std::string interval_text(const reference::Value& v) {
  if (v.nan == reference::Nan::always) return "NaN";
  const std::string nan = v.nan == reference::Nan::maybe ? ", or NaN" : "";
  if (v.lo == v.hi) return fmt::format("exactly {:.12g}{}", v.mid, nan);
  return fmt::format("between {:.12g} and {:.12g}{}", v.lo, v.hi, nan);
}

std::string element_text(const Output& want, const std::vector<Real>& got, std::int64_t at) {
  const reference::Value& v = want.hard[static_cast<std::size_t>(at)];
  const Real x = got[static_cast<std::size_t>(at)];
  const Real right = v.nan == reference::Nan::always ? std::numeric_limits<Real>::quiet_NaN()
                                                     : reference::store(want.type, v.mid, reference::is_float(v.type));
  std::string text =
      fmt::format("    {}  {}\n", index_text(index_at(want.shape, at)), legal(v, want.type, x) ? "legal" : "WRONG");
  text += fmt::format("      got  {}  {}\n", number_text(want.type, x), bits_text(want.type, x));
  text += fmt::format("      want {}  {}\n", number_text(want.type, right), bits_text(want.type, right));
  text += fmt::format("      the oracle: {}", interval_text(v));
  const Real ratio = error_ratio(v, want.type, x);
  if (std::isfinite(ratio)) {
    text += fmt::format("; |error| {:.3g}, allowed {:.3g}, {:.3g} of it", std::fabs(x - v.mid), allowed(v, want.type),
                        ratio);
  }
  return text + "\n";
}

std::int64_t worst_of(const Output& want, const std::vector<Real>& got) {
  std::int64_t worst = 0;
  Real most = -1;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool wrong = !legal(want.hard[i], want.type, got[i]);
    const Real ratio = error_ratio(want.hard[i], want.type, got[i]);
    const Real weight = wrong ? (std::isfinite(ratio) ? 2 + ratio : std::numeric_limits<Real>::infinity())
                        : std::isfinite(ratio) ? std::min<Real>(ratio, 1)
                                               : Real{0};
    if (weight <= most) continue;
    most = weight;
    worst = static_cast<std::int64_t>(i);
  }
  return worst;
}

std::string output_text(const Prepared& p, std::size_t j, const Output& want, const std::vector<Real>& got) {
  std::string text =
      fmt::format("output {}: {} {}\n", p.op->outs[j].name, reference::name(want.type), text_of(want.shape));
  if (got.empty()) return text + "  no elements\n";
  const std::int64_t at = worst_of(want, got);
  text += "  the worst element\n" + element_text(want, got, at) + operands_text(p, want.shape, at);
  const auto last = static_cast<std::int64_t>(got.size()) - 1;
  std::string around;
  for (std::int64_t i = std::max<std::int64_t>(0, at - kAround); i <= std::min(last, at + kAround); ++i) {
    if (i != at) around += element_text(want, got, i);
  }
  return around.empty() ? text : text + "  its neighbours in row-major order\n" + around;
}

std::string results_text(const Device& device, const Case& c, Prepared& p, const std::vector<Output>& want) {
  count_offset_from_storage(p);
  const Result<Execution> e = execute(device, p, rng_of(c).bits(1));
  if (!e) return "making the tensors failed: " + e.error().message + "\n";
  if (e->refused) {
    return fmt::format("refused: {}, {}, argument {}: {}\n", fg_status_name(e->refused->status),
                       fg_reason_name(e->refused->reason), e->refused->arg_index, e->refused->message);
  }
  std::string text;
  if (e->memory != Verdict::pass) text += fmt::format("memory: {}: {}\n", name(e->memory), e->memory_text);
  for (std::size_t j = 0; j < std::min(want.size(), e->outs.size()); ++j) {
    const Produced& got = e->outs[j];
    if (got.type == want[j].type && got.shape == want[j].shape) {
      text += output_text(p, j, want[j], decode(got.type, got.bytes));
      continue;
    }
    text += fmt::format("output {}: got {} {}, expected {} {}\n", p.op->outs[j].name, reference::name(got.type),
                        text_of(got.shape), reference::name(want[j].type), text_of(want[j].shape));
  }
  return text;
}

std::string explain_probe(const Case& c) {
  for (const Probe& p : probes()) {
    if (p.area == c.area && p.name == c.op) return name_of(c) + "\n  " + std::string(p.summary) + "\n";
  }
  if (c.area == "claim") return name_of(c) + "\n  what the plugin claims for " + c.op + " is what it serves\n";
  return name_of(c) + "\n  no such case\n";
}

std::string explain_operator(const Device& device, const Case& c) {
  Prepared p = prepare(c);
  declare(p, device);
  std::string text = fmt::format("{}\n  {}: {}\n  {}{}\n  values {}\n", name_of(c), p.op->name, p.op->summary,
                                 kFormTexts[static_cast<std::size_t>(c.form)],
                                 c.composite ? ", composed by the core of other operators" : "",
                                 kRegimes[static_cast<std::size_t>(c.values)]);
  text += "arguments\n" + arguments_text(c, p);
  if (c.bad) {
    return text +
           fmt::format("a mistake is in it: must be refused with FG_E_INVALID, reason {}, argument {}\n", c.bad->reason,
                       c.bad->arg) +
           results_text(device, c, p, {});
  }
  const std::vector<Output> want = expected_outputs(p);
  const bool statistical = std::ranges::any_of(want, [](const Output& o) { return !o.soft.empty(); });
  text += "bound\n" + bound_text(*p.op, c, statistical) + declared_text(p.declared);
  return text + results_text(device, c, p, want);
}

}  // namespace

std::string explain(const Device& device, const Case& c) {
  try {
    return is_operator_area(c.area) ? explain_operator(device, c) : explain_probe(c);
  } catch (const reference::Mistake& m) {
    return name_of(c) + "\n  the oracle has no answer: " + m.what + "\n";
  } catch (const std::exception& e) {
    return name_of(c) + "\n  " + e.what() + "\n";
  }
}

}  // namespace fg::conformance
