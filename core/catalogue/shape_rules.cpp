// SPDX-License-Identifier: Apache-2.0
#include "core/catalogue/shape_rules.hpp"

#include <algorithm>
#include <string>

#include "core/catalogue/named_rules.hpp"

namespace fg::core {

int RuleCall::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

bool RuleCall::given(int i) const {
  const ShapeArg& a = args[static_cast<std::size_t>(i)];
  return a.value != nullptr && a.value->tag != FG_V_NONE;
}

std::int64_t RuleCall::integer(int i) const {
  return given(i) ? args[static_cast<std::size_t>(i)].value->v.i
                  : op.args[static_cast<std::size_t>(i)].default_value.v.i;
}

fg_scalar RuleCall::number(int i) const {
  if (!given(i)) return op.args[static_cast<std::size_t>(i)].default_value;
  const fg_value& v = *args[static_cast<std::size_t>(i)].value;
  fg_scalar s{};
  s.kind = v.tag == FG_V_FLOAT ? FG_SCALAR_FLOAT : v.tag == FG_V_BOOL ? FG_SCALAR_BOOL : FG_SCALAR_INT;
  if (v.tag == FG_V_FLOAT) {
    s.v.f = v.v.f;
  } else {
    s.v.i = v.v.i;
  }
  return s;
}

std::span<const std::int64_t> RuleCall::list(int i) const {
  if (!given(i)) return op.args[static_cast<std::size_t>(i)].default_dims;
  const fg_value& v = *args[static_cast<std::size_t>(i)].value;
  return {v.v.dims, v.n};
}

void assign(Shape& to, std::span<const std::int64_t> from) {
  to.ndim = static_cast<std::int32_t>(from.size());
  std::copy(from.begin(), from.end(), to.dim);
}

bool broadcast_into(Shape& into, std::span<const std::int64_t> other) {
  const auto n = static_cast<std::int32_t>(other.size());
  if (n > into.ndim) {
    std::copy_backward(into.dim, into.dim + into.ndim, into.dim + n);
    std::copy(other.begin(), other.begin() + (n - into.ndim), into.dim);
    const std::int32_t missing = n - into.ndim;
    into.ndim = n;
    return broadcast_into(into, other.subspan(static_cast<std::size_t>(missing)));
  }
  std::int64_t* dim = into.dim + (into.ndim - n);
  for (std::int32_t i = 0; i < n; ++i) {
    const std::int64_t length = other[static_cast<std::size_t>(i)];
    if (dim[i] == length || length == 1) continue;
    if (dim[i] != 1) return false;
    dim[i] = length;
  }
  return true;
}

namespace {

// The first dimension, counted from the right, in which two shapes do not broadcast.
Error broadcast_error(const RuleCall& call, const Shape& so_far, int arg) {
  const auto other = call.shape(arg);
  const std::string text =
      call.name(arg) + " of shape " + shape_text(other) + " does not broadcast with " + shape_text(so_far.dims());
  return std::move(call.error(arg, FG_R_SHAPE, text)).value();
}

Result<void> map_rule(const RuleCall& call) {
  Shape& out = call.outs[0];
  out.ndim = 0;
  int written = -1;
  for (std::size_t i = 0; i < call.op.args.size(); ++i) {
    if (call.op.args[i].written) written = static_cast<int>(i);
  }
  if (written >= 0) assign(out, call.shape(written));
  for (std::size_t i = 0; i < call.op.args.size(); ++i) {
    const int k = static_cast<int>(i);
    if (call.op.args[i].type != ArgType::tensor || !call.present(k) || k == written) continue;
    Shape before;
    if (written >= 0) before = out;
    if (!broadcast_into(out, call.shape(k))) return tl::unexpected(broadcast_error(call, out, k));
    if (written >= 0 && !std::ranges::equal(before.dims(), out.dims()))
      return tl::unexpected(broadcast_error(call, before, k));
  }
  for (std::size_t j = 1; j < call.outs.size(); ++j) call.outs[j] = out;
  return {};
}

// The dimensions that a reduction goes over, as bits.
Result<std::uint32_t> reduced_dims(const RuleCall& call, std::int32_t ndim) {
  const std::uint32_t all = ndim >= 32 ? ~0u : (1u << ndim) - 1u;
  for (std::size_t i = 0; i < call.op.args.size(); ++i) {
    const ArgInfo& a = call.op.args[i];
    const int k = static_cast<int>(i);
    if (a.type == ArgType::dim) {
      if (a.optional && !call.given(k)) return all;
      FG_TRY_ASSIGN(const std::int32_t dim, wrap_dim(call.op, a, call.integer(k), ndim));
      return 1u << dim;
    }
    if (a.type == ArgType::dims) {
      const auto list = call.list(k);
      if (list.empty()) return all;
      std::int32_t dims[FG_MAX_NDIM];
      FG_TRY_ASSIGN(const std::int32_t n, wrap_dims(call.op, a, list, ndim, dims));
      std::uint32_t bits = 0;
      for (std::int32_t j = 0; j < n; ++j) bits |= 1u << dims[j];
      return bits;
    }
  }
  return all;
}

Result<void> reduce_rule(const RuleCall& call) {
  const auto self = call.shape(0);
  const auto ndim = static_cast<std::int32_t>(self.size());
  FG_TRY_ASSIGN(const std::uint32_t bits, reduced_dims(call, ndim));
  const int keepdim = call.find("keepdim");
  const bool keep = keepdim >= 0 && call.integer(keepdim) != 0;
  Shape& out = call.outs[0];
  out.ndim = 0;
  for (std::int32_t d = 0; d < ndim; ++d) {
    const std::int64_t length = self[static_cast<std::size_t>(d)];
    if ((bits & (1u << d)) == 0) {
      out.push(length);
      continue;
    }
    if (call.op.empty_error && length == 0) {
      return call.error(0, FG_R_SHAPE,
                        "dimension " + std::to_string(d) + " of " + call.name(0) +
                            " has length 0, expected at least 1 to reduce over it");
    }
    if (keep) out.push(1);
  }
  for (std::size_t j = 1; j < call.outs.size(); ++j) call.outs[j] = out;
  return {};
}

Result<void> same_rule(const RuleCall& call) {
  for (Shape& out : call.outs) assign(out, call.shape(0));
  return {};
}

// `dim` and `dims` of an operator whose shapes are patterns.
Result<void> check_dims(const RuleCall& call) {
  const auto ndim = static_cast<std::int32_t>(call.args.empty() ? 0 : call.shape(0).size());
  std::int32_t dims[FG_MAX_NDIM];
  for (std::size_t i = 0; i < call.op.args.size(); ++i) {
    const ArgInfo& a = call.op.args[i];
    const int k = static_cast<int>(i);
    if (a.type == ArgType::dim && (call.given(k) || a.has_default)) FG_TRY(wrap_dim(call.op, a, call.integer(k), ndim));
    if (a.type == ArgType::dims) FG_TRY(wrap_dims(call.op, a, call.list(k), ndim, dims));
  }
  return {};
}

// Matches shapes with patterns and builds shapes from them.
class Patterns {
 public:
  explicit Patterns(const RuleCall& call) : call_(call) {}
  Result<void> match(int arg);
  Result<void> match_broadcast(int arg);
  Result<void> build(const ShapePattern& pattern, Shape& out) const;

 private:
  Result<void> one(int arg, int entry, std::int32_t dim, std::int64_t length);
  // What dimension `dim` of `ndim` is called.
  static std::string word(std::int32_t dim, std::int32_t ndim, std::int64_t n) {
    if (ndim < 2 || ndim > 3) return "elements in dimension " + std::to_string(dim);
    if (dim == ndim - 1) return n == 1 ? "column" : "columns";
    if (dim == ndim - 2) return n == 1 ? "row" : "rows";
    return n == 1 ? "matrix" : "matrices";
  }

  const RuleCall& call_;
  Symbols lengths_;
  struct Origin {
    int arg = -1;
    std::int32_t dim = 0, ndim = 0;
  } origin_[Symbols::kMax];
  Shape rest_;
  int rest_from_ = -1;
};

Result<void> Patterns::one(int arg, int entry, std::int32_t dim, std::int64_t length) {
  std::int64_t& known = lengths_.length[entry];
  Origin& origin = origin_[entry];
  const auto ndim = static_cast<std::int32_t>(call_.shape(arg).size());
  if (origin.arg < 0) {
    known = length;
    origin = {arg, dim, ndim};
    return {};
  }
  if (known == length) return {};
  return call_.error(arg, FG_R_SHAPE,
                     call_.name(origin.arg) + " has " + std::to_string(known) + " " +
                         word(origin.dim, origin.ndim, known) + ", " + call_.name(arg) + " has " +
                         std::to_string(length) + " " + word(dim, ndim, length));
}

Result<void> Patterns::match(int arg) {
  const ArgInfo& info = call_.op.args[static_cast<std::size_t>(arg)];
  const ShapePattern& p = info.pattern;
  const auto shape = call_.shape(arg);
  const auto ndim = static_cast<std::int32_t>(shape.size());
  const bool has_rest = std::find(p.entry, p.entry + p.n, ShapePattern::kRest) != p.entry + p.n;
  const std::int32_t least = p.n - (has_rest ? 1 : 0);
  if (ndim < least || (!has_rest && ndim != least)) {
    return call_.error(arg, FG_R_RANK,
                       call_.name(arg) + " has " + std::to_string(ndim) + (ndim == 1 ? " dimension" : " dimensions") +
                           ", expected " + (has_rest ? "at least " : "") + std::to_string(least) + " (" +
                           std::string(info.shape) + ")");
  }
  std::int32_t d = 0;
  for (int e = 0; e < p.n; ++e) {
    if (p.entry[e] != ShapePattern::kRest) {
      FG_TRY(one(arg, p.entry[e], d, shape[static_cast<std::size_t>(d)]));
      ++d;
      continue;
    }
    const auto rest = shape.subspan(static_cast<std::size_t>(d), static_cast<std::size_t>(ndim - least));
    if (rest_from_ >= 0 && !std::ranges::equal(rest_.dims(), rest)) {
      return call_.error(arg, FG_R_SHAPE,
                         call_.name(arg) + " has shape " + shape_text(shape) + ", " + call_.name(rest_from_) + " has " +
                             shape_text(call_.shape(rest_from_)) + ", expected the same leading dimensions");
    }
    if (rest_from_ < 0) assign(rest_, rest), rest_from_ = arg;
    d += ndim - least;
  }
  return {};
}

Result<void> Patterns::match_broadcast(int arg) {
  Shape target;
  FG_TRY(build(call_.op.args[static_cast<std::size_t>(arg)].pattern, target));
  Shape result = target;
  if (broadcast_into(result, call_.shape(arg)) && std::ranges::equal(result.dims(), target.dims())) return {};
  return call_.error(arg, FG_R_SHAPE,
                     call_.name(arg) + " of shape " + shape_text(call_.shape(arg)) + " does not broadcast to " +
                         shape_text(target.dims()));
}

Result<void> Patterns::build(const ShapePattern& p, Shape& out) const {
  if (p.attr >= 0) {
    assign(out, call_.list(p.attr));
    return {};
  }
  out.ndim = 0;
  for (int e = 0; e < p.n; ++e) {
    const auto room = static_cast<std::int32_t>(FG_MAX_NDIM) - out.ndim;
    const std::int32_t more = p.entry[e] == ShapePattern::kRest ? rest_.ndim : 1;
    if (more > room)
      return call_.error(-1, FG_R_RANK,
                         "the result would have more than " + std::to_string(FG_MAX_NDIM) + " dimensions");
    if (p.entry[e] != ShapePattern::kRest) {
      out.push(lengths_.length[p.entry[e]]);
      if (call_.symbols != nullptr) call_.symbols->length[p.entry[e]] = lengths_.length[p.entry[e]];
    } else {
      for (const std::int64_t n : rest_.dims()) out.push(n);
    }
  }
  if (call_.symbols != nullptr) *call_.symbols = lengths_;
  return {};
}

Result<void> pattern_rule(const RuleCall& call) {
  FG_TRY(check_dims(call));
  Patterns patterns(call);
  for (const bool broadcast : {false, true}) {
    for (std::size_t i = 0; i < call.op.args.size(); ++i) {
      const ArgInfo& a = call.op.args[i];
      const int k = static_cast<int>(i);
      if (a.type != ArgType::tensor || a.shape.empty() || !call.present(k) || a.pattern.broadcast != broadcast)
        continue;
      FG_TRY(broadcast ? patterns.match_broadcast(k) : patterns.match(k));
    }
  }
  for (std::size_t j = 0; j < call.outs.size(); ++j) FG_TRY(patterns.build(call.op.outs[j].pattern, call.outs[j]));
  return {};
}

}  // namespace

Result<void> infer_shapes(const OpInfo& op, std::span<const ShapeArg> args, std::span<Shape> outs, Symbols* symbols) {
  const RuleCall call{op, args, outs, symbols};
  if (!op.shape_rule.empty()) {
    if (op.shape_rule == "reduce") return reduce_rule(call);
    const auto it = std::find(kShapeRuleNames.begin(), kShapeRuleNames.end(), op.shape_rule);
    return named_rule(static_cast<ShapeRule>(it - kShapeRuleNames.begin()), call);
  }
  if (!op.outs[0].shape.empty()) return pattern_rule(call);
  switch (op.kind) {
    case Kind::map: return map_rule(call);
    case Kind::reduce: return reduce_rule(call);
    case Kind::scan: FG_TRY(check_dims(call)); return same_rule(call);
    case Kind::view:
      return unsupported(std::string(op.name) +
                         ": the shape of a view follows from its strides, see core/tensor/views.hpp");
    default: return same_rule(call);
  }
}

}  // namespace fg::core
