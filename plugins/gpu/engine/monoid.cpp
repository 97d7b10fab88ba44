// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/engine/monoid.hpp"

#include <bit>
#include <limits>

#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {
namespace {

bool is_float_type(std::uint16_t type) { return type == FG_CT_F32 || type == FG_CT_F64; }

// Appends nodes; a node is its number.
struct Nodes {
  std::vector<fg_expr_node>& node;

  std::uint32_t add(std::uint16_t op, std::uint16_t type, std::uint32_t a = 0, std::uint32_t b = 0,
                    std::uint32_t c = 0) const {
    node.push_back({op, type, {a, b, c}});
    return static_cast<std::uint32_t>(node.size() - 1);
  }
  std::uint32_t type_of(std::uint32_t k) const { return node[k].type; }
  std::uint32_t truth(std::uint16_t op, std::uint32_t a, std::uint32_t b = 0) const {
    return add(op, FG_CT_BOOL, a, b);
  }
  std::uint32_t like(std::uint16_t op, std::uint32_t a, std::uint32_t b = 0) const {
    return add(op, node[a].type, a, b);
  }
  std::uint32_t pick(std::uint32_t condition, std::uint32_t a, std::uint32_t b) const {
    return add(FG_EX_WHERE, node[a].type, condition, a, b);
  }
  std::uint32_t number(double x, std::uint16_t type) const {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    return add(FG_EX_CONST, type, static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32));
  }
};

// Whether b replaces a: greater (less), or NaN where a is none; equal ones by `position`.
std::vector<std::uint32_t> extreme(const Nodes& n, std::uint16_t better, std::uint16_t position, std::uint32_t a,
                                   std::uint32_t ai, std::uint32_t b, std::uint32_t bi) {
  std::uint32_t wins = n.truth(better, b, a);
  std::uint32_t same = n.truth(FG_EX_EQ, a, b);
  if (is_float_type(n.node[a].type)) {
    const std::uint32_t a_nan = n.truth(FG_EX_ISNAN, a), b_nan = n.truth(FG_EX_ISNAN, b);
    const std::uint32_t a_number = n.truth(FG_EX_NOT, a_nan);
    wins = n.truth(FG_EX_OR, wins, n.truth(FG_EX_AND, b_nan, a_number));
    same = n.truth(FG_EX_OR, same, n.truth(FG_EX_AND, b_nan, a_nan));
  }
  const std::uint32_t nearer = n.truth(position, bi, ai);
  wins = n.truth(FG_EX_OR, wins, n.truth(FG_EX_AND, same, nearer));
  return {n.pick(wins, b, a), n.pick(wins, bi, ai)};
}

// Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
std::vector<std::uint32_t> welford(const Nodes& n, std::span<const std::uint32_t> s, std::uint16_t type) {
  const std::uint32_t count = n.like(FG_EX_ADD, s[2], s[5]);
  const std::uint32_t delta = n.like(FG_EX_SUB, s[3], s[0]);
  const std::uint32_t part = n.like(FG_EX_DIV, s[5], count);
  const std::uint32_t mean = n.like(FG_EX_ADD, s[0], n.like(FG_EX_MUL, delta, part));
  const std::uint32_t square = n.like(FG_EX_MUL, n.like(FG_EX_MUL, delta, delta), n.like(FG_EX_MUL, s[2], part));
  const std::uint32_t m2 = n.like(FG_EX_ADD, n.like(FG_EX_ADD, s[1], s[4]), square);
  const std::uint32_t zero = n.number(0, type);
  const std::uint32_t no_b = n.truth(FG_EX_EQ, s[5], zero), no_a = n.truth(FG_EX_EQ, s[2], zero);
  return {n.pick(no_b, s[0], n.pick(no_a, s[3], mean)), n.pick(no_b, s[1], n.pick(no_a, s[4], m2)), count};
}

// m is the greatest term, s the sum of exp(term - m).
std::vector<std::uint32_t> log_sum(const Nodes& n, std::span<const std::uint32_t> s, std::uint16_t type) {
  const std::uint32_t m = n.like(FG_EX_MAX, s[0], s[2]);
  const auto part = [&](std::uint32_t top, std::uint32_t sum) {
    const std::uint32_t scaled = n.like(FG_EX_MUL, sum, n.like(FG_EX_EXP, n.like(FG_EX_SUB, top, m)));
    const std::uint32_t zero = n.number(0, type);
    // Equal tops need no factor; infinite ones have none.  A sum of nothing stays nothing.
    const std::uint32_t plain = n.truth(FG_EX_OR, n.truth(FG_EX_EQ, top, m), n.truth(FG_EX_EQ, sum, zero));
    return n.pick(plain, sum, scaled);
  };
  return {m, n.like(FG_EX_ADD, part(s[0], s[1]), part(s[2], s[3]))};
}

std::uint16_t simple_op(std::uint32_t kind) {
  switch (kind) {
    case FG_MONOID_PROD: return FG_EX_MUL;
    case FG_MONOID_MAX: return FG_EX_MAX;
    case FG_MONOID_MIN: return FG_EX_MIN;
    case FG_MONOID_AND: return FG_EX_AND;
    case FG_MONOID_OR: return FG_EX_OR;
    default: return FG_EX_ADD;
  }
}

std::string lowest_text(std::uint16_t type) {
  switch (type) {
    case FG_CT_BOOL: return "false";
    case FG_CT_I32: return "(-2147483647 - 1)";
    case FG_CT_I64: return "(-i64(0x7FFFFFFFFFFFFFFFL) - i64(1))";
    default: return "-INF_" + std::string(type == FG_CT_F32 ? "F32" : "F64");
  }
}
std::string highest_text(std::uint16_t type) {
  switch (type) {
    case FG_CT_BOOL: return "true";
    case FG_CT_I32: return "2147483647";
    case FG_CT_I64: return "i64(0x7FFFFFFFFFFFFFFFL)";
    default: return "INF_" + std::string(type == FG_CT_F32 ? "F32" : "F64");
  }
}

}  // namespace

std::string type_word(std::uint16_t type) {
  constexpr const char* kWords[] = {"bool", "i32", "i64", "f32", "f64"};
  return kWords[type];
}

bool Monoid::positional() const {
  return kind_ == FG_MONOID_ARGMAX || kind_ == FG_MONOID_ARGMIN || kind_ == FG_MONOID_LASTMAX ||
         kind_ == FG_MONOID_LASTMIN;
}

std::string Monoid::take_next(const std::string& a, const std::string& b, const std::string& place,
                              const std::string& at) const {
  const bool greatest = kind_ == FG_MONOID_ARGMAX || kind_ == FG_MONOID_LASTMAX;
  const bool last = kind_ == FG_MONOID_LASTMAX || kind_ == FG_MONOID_LASTMIN;
  const auto word = [&](const std::string& x) { return types_[0] == FG_CT_BOOL ? "i32(" + x + "0)" : x + "0"; };
  std::string wins = word(b) + (greatest ? " >" : " <") + (last ? "= " : " ") + word(a);
  if (is_float_type(types_[0])) wins += " || (ISNAN(" + b + "0)" + (last ? ")" : " && !ISNAN(" + a + "0))");
  return "if (" + wins + ") {\n" + a + "0 = " + b + "0;\n" + place + " = " + at + ";\n}\n";
}

Result<Monoid> Monoid::make(std::uint32_t kind, std::uint16_t type) {
  if (kind < FG_MONOID_SUM || kind > FG_MONOID_LASTMIN) {
    return unsupported("unknown monoid " + std::to_string(kind), FG_R_PARAMETER);
  }
  const bool floats_only = kind == FG_MONOID_WELFORD || kind == FG_MONOID_LOGSUMEXP;
  const bool bool_only = kind == FG_MONOID_AND || kind == FG_MONOID_OR;
  if ((floats_only && !is_float_type(type)) || (bool_only && type != FG_CT_BOOL)) {
    return unsupported("monoid " + std::to_string(kind) + " does not take values of type " + type_word(type),
                       FG_R_EXPRESSION);
  }
  Monoid m;
  m.kind_ = kind;
  m.types_ = {type};
  if (m.positional()) m.types_.push_back(FG_CT_I64);
  if (kind == FG_MONOID_LOGSUMEXP) m.types_.push_back(type);
  if (kind == FG_MONOID_WELFORD) m.types_.insert(m.types_.end(), {type, type});
  const Nodes n{m.node_};
  std::vector<std::uint32_t> s;
  for (std::uint32_t k = 0; k < 2 * m.parts(); ++k) s.push_back(n.add(FG_EX_INPUT, m.types_[k % m.parts()], k));
  switch (kind) {
    case FG_MONOID_ARGMAX: m.out_ = extreme(n, FG_EX_GT, FG_EX_LT, s[0], s[1], s[2], s[3]); break;
    case FG_MONOID_ARGMIN: m.out_ = extreme(n, FG_EX_LT, FG_EX_LT, s[0], s[1], s[2], s[3]); break;
    case FG_MONOID_LASTMAX: m.out_ = extreme(n, FG_EX_GT, FG_EX_GT, s[0], s[1], s[2], s[3]); break;
    case FG_MONOID_LASTMIN: m.out_ = extreme(n, FG_EX_LT, FG_EX_GT, s[0], s[1], s[2], s[3]); break;
    case FG_MONOID_WELFORD: m.out_ = welford(n, s, type); break;
    case FG_MONOID_LOGSUMEXP: m.out_ = log_sum(n, s, type); break;
    default: m.out_ = {n.like(simple_op(kind), s[0], s[1])}; break;
  }
  return m;
}

std::string Monoid::declare_identity(const std::string& name) const {
  const std::uint16_t type = types_[0];
  const std::string word = type_word(type), first = word + " " + name + "0 = ";
  const auto zero = [&] { return type == FG_CT_BOOL ? std::string("false") : word + "(0)"; };
  switch (kind_) {
    case FG_MONOID_PROD: return first + (type == FG_CT_BOOL ? "true" : word + "(1)") + ";\n";
    case FG_MONOID_AND: return first + "true;\n";
    case FG_MONOID_MAX: return first + lowest_text(type) + ";\n";
    case FG_MONOID_MIN: return first + highest_text(type) + ";\n";
    // The worst position: whatever is compared with it wins.
    case FG_MONOID_ARGMAX:
      return first + lowest_text(type) + ";\ni64 " + name + "1 = " + highest_text(FG_CT_I64) + ";\n";
    case FG_MONOID_ARGMIN:
      return first + highest_text(type) + ";\ni64 " + name + "1 = " + highest_text(FG_CT_I64) + ";\n";
    case FG_MONOID_LASTMAX: return first + lowest_text(type) + ";\ni64 " + name + "1 = i64(-1);\n";
    case FG_MONOID_LASTMIN: return first + highest_text(type) + ";\ni64 " + name + "1 = i64(-1);\n";
    case FG_MONOID_WELFORD:
      return first + zero() + ";\n" + word + " " + name + "1 = " + zero() + ";\n" + word + " " + name +
             "2 = " + zero() + ";\n";
    case FG_MONOID_LOGSUMEXP: return first + lowest_text(type) + ";\n" + word + " " + name + "1 = " + zero() + ";\n";
    default: return first + zero() + ";\n";
  }
}

std::string Monoid::declare_element(const std::string& name, const std::string& value,
                                    const std::string& position) const {
  const std::string word = type_word(types_[0]);
  std::string text = word + " " + name + "0 = " + value + ";\n";
  if (positional()) text += "i64 " + name + "1 = " + position + ";\n";
  if (kind_ == FG_MONOID_LOGSUMEXP) text += word + " " + name + "1 = " + word + "(1);\n";
  if (kind_ == FG_MONOID_WELFORD) {
    // An infinite element differs from its mean by NaN.
    const std::string suffix = types_[0] == FG_CT_F32 ? "F32" : "F64", x = name + "0";
    text += word + " " + name + "1 = " + x + " > -INF_" + suffix + " && " + x + " < INF_" + suffix + " ? " + word +
            "(0) : NAN_" + suffix + ";\n" + word + " " + name + "2 = " + word + "(1);\n";
  }
  return text;
}

Result<std::string> Monoid::combine(const std::string& into, const std::string& a, const std::string& b,
                                    std::string& functions, std::vector<std::string>& helpers) const {
  const auto n = static_cast<std::uint32_t>(parts());
  fg_expr e{};
  e.node = node_.data();
  e.n_node = static_cast<std::uint32_t>(node_.size());
  e.out = out_.data();
  e.n_out = static_cast<std::uint16_t>(n);
  e.n_in = static_cast<std::uint16_t>(2 * n);
  FG_TRY_ASSIGN(const Printed p, print_expr(e, {"m", "c", "", "", &helpers}));
  functions += p.functions;
  std::string text = "{\n";
  for (std::uint32_t k = 0; k < 2 * n; ++k) {
    text +=
        type_word(types_[k % n]) + " c" + std::to_string(k) + " = " + (k < n ? a : b) + std::to_string(k % n) + ";\n";
  }
  text += p.statements;
  for (std::uint32_t k = 0; k < n; ++k) text += into + std::to_string(k) + " = " + p.outputs[k] + ";\n";
  return text + "}\n";
}

}  // namespace fg::gpu
