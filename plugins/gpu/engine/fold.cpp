// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/engine/fold.hpp"

#include <algorithm>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/launch.hpp"

namespace fg::gpu {
namespace {

bool computes_f64(const fg_expr& e) {
  return std::any_of(e.node, e.node + e.n_node, [](const fg_expr_node& n) { return n.type == FG_CT_F64; });
}

// Shared memory holds no bool.
std::string shared_word(std::uint16_t type) { return type == FG_CT_BOOL ? "i32" : type_word(type); }

std::string number(std::size_t k) { return std::to_string(k); }

// Element `at` of buffer `x`, loaded into an array; returns what takes it out as `own`.
std::string add_ahead(const std::string& x, const std::string& type, const std::string& own, const std::string& at,
                      FoldText::Ahead& ahead) {
  ahead.declare += "LOCAL_ARRAY(" + type + ", w" + x + ", AHEAD);\n";
  ahead.load += "w" + x + "[w] = " + x + "_load(" + at + ");\n";
  return type + " " + own + " = w" + x + "[w];\n";
}

}  // namespace

Result<Fold> make_fold(const char* who, const fg_sig& sig, const fg_expr* prologue, const fg_expr* epilogue,
                       std::uint32_t monoid) {
  if (prologue == nullptr || epilogue == nullptr) {
    return invalid(std::string(who) + ": the signature has no programs", FG_R_NULL_POINTER);
  }
  FG_TRY(check_expr(*prologue));
  FG_TRY(check_expr(*epilogue));
  if (prologue->n_out != 1 || prologue->n_in != sig.n_in || epilogue->n_out != sig.n_out) {
    return invalid(std::string(who) + ": the programs do not fit " + number(sig.n_out) + " outputs and " +
                   number(sig.n_in) + " inputs");
  }
  Fold f;
  FG_TRY_ASSIGN(f.monoid, Monoid::make(monoid, prologue->node[prologue->out[0]].type));
  if (epilogue->n_in > f.monoid.parts() + 1) return invalid(std::string(who) + ": the epilogue reads too many inputs");
  if (!indices_of(*epilogue).empty()) {
    return unsupported(std::string(who) + ": an epilogue has no positions", FG_R_EXPRESSION);
  }
  f.prologue = ProgramCopy(*prologue);
  f.epilogue = ProgramCopy(*epilogue);
  f.n_out = sig.n_out;
  f.n_in = sig.n_in;
  for (std::size_t k = 0; k < f.n(); ++k) f.dtypes.push_back(sig.t[k].dtype);
  f.index_dims = indices_of(*prologue);
  f.scalars = scalars_of({prologue, epilogue});
  std::vector<std::string> helpers;
  FG_TRY(print_expr(*prologue, {"v", "a", "s", "i", &helpers}));
  FG_TRY(print_expr(*epilogue, {"u", "e", "s", "i", &helpers}));
  return f;
}

FoldText::FoldText(const Fold& fold, const char* name, bool wide) : fold_(fold) {
  source_.name = name;
  source_.wide_index = wide;
  const auto has_f64 = [](fg_dtype d) { return d == FG_F64; };
  source_.uses_f64 = std::any_of(fold.dtypes.begin(), fold.dtypes.end(), has_f64) ||
                     computes_f64(fold.prologue.view()) || computes_f64(fold.epilogue.view());
}

void FoldText::add_inputs() {
  for (std::size_t k = 0; k < fold_.n_in; ++k) {
    source_.buffers.push_back({"x" + number(k), fold_.dtypes[fold_.n_out + k], Access::read});
  }
}
void FoldText::add_outputs() {
  for (std::size_t j = 0; j < fold_.n_out; ++j)
    source_.buffers.push_back({"y" + number(j), fold_.dtypes[j], Access::write});
}
void FoldText::add_partials(Access access) {
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    source_.buffers.push_back({"w" + number(k), state_dtype(fold_.monoid.types()[k]), access});
  }
}

Result<std::string> FoldText::element_of(const std::string& name, const std::string& loads,
                                         const std::string& position) {
  FG_TRY_ASSIGN(const Printed p, print_expr(fold_.prologue.view(), {name + "v", name + "a", "s", "i", &helpers_}));
  source_.functions += p.functions;
  return loads + p.statements + fold_.monoid.declare_element(name, p.outputs[0], position);
}

Result<std::string> FoldText::element(const std::string& name, const std::string& offset, const std::string& position) {
  std::string loads;
  for (std::size_t k = 0; k < fold_.n_in; ++k) {
    const std::string x = "x" + number(k);
    loads += x + "_t " + name + "a" + number(k) + " = " + x + "_load(" + offset + number(fold_.n_out + k) + ");\n";
  }
  return element_of(name, loads, position);
}

Result<std::string> FoldText::element_ahead(const std::string& name, const std::string& offset,
                                            const std::string& position, std::int64_t each, Ahead& ahead) {
  std::string takes;
  for (std::size_t k = 0; k < fold_.n_in; ++k) {
    const std::string x = "x" + number(k), own = name + "a" + number(k), at = offset + number(fold_.n_out + k);
    if (each == 1) {
      takes += add_ahead(x, x + "_t", own, at, ahead);
      continue;
    }
    const std::string bytes = number(static_cast<std::size_t>(each * dtype_bytes(fold_.dtypes[fold_.n_out + k])));
    ahead.declare += "LOCAL_ARRAY(PIECE" + bytes + ", w" + x + ", AHEAD);\n";
    ahead.load += "w" + x + "[w] = " + x + "_load" + bytes + "((" + at + ") / idx(EACH));\n";
    takes += x + "_t " + own + " = " + x + "_from(" + x + "_of" + bytes + "(w" + x + "[w], j));\n";
  }
  return element_of(name, takes, position);
}

namespace {

// `each` neighbours as pieces of 16 bytes, or one that is smaller.
struct Pieces {
  std::string bytes, count, elements;  // Of a piece, of pieces, of elements of a piece
  Pieces(fg_dtype dtype, std::int64_t each) {
    const std::int64_t size = dtype_bytes(dtype), own = std::min<std::int64_t>(16, each * size);
    bytes = std::to_string(own);
    count = std::to_string(each * size / own);
    elements = std::to_string(own / size);
  }
  std::string loop() const { return "UNROLL\nfor (i32 p = 0; p < " + count + "; ++p) {\n"; }
  std::string elements_loop() const { return "UNROLL\nfor (i32 j = 0; j < " + elements + "; ++j) {\n"; }
  std::string at(const std::string& offset) const { return "(" + offset + " + own) / idx(" + elements + ") + idx(p)"; }
  std::string element() const { return "p * " + elements + " + j"; }
};

}  // namespace

FoldText::Keep FoldText::keep_elements(const std::string& places, std::int64_t each, bool pieces) const {
  Keep keep;
  std::string loads, moves;
  for (std::size_t k = 0; k < fold_.n_in; ++k) {
    const std::string x = "x" + number(k), operand = number(fold_.n_out + k);
    keep.declare += "LOCAL_ARRAY(" + x + "_t, n" + x + ", EACH);\n";
    keep.use += "LOCAL_ARRAY(" + x + "_t, k" + x + ", EACH);\n";
    moves += "k" + x + "[j] = n" + x + "[j];\n";
    if (!pieces) {
      loads += "n" + x + "[j] = " + x + "_load(q" + operand + ");\n";
      continue;
    }
    const Pieces p(fold_.dtypes[fold_.n_out + k], each);
    loads += p.loop() + "PIECE" + p.bytes + " w = " + x + "_load" + p.bytes + "(" + p.at("o" + operand) + ");\n" +
             p.elements_loop() + "n" + x + "[" + p.element() + "] = " + x + "_from(" + x + "_of" + p.bytes +
             "(w, j));\n}\n}\n";
  }
  const std::string each_one = "UNROLL\nfor (i32 j = 0; j < EACH; ++j) {\n";
  keep.load = pieces ? "if (own < end) {\n" + loads + "}\n"
                     : each_one + "idx r = own + idx(j);\nif (r < end) {\n" + places + loads + "}\n}\n";
  keep.use += each_one + moves + "}\n";
  return keep;
}

Result<std::string> FoldText::kept_element(const std::string& name, const std::string& position) {
  std::string takes;
  for (std::size_t k = 0; k < fold_.n_in; ++k) {
    const std::string x = "x" + number(k);
    takes += x + "_t " + name + "a" + number(k) + " = k" + x + "[j];\n";
  }
  return element_of(name, takes, position);
}

std::int64_t piece_elements(std::span<const fg_dtype> dtypes) {
  std::int64_t widest = 1;
  for (const fg_dtype d : dtypes) widest = std::max(widest, dtype_bytes(d));
  return 16 / widest;
}

template <class Store>
Result<std::string> FoldText::finish_with(const std::string& name, const std::string& count, Store&& store) {
  const fg_expr e = fold_.epilogue.view();
  FG_TRY_ASSIGN(const Printed p, print_expr(e, {"u", "e", "s", "i", &helpers_}));
  source_.functions += p.functions;
  std::string text = "{\n";
  for (std::uint32_t k = 0; k < e.n_in; ++k) {
    const bool is_count = k == fold_.monoid.parts();
    const std::string word = type_word(is_count ? std::uint16_t{FG_CT_I64} : fold_.monoid.types()[k]);
    text += word + " e" + number(k) + " = " + (is_count ? count : name + number(k)) + ";\n";
  }
  text += p.statements;
  for (std::size_t j = 0; j < fold_.n_out; ++j) {
    text += store(j, stored_text(p.outputs[j], p.types[j], fold_.dtypes[j])) + ";\n";
  }
  return text + "}\n";
}

Result<std::string> FoldText::finish(const std::string& name, const std::string& offset, const std::string& count) {
  return finish_with(name, count, [&](std::size_t j, const std::string& value) {
    return "y" + number(j) + "_store(" + offset + number(j) + ", " + value + ")";
  });
}
Result<std::string> FoldText::finish_kept(const std::string& name, const std::string& count) {
  return finish_with(name, count,
                     [&](std::size_t j, const std::string& value) { return "ky" + number(j) + "[j] = " + value; });
}

std::string FoldText::declare_finished() const {
  std::string text;
  for (std::size_t k = 0; k < fold_.n_out; ++k) {
    text += "LOCAL_ARRAY(y" + number(k) + "_t, ky" + number(k) + ", EACH);\n";
  }
  return text;
}
std::string FoldText::store_finished(std::int64_t each) const {
  std::string text = "if (own < end) {\n";
  for (std::size_t k = 0; k < fold_.n_out; ++k) {
    const Pieces p(fold_.dtypes[k], each);
    const std::string y = "y" + number(k);
    text += p.loop() + "PIECE" + p.bytes + " w = ZERO" + p.bytes + ";\n" + p.elements_loop() + y + "_put" + p.bytes +
            "(w, j, " + y + "_to(k" + y + "[" + p.element() + "]));\n}\n" + y + "_store" + p.bytes + "(" +
            p.at("o" + number(k)) + ", w);\n}\n";
  }
  return text + "}\n";
}

std::string FoldText::load_partial(const std::string& name, const std::string& at) const {
  std::string text;
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    const std::string w = "w" + number(k);
    text += w + "_t " + name + number(k) + " = " + w + "_load(" + at + ");\n";
  }
  return text;
}
std::string FoldText::partial_ahead(const std::string& name, const std::string& at, Ahead& ahead) const {
  std::string takes;
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    const std::string w = "w" + number(k);
    takes += add_ahead(w, w + "_t", name + number(k), at, ahead);
  }
  return takes;
}
std::string FoldText::store_partial(const std::string& name, const std::string& at) const {
  std::string text;
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    text += "w" + number(k) + "_store(" + at + ", " + name + number(k) + ");\n";
  }
  return text;
}

void FoldText::share_states() {
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    source_.shared += shared_word(fold_.monoid.types()[k]) + " part" + number(k) + "[GROUP_SIZE];\n";
  }
}
std::string FoldText::load_shared(const std::string& name, const std::string& at) const {
  std::string text;
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    const bool truth = fold_.monoid.types()[k] == FG_CT_BOOL;
    text += type_word(fold_.monoid.types()[k]) + " " + name + number(k) + " = part" + number(k) + "[" + at + "]" +
            (truth ? " != 0" : "") + ";\n";
  }
  return text;
}
std::string FoldText::store_shared(const std::string& name, const std::string& at) const {
  std::string text;
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    const bool truth = fold_.monoid.types()[k] == FG_CT_BOOL;
    text += "part" + number(k) + "[" + at + "] = " + name + number(k) + (truth ? " ? 1 : 0" : "") + ";\n";
  }
  return text;
}

std::string FoldText::shuffled(const std::string& name, const std::string& from, const std::string& shuffle,
                               const std::string& reach) const {
  std::string text;
  for (std::size_t k = 0; k < fold_.monoid.parts(); ++k) {
    text += type_word(fold_.monoid.types()[k]) + " " + name + number(k) + " = " + shuffle + "(" + from + number(k) +
            ", " + reach + ");\n";
  }
  return text;
}

Result<std::string> FoldText::group_join(const std::string& name) {
  FG_TRY_ASSIGN(const std::string tree, group_tree(name));
  // All work-items combine in each step of a subgroup: that pays where combining is an instruction or two.
  if (fold_.monoid.parts() > 1) return tree;
  FG_TRY_ASSIGN(const std::string merge, combine(name, name, "t"));
  return "#if HAS_SUBGROUPS\nfor (u32 reach = SUBGROUP_SIZE / 2u; reach > 0u; reach >>= 1) {\n" +
         shuffled("t", name, "SUBGROUP_XOR", "reach") + merge + "}\nif (SUBGROUP_LANE == 0u) {\n" +
         store_shared(name, "SUBGROUP_ID") +
         "}\nGROUP_BARRIER();\nif (LOCAL_ID == 0u) {\nfor (u32 f = 1u; f < GROUP_SIZE / SUBGROUP_SIZE; ++f) {\n" +
         load_shared("t", "f") + merge + "}\n}\n#else\n" + tree + "#endif\n";
}

Result<std::string> FoldText::group_tree(const std::string& name) {
  constexpr std::uint32_t kFan = 8;  // States that a work-item joins at once: barriers cost more.
  FG_TRY_ASSIGN(const std::string merge, combine(name, name, "t"));
  std::string text = store_shared(name, "LOCAL_ID") + "GROUP_BARRIER();\n";
  for (std::uint32_t step = source_.group_size; step > 1;) {
    const std::uint32_t next = (step + kFan - 1) / kFan;
    const std::string reach = number(next) + "u";
    text += "if (LOCAL_ID < " + reach + ") {\nfor (u32 f = LOCAL_ID + " + reach + "; f < " + number(step) +
            "u; f += " + reach + ") {\n" + load_shared("t", "f") + merge + "}\n" + store_shared(name, "LOCAL_ID") +
            "}\n";
    if (next > 1) text += "GROUP_BARRIER();\n";
    step = next;
  }
  return text;
}

fg_dtype state_dtype(std::uint16_t type) {
  constexpr fg_dtype kDtype[] = {FG_BOOL, FG_I32, FG_I64, FG_F32, FG_F64};
  return kDtype[type];
}

std::uint64_t state_bytes(const Monoid& m) {
  std::uint64_t bytes = 0;
  for (const std::uint16_t t : m.types()) bytes += static_cast<std::uint64_t>(dtype_bytes(state_dtype(t)));
  return bytes;
}

std::vector<BufferRef> partial_buffers(const Monoid& m, BufferRef workspace, std::uint64_t count) {
  std::vector<BufferRef> buffers;
  for (const std::uint16_t t : m.types()) {
    buffers.push_back(workspace);
    const std::uint64_t bytes = count * static_cast<std::uint64_t>(dtype_bytes(state_dtype(t)));
    workspace.byte_offset += groups_for(bytes, kWorkspaceAlign) * kWorkspaceAlign;
  }
  return buffers;
}

std::uint64_t partial_bytes(const Monoid& m, std::uint64_t count) {
  return count * state_bytes(m) + (m.parts() + 1) * kWorkspaceAlign;
}

}  // namespace fg::gpu
