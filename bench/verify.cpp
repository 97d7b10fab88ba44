// SPDX-License-Identifier: Apache-2.0

#include "bench/verify.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "conformance/cases/operators.hpp"
#include "conformance/compare/compare.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::bench {
namespace {

namespace ref = fg::reference;
using conformance::Verdict;

constexpr double kOracleWork = 2e5;      // Elements or products that the oracle judges in a moment.
constexpr std::int64_t kSamples = 4096;  // Elements of a large map.
constexpr std::int64_t kLines = 12;      // Rows and columns of a large product.

double numel(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), 1.0,
                         [](double n, std::int64_t d) { return n * static_cast<double>(d); });
}

// A tensor's bytes on the host, read element by element.
struct HostTensor {
  ref::Type type = ref::Type::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> own;
  const std::byte* bytes = nullptr;

  ref::Real at(std::int64_t i) const { return ref::load(type, bytes + static_cast<std::size_t>(i) * ref::bytes(type)); }
};

HostTensor host_of(const Input& i) { return {conformance::to_reference(i.dtype), i.shape, {}, i.host.data()}; }

HostTensor host_of(const Tensor& t) {
  HostTensor h;
  h.type = conformance::to_reference(t.dtype().value());
  h.shape = t.shape();
  h.own.resize(static_cast<std::size_t>(t.numel()) * t.dtype().bytes());
  t.copy_to(h.own.data(), h.own.size());
  h.bytes = h.own.data();
  return h;
}

// Which elements of a tensor go to the oracle, in which shape.
struct Part {
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> index;  // Row-major positions in the whole tensor.
};

Part whole(const std::vector<std::int64_t>& shape) {
  Part p{shape, std::vector<std::int64_t>(static_cast<std::size_t>(numel(shape)))};
  std::iota(p.index.begin(), p.index.end(), 0);
  return p;
}

ref::Tensor pick(const HostTensor& t, const Part& part) {
  ref::Tensor r{t.type, part.shape, {}};
  r.v.reserve(part.index.size());
  for (const std::int64_t i : part.index) r.v.push_back(t.at(i));
  return r;
}

// What the parts of a call are: one per tensor argument and output.
struct Plan {
  std::string text;
  std::vector<std::vector<Part>> args;
  std::vector<Part> outs;
};

ref::Argument number_argument(const fg_scalar& x) {
  ref::Argument a;
  a.kind = ref::Argument::Kind::number;
  a.category = x.kind == FG_SCALAR_FLOAT  ? ref::Type::f64
               : x.kind == FG_SCALAR_BOOL ? ref::Type::boolean
                                          : ref::Type::i64;
  a.number = x.kind == FG_SCALAR_FLOAT ? static_cast<ref::Real>(x.v.f) : static_cast<ref::Real>(x.v.i);
  return a;
}

// The line's value, else the default; neither leaves the argument out.
ref::Argument attribute(const core::ArgInfo& info, const core::CaseArg& v, const fg_generator& g) {
  ref::Argument a;
  using Kind = ref::Argument::Kind;
  if (info.type == core::ArgType::generator) {
    a.kind = Kind::generator;
    a.seed = g.seed;
    a.offset = g.offset;
    return a;
  }
  const fg_scalar& number = v.given ? v.number : info.default_value;
  if (!v.given && (!info.has_default || (info.type == core::ArgType::dtype && number.kind == FG_SCALAR_NONE))) return a;
  switch (info.type) {
    case core::ArgType::dims:
    case core::ArgType::sizes:
      a.kind = Kind::dims;
      if (v.given)
        a.dims = v.dims;
      else
        a.dims.assign(info.default_dims.begin(), info.default_dims.end());
      return a;
    case core::ArgType::enum_:
      a.kind = Kind::word;
      a.word = info.enum_names[static_cast<std::size_t>(number.v.i)];
      return a;
    case core::ArgType::dtype:
      a.kind = Kind::dtype;
      a.category = conformance::to_reference(static_cast<fg_dtype>(number.v.i));
      return a;
    default: return number_argument(number);
  }
}

Verification judge(const Case& c, const Inputs& in, const fg_generator& g, const std::vector<Tensor>& outs,
                   const Plan& plan) {
  std::vector<ref::Argument> args(c.op->args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (in.args[i].empty()) {
      args[i] = attribute(c.op->args[i], c.values.args[i], g);
      continue;
    }
    args[i].kind =
        c.op->args[i].type == core::ArgType::tensor_list ? ref::Argument::Kind::tensors : ref::Argument::Kind::tensor;
    for (std::size_t k = 0; k < in.args[i].size(); ++k)
      args[i].tensors.push_back(pick(host_of(in.args[i][k]), plan.args[i][k]));
  }
  const std::vector<ref::Output> want = ref::evaluate(ref::Call(conformance::oracle_operator(*c.op), std::move(args)));
  for (std::size_t k = 0; k < want.size() && k < outs.size(); ++k) {
    const HostTensor got = host_of(outs[k]);
    if (got.type != want[k].type)
      return {false, "an output has another dtype than " + std::string(ref::name(want[k].type))};
    const Part part = plan.outs.empty() ? whole(got.shape) : plan.outs[k];
    if (part.shape != want[k].shape) return {false, "an output has another shape"};
    const conformance::Comparison r = conformance::compare(want[k], pick(got, part).v, {});
    if (!conformance::passes(r.verdict)) {
      return {false, std::to_string(r.worst.bad) + " of " + std::to_string(r.worst.total) +
                         " elements judged are wrong; worst: got " + std::to_string(static_cast<double>(r.worst.got)) +
                         ", want " + std::to_string(static_cast<double>(r.worst.want)) + ", allowed " +
                         std::to_string(static_cast<double>(r.worst.allowed))};
    }
  }
  return {true, plan.text};
}

// Every argument whole; outputs too.
Plan plan_all(const Inputs& in) {
  Plan p{"all elements", {}, {}};
  p.args.resize(in.args.size());
  for (std::size_t i = 0; i < in.args.size(); ++i) {
    for (const Input& input : in.args[i]) p.args[i].push_back(whole(input.shape));
  }
  return p;
}

double oracle_work(const Case& c) {
  double work = c.flops / 2;
  for (const auto& s : c.out_shapes) work = std::max(work, numel(s));
  for (const core::CaseArg& a : c.values.args) {
    for (const auto& s : a.shapes) work = std::max(work, numel(s));
  }
  return work;
}

// Position in a tensor of `shape` of the element that output position `at` reads.
std::int64_t broadcast_position(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& space,
                                std::int64_t at) {
  std::int64_t position = 0;
  std::int64_t step = 1;
  for (std::size_t d = space.size(); d-- > 0;) {
    const std::int64_t i = at % space[d];
    at /= space[d];
    const std::size_t lead = space.size() - shape.size();
    if (d < lead) continue;
    if (shape[d - lead] != 1) position += i * step;
    step *= shape[d - lead];
  }
  return position;
}

// A map computes each element from the same position of its operands: any list of positions will do.
std::optional<Plan> plan_samples(const Case& c, const Inputs& in) {
  if (c.op->kind != core::Kind::map || c.out_shapes.size() != 1) return std::nullopt;
  const auto& space = c.out_shapes[0];
  std::vector<std::int64_t> at;
  const auto n = static_cast<std::int64_t>(numel(space));
  for (std::int64_t k = 0; k < kSamples; ++k)
    at.push_back(k == kSamples - 1 ? n - 1 : k * (n / kSamples) + (k * 7919) % std::max<std::int64_t>(1, n / kSamples));
  Plan p{std::to_string(kSamples) + " elements", {}, {Part{{kSamples}, at}}};
  p.args.resize(in.args.size());
  bool any = false;
  for (std::size_t i = 0; i < in.args.size(); ++i) {
    for (const Input& input : in.args[i]) {
      if (input.shape.size() > space.size()) return std::nullopt;
      for (std::size_t d = 0; d < input.shape.size(); ++d) {
        const std::int64_t s = space[space.size() - input.shape.size() + d];
        if (input.shape[d] != 1 && input.shape[d] != s) return std::nullopt;  // Not element-wise after all.
      }
      Part part{{kSamples}, {}};
      for (const std::int64_t k : at) part.index.push_back(broadcast_position(input.shape, space, k));
      p.args[i].push_back(std::move(part));
      any = true;
    }
  }
  if (!any || c.op->outs[0].pattern.n > 0) return std::nullopt;
  for (const std::string_view e : c.op->variants[0].expr) {
    if (e.find("index") != std::string_view::npos || e.find("n(") != std::string_view::npos) return std::nullopt;
  }
  return p;
}

// Lines 0, ..., n-1 thinned to kLines, the last included.
std::vector<std::int64_t> some_lines(std::int64_t n) {
  std::vector<std::int64_t> lines;
  for (std::int64_t k = 0; k < std::min(n, kLines); ++k) lines.push_back(n <= kLines ? k : k * (n - 1) / (kLines - 1));
  return lines;
}

Part block(std::int64_t columns, const std::vector<std::int64_t>& rows, const std::vector<std::int64_t>& cols) {
  Part p{{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(cols.size())}, {}};
  for (const std::int64_t r : rows) {
    for (const std::int64_t k : cols) p.index.push_back(r * columns + k);
  }
  return p;
}

std::vector<std::int64_t> range(std::int64_t n) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Some rows of the first matrix by some columns of the second.
std::optional<Plan> plan_product(const Case& c, const Inputs& in) {
  const bool addmm = c.op->name == "addmm";
  if (c.op->name != "mm" && !addmm) return std::nullopt;
  const std::size_t first = addmm ? 1 : 0;
  const auto& a = in.args[first][0].shape;
  const auto& b = in.args[first + 1][0].shape;
  const auto rows = some_lines(a[0]);
  const auto cols = some_lines(b[1]);
  Plan p{std::to_string(rows.size()) + " rows by " + std::to_string(cols.size()) + " columns",
         {},
         {block(b[1], rows, cols)}};
  p.args.resize(in.args.size());
  if (addmm) {
    Part part{{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(cols.size())}, {}};
    for (const std::int64_t r : rows) {
      for (const std::int64_t k : cols)
        part.index.push_back(broadcast_position(in.args[0][0].shape, {a[0], b[1]}, r * b[1] + k));
    }
    p.args[0].push_back(std::move(part));
  }
  p.args[first].push_back(block(a[1], rows, range(a[1])));
  p.args[first + 1].push_back(block(b[1], range(b[0]), cols));
  return p;
}

// Arguments that are cut along dimension 0 together with the result, by operator.
struct ByRows {
  std::string_view op;
  std::array<std::string_view, 3> args;
};
constexpr std::array kByRows{
    ByRows{"softmax", {"self"}},
    ByRows{"layer_norm", {"input"}},
    ByRows{"rms_norm", {"input"}},
    ByRows{"sum", {"self"}},
    ByRows{"amax", {"self"}},
    ByRows{"argmax", {"self"}},
    ByRows{"var_mean", {"self"}},
    ByRows{"cumsum", {"self"}},
    ByRows{"sort", {"self"}},
    ByRows{"embedding", {"indices"}},
    ByRows{"gather", {"self", "index"}},
    ByRows{"fused_experts", {"hidden_states", "topk_weights", "topk_ids"}},
    ByRows{"bmm", {"self", "mat2"}},
    ByRows{"scaled_dot_product_attention", {"query", "key", "value"}},
};

// True when the call works along dimension 0, so that rows are not independent.
bool crosses_rows(const Case& c, std::size_t ndim) {
  bool reduces_all = c.op->kind == core::Kind::reduce;
  for (std::size_t i = 0; i < c.op->args.size(); ++i) {
    const core::ArgInfo& a = c.op->args[i];
    const core::CaseArg& v = c.values.args[i];
    const auto zero = [&](std::int64_t d) { return d == 0 || d == -static_cast<std::int64_t>(ndim); };
    if (a.type == core::ArgType::dim) {
      if (zero(v.given ? v.number.v.i : a.default_value.v.i) && (v.given || a.has_default)) return true;
      if (v.given) reduces_all = false;
    } else if (a.type == core::ArgType::dims && v.given) {
      if (std::ranges::any_of(v.dims, zero)) return true;
      if (!v.dims.empty()) reduces_all = false;
    }
  }
  return reduces_all;
}

std::optional<Plan> plan_rows(const Case& c, const Inputs& in) {
  const auto entry = std::ranges::find(kByRows, c.op->name, &ByRows::op);
  if (entry == kByRows.end() || c.out_shapes[0].size() < 2) return std::nullopt;
  const std::int64_t n = c.out_shapes[0][0];
  if (n < 2 || oracle_work(c) / static_cast<double>(n) > 20 * kOracleWork) return std::nullopt;
  if (crosses_rows(c, c.values.args[0].shapes.empty() ? 1 : c.values.args[0].shapes[0].size())) return std::nullopt;
  std::vector<std::int64_t> rows{n - 1};
  if (oracle_work(c) / static_cast<double>(n) < kOracleWork) rows.insert(rows.begin(), 0);
  const auto cut = [&](const std::vector<std::int64_t>& shape) {
    Part part{shape, {}};
    part.shape[0] = static_cast<std::int64_t>(rows.size());
    const auto row = static_cast<std::int64_t>(numel(shape)) / shape[0];
    for (const std::int64_t r : rows) {
      for (std::int64_t k = 0; k < row; ++k) part.index.push_back(r * row + k);
    }
    return part;
  };
  Plan p{std::to_string(rows.size()) + (rows.size() > 1 ? " rows" : " row"), {}, {}};
  p.args.resize(in.args.size());
  for (std::size_t i = 0; i < in.args.size(); ++i) {
    const bool is_cut = std::ranges::find(entry->args, c.op->args[i].name) != entry->args.end();
    for (const Input& input : in.args[i]) {
      if (is_cut && (input.shape.empty() || input.shape[0] != n)) return std::nullopt;
      if (!is_cut && numel(input.shape) > 20 * kOracleWork) return std::nullopt;
      p.args[i].push_back(is_cut ? cut(input.shape) : whole(input.shape));
    }
  }
  for (const auto& shape : c.out_shapes) {
    if (shape.empty() || shape[0] != n) return std::nullopt;
    p.outs.push_back(cut(shape));
  }
  return p;
}

// The same call on shapes that the oracle can do whole.
Verification verify_smaller(const Case& c, const Device& device) {
  double max_bytes = kOracleWork * static_cast<double>(dtype_bytes(c.dtype));
  auto made = make_case(*c.op, c.dtype, c.line, max_bytes);
  while (made && oracle_work(*made) > 4 * kOracleWork && max_bytes > 256) {
    max_bytes /= 2;
    made = make_case(*c.op, c.dtype, c.line, max_bytes);
  }
  if (!made) return {false, made.error().message};
  const Case& small = *made;
  if (oracle_work(small) > 100 * kOracleWork)
    return {false, "no smaller shape of this call that the oracle could judge"};
  auto in = make_inputs(small, device);
  if (!in) return {false, in.error().message};
  const fg_generator g = *in->generator;
  std::vector<fg_tensor_handle> handles(small.op->outs.size(), nullptr);
  detail::ErrorSlot err;
  const std::uint32_t n = in->form == FG_FORM_INPLACE ? 0 : static_cast<std::uint32_t>(handles.size());
  err.check(fg_call(small.op->name.data(), in->form, in->values.data(), static_cast<std::uint32_t>(in->values.size()),
                    handles.data(), n, device.handle(), err));
  std::vector<Tensor> outs;
  if (n == 0) outs.push_back(in->args[0][0].tensor);
  for (std::uint32_t k = 0; k < n; ++k) outs.push_back(Tensor::adopt(handles[k]));
  Plan plan = plan_all(*in);
  plan.text = "a smaller shape, divided by " + std::to_string(static_cast<std::int64_t>(small.scaled));
  return judge(small, *in, g, outs, plan);
}

}  // namespace

Verification verify(const Case& c, const Inputs& in, const fg_generator& generator, const std::vector<Tensor>& outs,
                    const Device& device) {
  try {
    if (!ref::knows(conformance::oracle_operator(*c.op))) return {false, "the oracle does not know the operator"};
    if (oracle_work(c) <= kOracleWork) return judge(c, in, generator, outs, plan_all(in));
    for (const auto planner : {plan_samples, plan_product, plan_rows}) {
      if (const auto plan = planner(c, in)) return judge(c, in, generator, outs, *plan);
    }
    return verify_smaller(c, device);
  } catch (const ref::Mistake& e) {
    return {false, "the oracle refused the call: " + e.what};
  }
}

}  // namespace fg::bench
