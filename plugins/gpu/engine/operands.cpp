// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/engine/operands.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {
namespace {

constexpr const char* kWords[] = {"bool", "i32", "i64", "f32", "f64"};  // By FG_CT_*.

std::uint32_t operand_count(std::uint16_t op) {
  if (op <= FG_EX_INDEX) return 0;
  if (op == FG_EX_FMA || op == FG_EX_WHERE) return 3;
  const bool one = op == FG_EX_CAST || (op >= FG_EX_NEG && op <= FG_EX_SIGN) || op == FG_EX_ISNAN || op == FG_EX_NOT ||
                   op >= FG_EX_FLOOR;
  return one ? 1 : 2;
}

ParamType param_type(std::uint16_t type) {
  switch (type) {
    case FG_CT_I64: return ParamType::i64;
    case FG_CT_F32: return ParamType::f32;
    case FG_CT_F64: return ParamType::f64;
    default: return ParamType::i32;
  }
}

Value scalar_value(const fg_scalar& s, std::uint16_t type) {
  const bool real = s.kind == FG_SCALAR_FLOAT;
  if (type == FG_CT_F32 || type == FG_CT_F64) return real ? s.v.f : static_cast<double>(s.v.i);
  if (type == FG_CT_BOOL) return std::int64_t{real ? s.v.f != 0 : s.v.i != 0};
  if (!real) return s.v.i;
  if (std::isnan(s.v.f)) return std::int64_t{0};
  const double most = type == FG_CT_I64 ? 0x1p63 : 0x1p31;
  if (s.v.f >= most) return type == FG_CT_I64 ? std::numeric_limits<std::int64_t>::max() : std::int64_t{0x7FFFFFFF};
  if (s.v.f <= -most) return type == FG_CT_I64 ? std::numeric_limits<std::int64_t>::min() : -std::int64_t{0x80000000};
  return static_cast<std::int64_t>(s.v.f);
}

std::string call(const std::string& word, const std::string& text) { return word + "(" + text + ")"; }

// A float as an integer of storage type `to`: towards zero, saturating, NaN is 0.
std::string saturated_text(const std::string& v, std::uint16_t from, fg_dtype to) {
  const std::string word = kWords[compute_type(to)], real = kWords[from];
  const std::uint32_t bits = dtype_bits(to) - (to == FG_U8 ? 0 : 1);
  const std::string power = "(" + word + "(1) << " + std::to_string(bits) + ")";
  // The highest value is built without the power where that does not fit; the first value beyond it always is a float.
  const std::string lowest = to == FG_U8 ? "0" : dtype_bits(to) >= 32 ? power : "-" + power;
  const std::string highest = dtype_bits(to) >= 32 ? "~" + power : "(" + power + " - 1)";
  const std::string beyond = call(real, std::to_string(std::uint64_t{1} << bits) + ".0f");
  const std::string below = to == FG_U8 ? call(real, "0.0f") : "-" + beyond;
  return "SELECT(ISNAN(" + v + "), " + call(word, "0") + ", SELECT(" + v + " <= " + below + ", " + call(word, lowest) +
         ", SELECT(" + v + " >= " + beyond + ", " + call(word, highest) + ", " + call(word, v) + ")))";
}

}  // namespace

std::string stored_text(const std::string& v, std::uint16_t from, fg_dtype to) {
  const std::uint16_t type = compute_type(to);
  const std::string word = kWords[type];
  const auto real = [](std::uint16_t t) { return t == FG_CT_F32 || t == FG_CT_F64; };
  if (from == type) return v;
  if (type == FG_CT_BOOL) return "(" + v + " != " + call(kWords[from], real(from) ? "0.0f" : "0") + ")";
  if (from == FG_CT_BOOL) return "SELECT(" + v + ", " + call(word, "1") + ", " + call(word, "0") + ")";
  return real(from) && !real(type) ? saturated_text(v, from, to) : call(word, v);
}

std::string scalar_name(const std::string& prefix, std::uint32_t k, std::uint16_t type) {
  const std::string name = prefix + std::to_string(k) + "_" + kWords[type];
  return type == FG_CT_BOOL ? "(" + name + " != 0)" : name;
}

ProgramCopy::ProgramCopy(const fg_expr& e) : node_(e.node, e.node + e.n_node), out_(e.out, e.out + e.n_out), rest_(e) {}

fg_expr ProgramCopy::view() const {
  fg_expr e = rest_;
  e.node = node_.data();
  e.out = out_.data();
  return e;
}

Result<void> check_expr(const fg_expr& e) {
  const auto wrong = [](std::uint32_t k, const char* what) {
    return unsupported("node " + std::to_string(k) + ": " + what, FG_R_EXPRESSION);
  };
  if (e.node == nullptr || e.out == nullptr) return invalid("the program has no nodes or outputs", FG_R_NULL_POINTER);
  for (std::uint32_t k = 0; k < e.n_node; ++k) {
    const fg_expr_node& n = e.node[k];
    if (n.op == 0 || n.op > FG_EX_SIGMOID) return wrong(k, "unknown operation");
    if (n.type > FG_CT_F64) return wrong(k, "unknown type");
    for (std::uint32_t a = 0; a < operand_count(n.op); ++a) {
      if (n.arg[a] >= k) return wrong(k, "reads a node that is not before it");
    }
    if (n.op == FG_EX_INPUT && n.arg[0] >= e.n_in) return wrong(k, "reads an input that does not exist");
    if (n.op == FG_EX_SCALAR && n.arg[0] >= e.n_scalar) return wrong(k, "reads a scalar that does not exist");
    if (n.op == FG_EX_INDEX && n.arg[0] >= FG_ENGINE_MAX_NDIM) return wrong(k, "reads a dimension beyond the eighth");
  }
  for (std::uint16_t j = 0; j < e.n_out; ++j) {
    if (e.out[j] >= e.n_node) return unsupported("an output is no node", FG_R_EXPRESSION);
  }
  return {};
}

std::vector<ScalarUse> scalars_of(std::initializer_list<const fg_expr*> programs) {
  std::vector<ScalarUse> uses;
  for (const fg_expr* e : programs) {
    for (std::uint32_t k = 0; k < e->n_node; ++k) {
      const fg_expr_node& n = e->node[k];
      if (n.op != FG_EX_SCALAR) continue;
      const bool known = std::any_of(uses.begin(), uses.end(),
                                     [&](const ScalarUse& u) { return u.k == n.arg[0] && u.type == n.type; });
      if (!known) uses.push_back({n.arg[0], n.type});
    }
  }
  return uses;
}

void add_scalar_params(Source& source, std::span<const ScalarUse> uses) {
  for (const ScalarUse& u : uses) {
    source.params.push_back({param_type(u.type), "s" + std::to_string(u.k) + "_" + kWords[u.type], 1});
  }
}

void add_scalar_values(std::vector<Value>& values, std::span<const ScalarUse> uses, const fg_scalar* scalar) {
  for (const ScalarUse& u : uses) values.push_back(scalar_value(scalar[u.k], u.type));
}

std::vector<std::uint32_t> indices_of(const fg_expr& e) {
  std::vector<std::uint32_t> dims;
  for (std::uint32_t k = 0; k < e.n_node; ++k) {
    if (e.node[k].op == FG_EX_INDEX && std::find(dims.begin(), dims.end(), e.node[k].arg[0]) == dims.end()) {
      dims.push_back(e.node[k].arg[0]);
    }
  }
  return dims;
}

void add_dim(Walk& w, std::int64_t size, std::span<const std::int64_t> strides, bool join) {
  w.count *= size;
  bool joins = join && w.ndim > 0;
  for (std::size_t k = 0; joins && k < strides.size(); ++k) {
    joins = w.stride[k][static_cast<std::size_t>(w.ndim - 1)] == strides[k] * size;
  }
  const int at = joins ? w.ndim - 1 : w.ndim++;
  w.size[at] = joins ? w.size[at] * size : size;
  for (std::size_t k = 0; k < strides.size(); ++k) w.stride[k][static_cast<std::size_t>(at)] = strides[k];
}

Walk walk_of(std::span<const fg_tensor> t, std::span<const std::int64_t> size, int first, bool join) {
  Walk w;
  w.stride.resize(t.size());
  std::vector<std::int64_t> strides(t.size());
  for (std::size_t d = 0; d < size.size(); ++d) {
    const int dim = first + static_cast<int>(d);
    for (std::size_t k = 0; k < t.size(); ++k) strides[k] = dim < t[k].ndim ? t[k].stride[dim] : 0;
    add_dim(w, size[d], strides, join);
  }
  return w;
}

void settle_rank(Walk& w, const Features& features, int least) {
  if (!features.few_kernels) return;
  const int rank = std::max(least, static_cast<int>(std::bit_ceil(static_cast<unsigned>(w.ndim))));
  const auto move_back = [&](auto& list, std::int64_t first) {
    std::copy_backward(std::begin(list), std::begin(list) + w.ndim, std::begin(list) + rank);
    std::fill(std::begin(list), std::begin(list) + rank - w.ndim, first);
  };
  move_back(w.size, 1);
  for (auto& stride : w.stride) move_back(stride, 0);
  w.ndim = rank;
}

std::string item_of(const std::string& array, int d, int count) {
  return count == 1 ? array : array + "[" + std::to_string(d) + "]";
}

std::string locate_text(Source& source, const Locate& names, int ndim, std::span<const std::size_t> operands) {
  const std::string& tag = names.tag;
  const auto stride_name = [&](std::size_t k) { return tag + "stride" + std::to_string(k); };
  std::string text;
  for (const std::size_t k : operands) text += "idx " + names.offset + std::to_string(k) + " = idx(0);\n";
  if (ndim == 0) return text;
  const auto count = static_cast<std::uint32_t>(ndim);
  source.params.push_back({ParamType::idx, tag + "size", count});
  for (const std::size_t k : operands) source.params.push_back({ParamType::idx, stride_name(k), count});
  text += "idx " + tag + "rest = " + names.at + ";\n";
  for (int d = ndim - 1; d >= 0; --d) {
    const std::string dim = std::to_string(d), position = tag + "p" + dim, next = tag + "next" + dim;
    if (d == 0) {
      text += "idx " + position + " = " + tag + "rest;\n";
    } else {
      const std::string size = item_of(tag + "size", d, ndim);
      text += "idx " + next + " = QUOTIENT(" + tag + "rest, " + size + ");\nidx " + position + " = " + tag + "rest - " +
              next + " * " + size + ";\n" + tag + "rest = " + next + ";\n";
    }
    for (const std::size_t k : operands) {
      text += names.offset + std::to_string(k) + " += " + position + " * " + item_of(stride_name(k), d, ndim) + ";\n";
    }
  }
  return text;
}

std::string index_text(const Locate& names, std::span<const std::uint32_t> index_dims, int first, int ndim) {
  std::string text;
  for (const std::uint32_t d : index_dims) {
    const int own = static_cast<int>(d) - first;
    if (own < 0 || own >= ndim) continue;
    text += "i64 i" + std::to_string(d) + " = i64(" + names.tag + "p" + std::to_string(own) + ");\n";
  }
  return text;
}

void add_walk_values(std::vector<Value>& values, const Walk& w, std::span<const std::size_t> operands) {
  for (int d = 0; d < w.ndim; ++d) values.emplace_back(w.size[d]);
  for (const std::size_t k : operands) {
    for (int d = 0; d < w.ndim; ++d) values.emplace_back(w.stride[k][static_cast<std::size_t>(d)]);
  }
}

std::vector<std::size_t> first_n(std::size_t n, std::size_t from) {
  std::vector<std::size_t> list(n);
  std::iota(list.begin(), list.end(), from);
  return list;
}

}  // namespace fg::gpu
