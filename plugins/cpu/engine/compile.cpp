// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/engine/compile.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/engine/convert.hpp"

namespace fg::cpu {
namespace {

bool is_leaf(std::uint16_t op) { return op >= FG_EX_INPUT && op <= FG_EX_INDEX; }
bool is_comparison(std::uint16_t op) { return op >= FG_EX_EQ && op <= FG_EX_ISNAN; }

int arity(std::uint16_t op) {
  if (is_leaf(op)) return 0;
  if (op == FG_EX_WHERE || op == FG_EX_FMA) return 3;
  if (op == FG_EX_CAST || op == FG_EX_NEG || op == FG_EX_ABS || op == FG_EX_SIGN || op == FG_EX_ISNAN ||
      op == FG_EX_NOT || op >= FG_EX_FLOOR) {
    return 1;
  }
  return 2;
}

tl::unexpected<Error> refuse(std::string why) { return unsupported("expression: " + std::move(why), FG_R_EXPRESSION); }

// The bits of a constant in the memory of its compute type.
std::uint64_t constant_bits(const fg_expr_node& node) {
  const std::uint64_t raw = node.arg[0] | (std::uint64_t{node.arg[1]} << 32);
  std::uint64_t cell = 0;
  with_compute_type(node.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T v{};
    if constexpr (std::is_floating_point_v<T>) {
      v = static_cast<T>(std::bit_cast<double>(raw));
    } else {
      v = convert_value<T>(static_cast<std::int64_t>(raw));
    }
    std::memcpy(&cell, &v, sizeof v);
  });
  return cell;
}

class Compiler {
 public:
  Compiler(const fg_expr& expr, std::span<const fg_dtype> in, std::span<const fg_dtype> out)
      : expr_(expr), in_(in), out_(out), uses_(expr.n_node, 0), place_(expr.n_node), last_use_(expr.n_node, 0) {}

  Result<Program> run();

 private:
  // Where a node's value is: an operand, a cell or a temporary, numbered on its own; final slot
  // numbers are known once all are counted.
  enum class Kind : std::uint8_t { none, operand, cell, temp };
  struct Place {
    Kind kind = Kind::none;
    std::uint16_t number = 0;
  };
  struct Step {
    Micro fn;
    Place dst, a, b, c;
  };

  const fg_expr_node& node(std::uint32_t k) const { return expr_.node[k]; }
  bool uniform(std::uint32_t k) const { return place_[k].kind == Kind::cell; }
  void count_uses();
  void mark_uniform();
  void fuse();
  Result<void> emit(std::uint32_t k);
  Result<void> emit_operation(std::uint32_t k, std::uint16_t op, std::array<std::uint32_t, 3> args, int n_args);
  Result<void> emit_output(std::size_t j);
  void emit_input(std::uint32_t k);
  Place index_operand(std::uint16_t dim);
  Place new_cell(std::uint64_t bits = 0);
  Place new_temp();
  Place as_block(std::uint32_t k);
  void release(std::uint32_t k, std::uint32_t at);
  Place destination(std::uint32_t k);
  Result<Program> finish();

  const fg_expr& expr_;
  std::span<const fg_dtype> in_, out_;
  std::vector<std::uint32_t> uses_;
  std::vector<Place> place_;
  std::vector<std::uint32_t> last_use_;  // Node after which the value is dead.
  struct Fused {
    std::uint32_t mul = 0, other = 0;
    std::uint16_t op = 0;
  };
  std::vector<Fused> fused_;
  std::vector<Step> uniform_, broadcast_, body_;
  std::vector<Place> broadcast_of_;  // By cell: its block, if one was asked for.
  std::vector<std::uint16_t> free_temps_;
  bool written_directly_ = false;  // The only output was written by its operation.
  Program program_;
};

void Compiler::count_uses() {
  for (std::uint16_t j = 0; j < expr_.n_out; ++j) {
    ++uses_[expr_.out[j]];
    last_use_[expr_.out[j]] = expr_.n_node;
  }
  for (std::uint32_t k = expr_.n_node; k-- > 0;) {
    if (uses_[k] == 0) continue;
    for (int i = 0; i < arity(node(k).op); ++i) {
      const std::uint32_t arg = node(k).arg[i];
      ++uses_[arg];
      last_use_[arg] = std::max(last_use_[arg], k);
    }
  }
}

// A multiplication used once, by an addition or subtraction of the same type, becomes part of it.
void Compiler::fuse() {
  fused_.assign(expr_.n_node, Fused{});
  std::vector<bool> varies(expr_.n_node, false);
  for (std::uint32_t k = 0; k < expr_.n_node; ++k) {
    const fg_expr_node& x = node(k);
    varies[k] = x.op == FG_EX_INPUT || x.op == FG_EX_INDEX;
    for (int i = 0; i < arity(x.op); ++i) varies[k] = varies[k] || varies[x.arg[i]];
    if (uses_[k] == 0 || x.type == FG_CT_BOOL || (x.op != FG_EX_ADD && x.op != FG_EX_SUB)) continue;
    for (int i : {1, 0}) {
      const std::uint32_t mul = x.arg[i], other = x.arg[1 - i];
      if (x.op == FG_EX_SUB && i == 0) continue;
      if (node(mul).op != FG_EX_MUL || uses_[mul] != 1 || !varies[mul] || mul == other) continue;
      fused_[k] = {mul, other, x.op == FG_EX_ADD ? kOpMulAdd : kOpMulSub};
      uses_[mul] = 0;
      for (int a : {0, 1}) last_use_[node(mul).arg[a]] = std::max(last_use_[node(mul).arg[a]], k);
      break;
    }
  }
}

Compiler::Place Compiler::new_cell(std::uint64_t bits) {
  program_.cells.push_back(bits);
  broadcast_of_.push_back({});
  return {Kind::cell, static_cast<std::uint16_t>(program_.cells.size() - 1)};
}
Compiler::Place Compiler::new_temp() {
  if (!free_temps_.empty()) {
    const std::uint16_t t = free_temps_.back();
    free_temps_.pop_back();
    return {Kind::temp, t};
  }
  return {Kind::temp, program_.n_temps++};
}
Compiler::Place Compiler::index_operand(std::uint16_t dim) {
  auto& dims = program_.index_dims;
  auto found = std::find(dims.begin(), dims.end(), dim);
  if (found == dims.end()) found = dims.insert(dims.end(), dim);
  return {Kind::operand, static_cast<std::uint16_t>(expr_.n_out + expr_.n_in + (found - dims.begin()))};
}

// A cell's value as a whole block, for operations without a form for it.
Compiler::Place Compiler::as_block(std::uint32_t k) {
  const Place p = place_[k];
  if (p.kind != Kind::cell) return p;
  if (broadcast_of_[p.number].kind == Kind::none) {
    const Place block{Kind::temp, program_.n_temps++};  // lives as long as the frame
    broadcast_.push_back({find_fill(compute_bytes(node(k).type)), block, p, p, p});
    broadcast_of_[p.number] = block;
  }
  return broadcast_of_[p.number];
}

void Compiler::release(std::uint32_t k, std::uint32_t at) {
  if (place_[k].kind == Kind::temp && last_use_[k] == at) {
    free_temps_.push_back(place_[k].number);
    last_use_[k] = expr_.n_node + 1;  // once
  }
}

// The only output of a program may be written by the operation that makes it: every other node
// comes before it.  With several outputs one could overwrite an input that another still reads, so
// they are stored after everything was computed.
Compiler::Place Compiler::destination(std::uint32_t k) {
  if (expr_.n_out == 1 && expr_.out[0] == k && out_[0] == native_dtype(node(k).type)) {
    written_directly_ = true;
    return {Kind::operand, 0};
  }
  return new_temp();
}

void Compiler::emit_input(std::uint32_t k) {
  const auto number = static_cast<std::uint16_t>(node(k).arg[0]);
  const Place operand{Kind::operand, static_cast<std::uint16_t>(expr_.n_out + number)};
  const bool only_output = expr_.n_out == 1 && expr_.out[0] == k;
  if (in_[number] == native_dtype(node(k).type)) {
    place_[k] = operand;
  } else if (only_output && in_[number] == out_[0]) {
    place_[k] = operand;  // copied as it is
  } else {
    place_[k] = new_temp();
    body_.push_back({find_load(in_[number]), place_[k], operand, operand, operand});
    program_.cost += 1;
  }
}

Result<void> Compiler::emit_operation(std::uint32_t k, std::uint16_t op, std::array<std::uint32_t, 3> args,
                                      int n_args) {
  Form form = 0;
  bool all_uniform = true;
  for (int i = 0; i < n_args; ++i) {
    const bool u = uniform(args[static_cast<std::size_t>(i)]);
    form |= u ? 1u << i : 0u;
    all_uniform = all_uniform && u;
  }
  const std::uint16_t arg_type = op == FG_EX_WHERE ? node(k).type : node(args[0]).type;
  const auto find = [&](Form f) {
    return op == FG_EX_CAST ? (f == 0 ? find_cast(arg_type, node(k).type) : nullptr)
                            : find_micro(op, node(k).type, arg_type, f);
  };
  Micro fn = all_uniform ? find(0) : find(form);
  const bool as_blocks = fn == nullptr;
  if (as_blocks) fn = find(0);
  if (fn == nullptr) {
    return refuse("node " + std::to_string(k) + ": no operation " + std::to_string(op) + " of type " +
                  std::to_string(node(k).type));
  }
  std::array<Place, 3> p{};
  for (std::size_t i = 0; i < 3; ++i) {  // operands that the operation lacks repeat the first
    const std::uint32_t arg = i < static_cast<std::size_t>(n_args) ? args[i] : args[0];
    p[i] = as_blocks ? as_block(arg) : place_[arg];
  }
  if (all_uniform) {
    place_[k] = new_cell();
    uniform_.push_back({fn, place_[k], p[0], p[1], p[2]});
    return {};
  }
  if (op == FG_EX_LT && node(args[0]).op == FG_EX_INDEX && uniform(args[1]) && !program_.cut) {
    program_.cut =
        Cut{static_cast<std::uint16_t>(k), static_cast<std::uint16_t>(node(args[0]).arg[0]), place_[args[1]].number};
  }
  place_[k] = destination(k);
  body_.push_back({fn, place_[k], p[0], p[1], p[2]});
  program_.cost += op == FG_EX_CAST ? 1 : micro_cost(op, node(k).type);
  for (int i = 0; i < n_args; ++i) release(args[static_cast<std::size_t>(i)], k);
  return {};
}

Result<void> Compiler::emit(std::uint32_t k) {
  const fg_expr_node& x = node(k);
  switch (x.op) {
    case FG_EX_INPUT: emit_input(k); return {};
    case FG_EX_INDEX: place_[k] = index_operand(static_cast<std::uint16_t>(x.arg[0])); return {};
    case FG_EX_CONST: place_[k] = new_cell(constant_bits(x)); return {};
    case FG_EX_SCALAR:
      place_[k] = new_cell();
      program_.scalars.push_back({place_[k].number, static_cast<std::uint16_t>(x.arg[0]), x.type});
      return {};
    default: break;
  }
  if (fused_[k].op != 0) {
    std::array<std::uint32_t, 3> args{node(fused_[k].mul).arg[0], node(fused_[k].mul).arg[1], fused_[k].other};
    if (uniform(args[0])) std::swap(args[0], args[1]);
    return emit_operation(k, fused_[k].op, args, 3);
  }
  return emit_operation(k, x.op, {x.arg[0], x.arg[1], x.arg[2]}, arity(x.op));
}

Result<void> Compiler::emit_output(std::size_t j) {
  if (written_directly_) return {};
  const std::uint32_t k = expr_.out[j];
  const Place to{Kind::operand, static_cast<std::uint16_t>(j)};
  const Place from = place_[k];
  const auto bytes = static_cast<std::size_t>(dtype_bytes(out_[j]));
  const bool is_input = node(k).op == FG_EX_INPUT && from.kind == Kind::operand;
  const bool same = is_input ? in_[node(k).arg[0]] == out_[j] : out_[j] == native_dtype(node(k).type);
  program_.cost += 1;
  if (from.kind == Kind::cell) {
    Place cell = from;
    if (!same) {
      cell = new_cell();
      uniform_.push_back({find_store(node(k).type, out_[j]), cell, from, from, from});
    }
    body_.push_back({find_fill(bytes), to, cell, cell, cell});
  } else {
    body_.push_back({same ? find_copy(bytes) : find_store(node(k).type, out_[j]), to, from, from, from});
    if (expr_.n_out == 1 && same && is_input) program_.identity = static_cast<std::int16_t>(node(k).arg[0]);
  }
  return {};
}

Result<Program> Compiler::finish() {
  for (fg_dtype d : in_) program_.in_bytes.push_back(static_cast<std::uint32_t>(dtype_bytes(d)));
  for (fg_dtype d : out_) program_.out_bytes.push_back(static_cast<std::uint32_t>(dtype_bytes(d)));
  const std::size_t operands = program_.n_operands();
  const std::size_t buffers = operands + program_.n_temps;
  if (operands > kMaxOperands || program_.cells.size() > kMaxCells || buffers > kMaxBuffers) {
    return unsupported("expression: needs " + std::to_string(buffers) + " blocks and " +
                           std::to_string(program_.cells.size()) + " scalars, at most " + std::to_string(kMaxBuffers) +
                           " and " + std::to_string(kMaxCells),
                       FG_R_LIMIT);
  }
  const auto slot = [&](Place p) {
    const std::size_t first = p.kind == Kind::cell ? operands : p.kind == Kind::temp ? program_.first_temp() : 0;
    return static_cast<std::uint16_t>(first + p.number);
  };
  const auto lower = [&](const std::vector<Step>& steps, std::vector<Instr>& to) {
    for (const Step& s : steps) to.push_back({s.fn, slot(s.dst), slot(s.a), slot(s.b), slot(s.c)});
  };
  lower(uniform_, program_.uniform);
  lower(broadcast_, program_.broadcast);
  lower(body_, program_.body);
  program_.hash = {expr_.hash[0], expr_.hash[1]};
  program_.cost = std::max<std::int64_t>(program_.cost, 1);
  return std::move(program_);
}

Result<Program> Compiler::run() {
  FG_TRY(check_expr(expr_));
  if (in_.size() != expr_.n_in || out_.size() != expr_.n_out) {
    return invalid("expression: has " + std::to_string(expr_.n_in) + " inputs and " + std::to_string(expr_.n_out) +
                   " outputs, the call " + std::to_string(in_.size()) + " and " + std::to_string(out_.size()));
  }
  program_.n_in = expr_.n_in;
  program_.n_out = expr_.n_out;
  count_uses();
  fuse();
  for (std::uint32_t k = 0; k < expr_.n_node; ++k) {
    if (uses_[k] == 0) continue;
    if (node(k).op == FG_EX_INPUT && node(k).type != compute_type(in_[node(k).arg[0]])) {
      return refuse("node " + std::to_string(k) + ": input " + std::to_string(node(k).arg[0]) + " is " +
                    std::string(dtype_name(in_[node(k).arg[0]])) + ", which has another compute type");
    }
    FG_TRY(emit(k));
  }
  // With several outputs no operand may be read any more once the first output is stored.
  for (std::size_t j = 0; expr_.n_out > 1 && j < expr_.n_out; ++j) {
    const std::uint32_t k = expr_.out[j];
    if (place_[k].kind != Kind::operand) continue;
    const Place block = new_temp(), from = place_[k];
    body_.push_back({find_copy(compute_bytes(node(k).type)), block, from, from, from});
    place_[k] = block;
  }
  for (std::size_t j = 0; j < expr_.n_out; ++j) FG_TRY(emit_output(j));
  return finish();
}

}  // namespace

fg_dtype native_dtype(std::uint16_t type) {
  switch (type) {
    case FG_CT_BOOL: return FG_BOOL;
    case FG_CT_I32: return FG_I32;
    case FG_CT_I64: return FG_I64;
    case FG_CT_F32: return FG_F32;
    default: return FG_F64;
  }
}

namespace {

Result<void> check_leaf(const fg_expr& e, const fg_expr_node& x, const std::string& who) {
  if (x.op == FG_EX_INPUT && x.arg[0] >= e.n_in) return refuse(who + ": there is no input " + std::to_string(x.arg[0]));
  if (x.op == FG_EX_SCALAR && x.arg[0] >= e.n_scalar)
    return refuse(who + ": there is no scalar " + std::to_string(x.arg[0]));
  if (x.op == FG_EX_INDEX && (x.type != FG_CT_I64 || x.arg[0] >= FG_ENGINE_MAX_NDIM))
    return refuse(who + ": bad index");
  return {};
}

Result<void> check_types(const fg_expr& e, const fg_expr_node& x, const std::string& who) {
  const auto type = [&](int i) { return e.node[x.arg[i]].type; };
  if (x.op == FG_EX_CAST) return {};
  if (x.op == FG_EX_WHERE) {
    if (type(0) == FG_CT_BOOL && type(1) == x.type && type(2) == x.type) return {};
    return refuse(who + ": operand types differ");
  }
  const std::uint16_t expected = is_comparison(x.op) ? type(0) : x.type;
  if (is_comparison(x.op) && x.type != FG_CT_BOOL) return refuse(who + ": a comparison is BOOL");
  for (int i = 0; i < arity(x.op); ++i) {
    if (type(i) != expected) return refuse(who + ": operand types differ");
  }
  return {};
}

}  // namespace

Result<void> check_expr(const fg_expr& e) {
  if (e.zero != 0) return invalid("expression: a reserved field is not 0", FG_R_RESERVED);
  if ((e.flags & ~FG_EXPR_USES_INDEX) != 0) return refuse("unknown flags " + std::to_string(e.flags));
  if (e.node == nullptr || e.out == nullptr || e.n_node == 0 || e.n_out == 0) return invalid("expression: is empty");
  for (std::uint32_t k = 0; k < e.n_node; ++k) {
    const fg_expr_node& x = e.node[k];
    const std::string who = "node " + std::to_string(k);
    if (x.op >= kOpMulAdd) return refuse(who + ": unknown operation " + std::to_string(x.op));
    if (x.type > FG_CT_F64) return refuse(who + ": unknown type " + std::to_string(x.type));
    if (is_leaf(x.op)) {
      FG_TRY(check_leaf(e, x, who));
      continue;
    }
    for (int i = 0; i < arity(x.op); ++i) {
      if (x.arg[i] >= k) return refuse(who + ": reads node " + std::to_string(x.arg[i]) + ", which is not before it");
    }
    FG_TRY(check_types(e, x, who));
  }
  for (std::uint16_t j = 0; j < e.n_out; ++j) {
    if (e.out[j] >= e.n_node)
      return refuse("output " + std::to_string(j) + ": there is no node " + std::to_string(e.out[j]));
  }
  return {};
}

Result<Program> compile(const fg_expr& expr, std::span<const fg_dtype> in, std::span<const fg_dtype> out) {
  return Compiler(expr, in, out).run();
}

Result<Program> compile_side(const fg_expr& expr, const Cut& cut, bool before, std::span<const fg_dtype> in,
                             std::span<const fg_dtype> out) {
  std::vector<fg_expr_node> nodes(expr.node, expr.node + expr.n_node);
  std::vector<std::uint32_t> stands_for(expr.n_node);
  for (std::uint32_t k = 0; k < expr.n_node; ++k) {
    fg_expr_node& x = nodes[k];
    stands_for[k] = k;
    for (int i = 0; i < arity(x.op); ++i) x.arg[i] = stands_for[x.arg[i]];
    if (x.op == FG_EX_WHERE && x.arg[0] == cut.node) stands_for[k] = x.arg[before ? 1 : 2];
  }
  std::vector<std::uint32_t> results(expr.out, expr.out + expr.n_out);
  for (std::uint32_t& r : results) r = stands_for[r];
  fg_expr side = expr;
  side.node = nodes.data();
  side.out = results.data();
  return compile(side, in, out);
}

void bind_scalars(const Program& program, const fg_scalar* scalar, std::uint64_t* cells) {
  std::copy(program.cells.begin(), program.cells.end(), cells);
  for (const ScalarCell& s : program.scalars) {
    with_compute_type(s.type, [&](auto tag) {
      const auto v = scalar_as<typename decltype(tag)::type>(scalar[s.scalar]);
      std::memcpy(&cells[s.cell], &v, sizeof v);
    });
  }
  if (program.uniform.empty()) return;
  const std::size_t first = program.n_operands();
  for (const Instr& k : program.uniform) {
    k.fn(&cells[k.dst - first], &cells[k.a - first], &cells[k.b - first], &cells[k.c - first], 1);
  }
}

}  // namespace fg::cpu
