// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/fused_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <sstream>

#include "core/catalogue/promotion.hpp"
#include "core/expr/fold.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/parse.hpp"
#include "tools/gen/vocabulary.hpp"

namespace fg::gen {
namespace {

struct Line {
  const Op* op = nullptr;
  const Variant* variant = nullptr;
  std::set<std::string> numbers, given;  // Operands that are numbers; attributes not at their default.
};

Result<Line> read_line(const Catalogue& catalogue, const std::string& text) {
  std::istringstream words(text);
  std::string word;
  words >> word;
  Line line;
  for (const Op& op : catalogue.ops) {
    if (op.name == word) line.op = &op;
  }
  if (line.op == nullptr || line.op->kind != Kind::map) return invalid(fmt::format("'{}' is no map operator", word));
  line.variant = &line.op->variants.front();
  while (words >> word) {
    const bool number = word[0] == '#';
    const std::string name = word.substr(number ? 1 : 0, word.find('=') - (number ? 1 : 0));
    if (line.op->arg_index(name) < 0) return invalid(fmt::format("{} has no argument '{}'", line.op->name, name));
    if (const std::size_t at = word.find('='); at != std::string::npos) {
      const auto it = std::find_if(line.op->variants.begin(), line.op->variants.end(),
                                   [&](const Variant& v) { return v.name == word.substr(at + 1); });
      if (it == line.op->variants.end()) return invalid(fmt::format("{} has no choice '{}'", line.op->name, word));
      line.variant = &*it;
    } else {
      (number ? line.numbers : line.given).insert(name);
    }
  }
  return line;
}

bool is_attribute_number(const Arg& a) { return a.type == ArgType::scalar || a.type == ArgType::float_; }

// The dtypes of a call with f32 tensors, and bool where an argument must be.
fg_dtype dtype_of(const Arg& a) { return a.dtypes != 0 && (a.dtypes & dtype_bit(FG_F32)) == 0 ? FG_BOOL : FG_F32; }

}  // namespace

namespace {

// An expression's names with what they stand for, tensors before numbers: the order of
// core/dispatch/plan_program.cpp.
struct Names {
  std::vector<std::string_view> tensors, numbers;
  std::vector<expr::Binding> bindings;
  std::vector<fg_scalar> fixed;  // Of the numbers; none where the call gives it.

  void add_tensor(std::string_view name, expr::Binding binding) {
    tensors.push_back(name);
    bindings.push_back(binding);
  }
  void add_number(std::string_view name, fg_scalar value) {
    numbers.push_back(name);
    fixed.push_back(value);
  }
};

Result<FusedProgram> instantiate(const std::string& line, Names names, std::vector<std::string_view> texts,
                                 expr::Typing typing) {
  names.tensors.insert(names.tensors.end(), names.numbers.begin(), names.numbers.end());
  typing.names = std::move(names.bindings);
  typing.names.insert(typing.names.end(), names.numbers.size(), expr::Binding::number(FG_CT_F32));
  FG_TRY_ASSIGN(const expr::Parsed parsed, expr::parse(texts, names.tensors));
  FG_TRY_ASSIGN(const expr::Program program, expr::instantiate(parsed, typing));
  return FusedProgram{line, expr::specialise(program, names.fixed)};
}

// "= x #y: expression" of tensors and numbers, for the programs of composites.
Result<FusedProgram> make_expression(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return invalid(fmt::format("'{}' has no ':' before its expression", text));
  std::vector<std::string> words;
  std::istringstream list(text.substr(1, colon - 1));
  for (std::string word; list >> word;) words.push_back(word);
  Names names;
  for (const std::string& word : words) {
    if (word[0] == '#')
      names.add_number(std::string_view(word).substr(1), fg_scalar{});
    else
      names.add_tensor(word, expr::Binding::promoted(FG_F32, FG_F32));
  }
  expr::Typing typing;
  typing.out.push_back(expr::stored_as(FG_F32));
  return instantiate(text, std::move(names), {std::string_view(text).substr(colon + 1)}, std::move(typing));
}

}  // namespace

Result<FusedProgram> make_fused(const Catalogue& catalogue, const std::string& text) {
  if (text[0] == '=') return make_expression(text);
  FG_TRY_ASSIGN(const Line line, read_line(catalogue, text));
  Names names;
  std::vector<core::Operand> operands;
  for (const Arg& a : line.op->args) {
    const bool number = line.numbers.count(a.name) != 0, given = line.given.count(a.name) != 0;
    if (a.type == ArgType::tensor && !number && !a.written) {
      names.add_tensor(a.name,
                       a.promotes ? expr::Binding::promoted(FG_F32, FG_F32) : expr::Binding::tensor(dtype_of(a)));
      if (a.promotes) operands.push_back(core::Operand::tensor(FG_F32, 1));
    } else if (number || is_attribute_number(a)) {
      if (!number && !a.has_default && !given) continue;
      names.add_number(a.name, number || given ? fg_scalar{} : a.default_value);
    }
  }
  fg_dtype result = FG_F32;
  if (!operands.empty()) {
    FG_TRY_ASSIGN(const core::Promoted promoted, core::promote(line.variant->promote, operands));
    result = promoted.out;
  }
  expr::Typing typing;
  for (const Out& o : line.op->outs)
    typing.out.push_back(expr::stored_as(o.rule == DtypeRule::fixed ? o.dtype : result));
  std::vector<std::string_view> texts;
  for (const Text& t : line.variant->expr) texts.push_back(t.text);
  return instantiate(text, std::move(names), std::move(texts), std::move(typing));
}

namespace {

struct VectorOp {
  std::uint16_t op;
  const char* text;  // {0} {1} {2} are the operands.
};

constexpr VectorOp kReal[] = {
    {FG_EX_ADD, "OpAdd()(d, {0}, {1})"},
    {FG_EX_SUB, "OpSub()(d, {0}, {1})"},
    {FG_EX_MUL, "OpMul()(d, {0}, {1})"},
    {FG_EX_DIV, "OpDiv()(d, {0}, {1})"},
    {FG_EX_MIN, "OpMin()(d, {0}, {1})"},
    {FG_EX_MAX, "OpMax()(d, {0}, {1})"},
    {FG_EX_FMA, "OpFma()(d, {0}, {1}, {2})"},
    {FG_EX_NEG, "OpNeg()(d, {0})"},
    {FG_EX_ABS, "OpAbs()(d, {0})"},
    {FG_EX_SIGN, "OpSign()(d, {0})"},
    {FG_EX_WHERE, "hn::IfThenElse({0}, {1}, {2})"},
    {FG_EX_FLOOR, "OpFloor()(d, {0})"},
    {FG_EX_CEIL, "OpCeil()(d, {0})"},
    {FG_EX_TRUNC, "OpTrunc()(d, {0})"},
    {FG_EX_ROUND, "OpRound()(d, {0})"},
    {FG_EX_SQRT, "OpSqrt()(d, {0})"},
    {FG_EX_RSQRT, "OpRsqrt()(d, {0})"},
    {FG_EX_ATAN2, "atan2_f32(d, {0}, {1})"},
    {FG_EX_FMOD, "fmod_f32(d, {0}, {1})"},
    {FG_EX_REMAINDER, "remainder_f32(d, {0}, {1})"},
    {FG_EX_FLOOR_DIV, "floor_div_f32(d, {0}, {1})"},
    {FG_EX_EXP, "exp_f32(d, {0})"},
    {FG_EX_EXP2, "exp2_f32(d, {0})"},
    {FG_EX_LOG, "log_f32(d, {0})"},
    {FG_EX_LOG1P, "log1p_f32(d, {0})"},
    {FG_EX_SIN, "sin_f32(d, {0})"},
    {FG_EX_COS, "cos_f32(d, {0})"},
    {FG_EX_TAN, "tan_f32(d, {0})"},
    {FG_EX_ASIN, "asin_f32(d, {0})"},
    {FG_EX_ACOS, "acos_f32(d, {0})"},
    {FG_EX_ATAN, "atan_f32(d, {0})"},
    {FG_EX_SINH, "sinh_f32(d, {0})"},
    {FG_EX_COSH, "cosh_f32(d, {0})"},
    {FG_EX_TANH, "tanh_f32(d, {0})"},
    {FG_EX_ATANH, "atanh_f32(d, {0})"},
    {FG_EX_ERF, "erf_f32(d, {0})"},
    {FG_EX_SIGMOID, "sigmoid_f32(d, {0})"},
    {FG_EX_CAST, "hn::IfThenElseZero({0}, hn::Set(d, 1.0f))"},  // from BOOL
};
// Not(Eq) and not Ne: Highway 1.0.3 calls NaN equal to itself in the latter.
constexpr VectorOp kComparison[] = {
    {FG_EX_EQ, "hn::Eq({0}, {1})"},  {FG_EX_NE, "hn::Not(hn::Eq({0}, {1}))"},
    {FG_EX_LT, "hn::Lt({0}, {1})"},  {FG_EX_LE, "hn::Le({0}, {1})"},
    {FG_EX_GT, "hn::Gt({0}, {1})"},  {FG_EX_GE, "hn::Ge({0}, {1})"},
    {FG_EX_ISNAN, "hn::IsNaN({0})"}, {FG_EX_CAST, "hn::Not(hn::Eq({0}, hn::Zero(d)))"},
};
constexpr VectorOp kTruth[] = {
    {FG_EX_ADD, "hn::Or({0}, {1})"},  {FG_EX_OR, "hn::Or({0}, {1})"},   {FG_EX_MUL, "hn::And({0}, {1})"},
    {FG_EX_AND, "hn::And({0}, {1})"}, {FG_EX_XOR, "hn::Xor({0}, {1})"}, {FG_EX_NE, "hn::Xor({0}, {1})"},
    {FG_EX_NOT, "hn::Not({0})"},
};

int cost_of(std::uint16_t op) {
  const bool division = op >= FG_EX_DIV && op <= FG_EX_REMAINDER;
  const bool function = op >= FG_EX_EXP || division || op == FG_EX_ATAN2 || op == FG_EX_SQRT || op == FG_EX_RSQRT;
  return function ? 6 : 1;
}

std::string real(double x) {
  if (std::isnan(x)) return "std::numeric_limits<float>::quiet_NaN()";
  if (std::isinf(x)) return fmt::format("{}std::numeric_limits<float>::infinity()", x < 0 ? "-" : "");
  return fmt::format("static_cast<float>({:a})", x);
}

class StructWriter {
 public:
  explicit StructWriter(const FusedProgram& f) : f_(f), p_(f.program) {}
  Result<std::string> write(const std::string& name);
  static bool truth(const fg_expr_node& n) { return n.type == FG_CT_BOOL; }

 private:
  Result<std::string> value(const fg_expr_node& n) const;
  std::string parameters() const;
  std::string run() const;
  const char* type_of(bool is_truth) const { return is_truth ? "FusedMask" : "FusedVec"; }
  const fg_expr_node* input(std::uint32_t k) const {
    for (const fg_expr_node& n : p_.nodes()) {
      if (n.op == FG_EX_INPUT && n.arg[0] == k) return &n;
    }
    return nullptr;
  }

  const FusedProgram& f_;
  const expr::Program& p_;
};

Result<std::string> StructWriter::value(const fg_expr_node& n) const {
  switch (n.op) {
    case FG_EX_INPUT: return fmt::format("i{}", n.arg[0]);
    case FG_EX_SCALAR: return fmt::format("hn::Set(d, s[{}])", n.arg[0]);
    case FG_EX_CONST:
      if (!truth(n))
        return fmt::format("hn::Set(d, {})", real(std::bit_cast<double>(n.arg[0] | std::uint64_t{n.arg[1]} << 32)));
      break;
    default: {
      const bool arg_truth = truth(p_.nodes()[n.arg[0]]);
      const std::span<const VectorOp> table = !truth(n)   ? std::span<const VectorOp>(kReal)
                                              : arg_truth ? std::span<const VectorOp>(kTruth)
                                                          : std::span<const VectorOp>(kComparison);
      for (const VectorOp& v : table) {
        if (v.op != n.op) continue;
        return fmt::format(fmt::runtime(v.text), fmt::format("v{}", n.arg[0]), fmt::format("v{}", n.arg[1]),
                           fmt::format("v{}", n.arg[2]));
      }
    }
  }
  return unsupported(fmt::format("operation {} of type {} has no vector form", n.op, n.type));
}

std::string StructWriter::parameters() const {
  std::string text = "FusedF32 d, const float* s";
  for (std::uint32_t k = 0; k < p_.n_in(); ++k) {
    const fg_expr_node* n = input(k);
    text += fmt::format(", {} i{}", type_of(n != nullptr && truth(*n)), k);
  }
  for (std::size_t j = 0; j < p_.outs().size(); ++j)
    text += fmt::format(", {}& o{}", type_of(p_.out_type(j) == FG_CT_BOOL), j);
  return text;
}

std::string StructWriter::run() const {
  std::string text;
  for (std::uint32_t k = 0; k < p_.n_in(); ++k) {
    const fg_expr_node* n = input(k);
    text +=
        fmt::format("    const auto i{0} = in.template {1}<{0}>();\n", k, n != nullptr && truth(*n) ? "truth" : "real");
  }
  for (std::size_t j = 0; j < p_.outs().size(); ++j)
    text += fmt::format("    Pair<{}> o{};\n", type_of(p_.out_type(j) == FG_CT_BOOL), j);
  for (const char half : {'a', 'b'}) {
    text += "    eval(FusedF32(), s";
    for (std::uint32_t k = 0; k < p_.n_in(); ++k) text += fmt::format(", i{}.{}", k, half);
    for (std::size_t j = 0; j < p_.outs().size(); ++j) text += fmt::format(", o{}.{}", j, half);
    text += ");\n";
  }
  for (std::size_t j = 0; j < p_.outs().size(); ++j)
    text += fmt::format("    out.template {1}<{0}>(o{0});\n", j, p_.out_type(j) == FG_CT_BOOL ? "truth" : "real");
  return text;
}

struct Shape {
  unsigned bool_in = 0, bool_out = 0;
  int cost = 0;
};
Shape shape_of(const expr::Program& p) {
  Shape s;
  for (const fg_expr_node& n : p.nodes()) {
    if (n.op == FG_EX_INPUT && n.type == FG_CT_BOOL) s.bool_in |= 1u << n.arg[0];
    if (n.op > FG_EX_INDEX) s.cost += cost_of(n.op);
  }
  for (std::size_t j = 0; j < p.outs().size(); ++j) s.bool_out |= p.out_type(j) == FG_CT_BOOL ? 1u << j : 0u;
  return s;
}

Result<std::string> StructWriter::write(const std::string& name) {
  std::string body;
  for (std::uint32_t k = 0; k < p_.nodes().size(); ++k) {
    const fg_expr_node& n = p_.nodes()[k];
    if (n.type != FG_CT_BOOL && n.type != FG_CT_F32)
      return unsupported(fmt::format("type {} in a fused program", n.type));
    FG_TRY_ASSIGN(const std::string text, value(n));
    body += fmt::format("    const {} v{} = {};\n", type_of(truth(n)), k, text);
  }
  for (std::size_t j = 0; j < p_.outs().size(); ++j) body += fmt::format("    o{} = v{};\n", j, p_.outs()[j]);
  const Shape shape = shape_of(p_);
  std::string text = fmt::format("// {}\nstruct {} {{\n", f_.line, name);
  text += fmt::format("  static constexpr std::size_t kIn = {}, kOut = {};\n", p_.n_in(), p_.outs().size());
  text += fmt::format("  static constexpr unsigned kBoolIn = {}, kBoolOut = {};\n", shape.bool_in, shape.bool_out);
  text += fmt::format("  static HWY_INLINE void eval({}) {{\n    (void)d, (void)s;\n{}  }}\n", parameters(), body);
  text +=
      "  template <class In, class Out>\n  static HWY_INLINE void run(const In& in, const Out& out, const float* s) "
      "{\n";
  return text + run() + "  }\n};\n\n";
}

}  // namespace

Result<std::string> fused_struct(const FusedProgram& fused, const std::string& name) {
  return StructWriter(fused).write(name);
}

std::string fused_entry(const FusedProgram& fused) {
  const expr::Program& p = fused.program;
  const Shape s = shape_of(p);
  return fmt::format("    {{{{0x{:016x}u, 0x{:016x}u}}, {}, {}, {}, {}, {}, {}}},  // {}\n", p.hash()[0], p.hash()[1],
                     p.n_in(), p.outs().size(), p.n_scalar(), s.bool_in, s.bool_out, s.cost, fused.line);
}

}  // namespace fg::gen
