// SPDX-License-Identifier: Apache-2.0
//
// From a source to a program in OpenCL C.

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <string_view>
#include <vector>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/expr_text.hpp"
#include "plugins/gpu/kernel_files.hpp"
#include "plugins/opencl/device_facts.hpp"
#include "plugins/opencl/prelude_files.hpp"
#include "plugins/opencl/program.hpp"

namespace fg::opencl {
namespace {

constexpr std::array<int, 4> kPieces{16, 8, 4, 2};

std::string_view prelude(std::string_view name) {
  for (const gpu::KernelFile& file : prelude_files()) {
    if (file.name == name) return file.text;
  }
  return {};
}

void define(std::string& text, std::string_view name, std::string_view value) {
  text.append("#define ").append(name).append(" ").append(value).append("\n");
}
void define(std::string& text, std::string_view name, std::uint64_t value) {
  define(text, name, std::to_string(value));
}

// The source, or those that it is made of.
std::vector<const gpu::Source*> parts_of(const gpu::Source& s) {
  return s.parts.empty() ? std::vector<const gpu::Source*>{&s} : s.parts;
}

bool uses(const gpu::Source& s, std::string_view word) {
  const auto parts = parts_of(s);
  return std::any_of(parts.begin(), parts.end(), [&](const gpu::Source* part) {
    return part->body.find(word) != std::string::npos || part->functions.find(word) != std::string::npos;
  });
}

// Half of the power of two that holds a group.
std::uint32_t half_group(std::uint32_t size) {
  std::uint32_t half = 0;
  while (2 * half < size && size > 1) half = half == 0 ? 1 : 2 * half;
  return half;
}

void print_facts(std::string& text, const gpu::Source& s, const DeviceFacts& facts) {
  define(text, "GROUP_SIZE", s.group_size);
  define(text, "FG_HALF_GROUP", std::to_string(half_group(s.group_size)) + "u");
  define(text, "FG_WIDE_INDEX", s.wide_index ? 1 : 0);
  define(text, "FG_F64", s.uses_f64 ? 1 : 0);
  define(text, "FG_FUSES", facts.fuses ? 1 : 0);
  define(text, "FG_PTX", facts.ptx ? 1 : 0);
  define(text, "FG_PROCESSOR", facts.features.software ? 1 : 0);
  define(text, "HAS_ATOMIC64", facts.atomics64 ? 1 : 0);
  define(text, "HAS_SUBGROUPS", std::uint64_t{0});
  define(text, "HAS_PTX_SUMS", facts.ptx_sums ? 1 : 0);
}

// The words of one buffer.
void print_words(std::string& text, const gpu::BufferArg& b) {
  const std::string s(gpu::storage_word(b.dtype)), x = b.name, p = x + "_ptr";
  const std::int64_t size = dtype_bytes(b.dtype);
  define(text, x + "_t", gpu::compute_word(b.dtype));
  define(text, x + "_size", static_cast<std::uint64_t>(size));
  define(text, x + "_load(i)", "ld_" + s + "(" + p + ", i)");
  define(text, x + "_store(i, v)", "st_" + s + "(" + p + ", i, v)");
  define(text, x + "_bits(i)", "bits_" + s + "(" + p + ", i)");
  define(text, x + "_put_bits(i, u)", "put_" + s + "(" + p + ", i, u)");
  define(text, x + "_from(u)", "from_" + s + "(u)");
  define(text, x + "_to(v)", "to_" + s + "(v)");
  for (const int bytes : kPieces) {
    const std::string n = std::to_string(bytes);
    define(text, x + "_load" + n + "(k)", "FG_LOAD" + n + "(" + p + ", k)");
    define(text, x + "_store" + n + "(k, v)", "FG_STORE" + n + "(" + p + ", k, v)");
    if (size > bytes || (size == 8 && bytes < 8)) continue;
    const std::string how = (bytes > 4 ? "VECTOR_" : "WORD_") + std::to_string(size);
    define(text, x + "_of" + n + "(v, j)", "FG_OF_" + how + "(v, j)");
    define(text, x + "_put" + n + "(v, j, u)", "FG_TO_" + how + "(v, j, u)");
  }
  if (b.dtype == FG_F16) {
    define(text, x + "_all16(w, a)", "FG_ALL16_F16(w, a)"), define(text, x + "_whole16(a)", "FG_WHOLE16_F16(a)");
    define(text, x + "_all8(w, a)", "FG_ALL8_F16(w, a)"), define(text, x + "_whole8(a)", "FG_WHOLE8_F16(a)");
    define(text, x + "_all4(w, a)", "FG_ALL4_F16(w, a, 0)"), define(text, x + "_whole4(a)", "FG_WHOLE4_F16(a, 0)");
  }
  for (const std::string op : {"add", "min", "max", "mul"}) {
    define(text, x + "_atomic_" + op + "(i, v)", "atomic_" + op + "_" + s + "(" + p + " + (i), v)");
  }
}

// In the order of pack_params(); members align as it does.
void print_params(std::string& text, const gpu::Source& s) {
  for (const gpu::Param& p : s.params) {
    text += "  " + std::string(gpu::param_word(p.type)) + " p_" + p.name +
            (p.count > 1 ? "[" + std::to_string(p.count) + "]" : "") + ";\n";
  }
}

constexpr std::string_view kEndOfBlock = "} __attribute__((aligned(8)));\n";

void print_block(std::string& text, const gpu::Source& s) {
  text += "struct fg_block {\n  i64 group_count;\n";
  for (const gpu::BufferArg& b : s.buffers) text += "  u64 at_" + b.name + ";\n";
  print_params(text, s);
  text += kEndOfBlock;
}

// What the body finds under its own names: buffers at `place` of their number, parameters of the struct `block`.
void print_locals(std::string& text, const gpu::Source& s, const std::string& block,
                  const std::function<std::string(std::size_t)>& place) {
  define(text, "GROUP_COUNT", "(fg_block.group_count)");
  for (std::size_t k = 0; k < s.buffers.size(); ++k) {
    const std::string cell = "GLOBAL(" + std::string(gpu::storage_word(s.buffers[k].dtype)) + ")";
    text += "  " + cell + " " + s.buffers[k].name + "_ptr = (" + cell + ")(" + place(k) + ");\n";
  }
  for (const gpu::Param& p : s.params) {
    text += "  const " + std::string(gpu::param_word(p.type)) + (p.count > 1 ? "* " : " ") + p.name + " = " + block +
            ".p_" + p.name + ";\n";
  }
}

void print_shared(std::string& text, std::string_view shared) {
  while (!shared.empty()) {
    const std::size_t end = std::min(shared.find('\n'), shared.size());
    const std::string_view line = shared.substr(0, end);
    shared.remove_prefix(std::min(end + 1, shared.size()));
    const bool code = line.find_first_not_of(' ') != std::string_view::npos && line.rfind("//", 0) != 0;
    text.append(code && line[0] != '#' ? "  __local " : "").append(line).append("\n");
  }
}

// What stands before a kernel.
void print_types(std::string& text, const gpu::Source& s) {
  for (const auto& [name, value] : s.defines) define(text, name, value);
  text += s.functions;
  print_block(text, s);
  for (const gpu::BufferArg& b : s.buffers) print_words(text, b);
}

void print_body(std::string& text, const gpu::Source& s, bool addresses) {
  print_locals(text, s, "fg_block", [&](std::size_t k) {
    const std::string& name = s.buffers[k].name;
    return (addresses ? "" : "b_" + name + " + ") + "fg_block.at_" + name;
  });
  print_shared(text, s.shared);
  text += s.body;
}

// --- merged kernels: the words of each part hold for its functions and its body alone ---

// The same for parts that are the same: of the first of these.
std::size_t kind_of(const gpu::Source& merged, std::size_t part) {
  const auto first = std::find(merged.parts.begin(), merged.parts.end(), merged.parts[part]);
  return static_cast<std::size_t>(first - merged.parts.begin());
}

std::string words_of_part(const gpu::Source& merged, std::size_t kind) {
  const gpu::Source& s = *merged.parts[kind];
  std::string text;
  for (const std::string& name : s.helpers) define(text, name, name + "_" + std::to_string(kind));
  for (const auto& [name, value] : s.defines) define(text, name, value);
  for (const gpu::BufferArg& b : s.buffers) print_words(text, b);
  return text;
}

// Takes back what a text of defines, a line each, has defined.
std::string undefine(std::string_view defines) {
  constexpr std::string_view kDefine = "#define ";
  std::string text;
  while (!defines.empty()) {
    const std::string_view name =
        defines.substr(kDefine.size(), defines.find_first_of(" (", kDefine.size()) - kDefine.size());
    text.append("#undef ").append(name).append("\n");
    defines.remove_prefix(defines.find('\n') + 1);
  }
  return text;
}

void print_merged_types(std::string& text, const gpu::Source& merged) {
  std::string round;
  for (std::size_t k = 0; k < merged.parts.size(); ++k) {
    const std::string kind = std::to_string(kind_of(merged, k));
    round += "  struct fg_part" + kind + " part" + std::to_string(k) + ";\n";
    if (kind_of(merged, k) != k) continue;
    const std::string words = words_of_part(merged, k);
    text += words + merged.parts[k]->functions + undefine(words) + "struct fg_part" + kind + " {\n";
    print_params(text, *merged.parts[k]);
    text += kEndOfBlock;
  }
  text.append("struct fg_round {\n").append(round).append(kEndOfBlock);
  text += "struct fg_block {\n  i64 group_count;\n  u64 at[" + std::to_string(merged.buffers.size()) +
          "];\n  i64 rounds;\n  struct fg_round round[" + std::to_string(merged.most_rounds) + "];\n";
  text += kEndOfBlock;
}

void print_merged_body(std::string& text, const gpu::Source& merged, bool addresses) {
  if (!addresses) {
    text += "  __global uchar* const fg_memory[] = {";
    for (const gpu::BufferArg& b : merged.buffers) text += "b_" + b.name + ", ";
    text += "};\n";
  }
  const std::string each = std::to_string(merged.buffers.size() / merged.most_rounds);
  text += "  for (int fg_round = 0; fg_round < (int)fg_block.rounds; ++fg_round) {\n";
  std::size_t before = 0;
  for (std::size_t k = 0; k < merged.parts.size(); ++k) {
    const gpu::Source& s = *merged.parts[k];
    const std::string words = words_of_part(merged, kind_of(merged, k));
    text += words + "  {\n";
    print_locals(text, s, "fg_block.round[fg_round].part" + std::to_string(k), [&](std::size_t b) {
      const std::string at = "[fg_round * " + each + " + " + std::to_string(before + b) + "]";
      return (addresses ? "" : "fg_memory" + at + " + ") + "fg_block.at" + at;
    });
    text += s.body + "  }\n" + undefine(words) + "#undef GROUP_COUNT\n  FG_NEXT_LAUNCH();\n";
    before += s.buffers.size();
  }
  text += "  }\n";
}

}  // namespace

std::string kernel_name(const gpu::Source& source) {
  std::string name = "fg_" + source.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

std::string print_source(const gpu::Source& s, const DeviceFacts& facts) {
  std::string text;
  print_facts(text, s, facts);
  if (facts.reads_header) text += prelude("prelude_builtins");
  text += prelude("prelude");
  if (uses(s, "_atomic_")) text += prelude("prelude_atomics");
  const bool merged = !s.parts.empty();
  merged ? print_merged_types(text, s) : print_types(text, s);
  const std::string size = std::to_string(s.group_size);
  text += "__kernel __attribute__((reqd_work_group_size(" + size + ", 1, 1)))\nvoid " + kernel_name(s) + "(";
  if (!facts.addresses) {
    for (const gpu::BufferArg& b : s.buffers) text += "__global uchar* b_" + b.name + ", ";
  }
  text += "const struct fg_block fg_block) {\n";
  if (facts.features.software) text += "  FG_TOUCH_CONSTANTS();\n";
  merged ? print_merged_body(text, s, facts.addresses) : print_body(text, s, facts.addresses);
  return text + "}\n";
}

}  // namespace fg::opencl

namespace fg::gpu {

namespace {

// In words of the prelude.
template <class Base>
struct Spoken : Base {
  static std::string rough_division(const std::string& a, const std::string& b) { return "OVER(" + a + ", " + b + ")"; }
  static std::string rough_inverse(const std::string& d) { return "INVERSE(" + d + ")"; }
  static std::string builtin(std::string_view name, std::uint16_t type) {
    return name == "exp2" && type == FG_CT_F32 ? "EXP2" : Base::builtin(name, type);
  }
  static std::string multiply_add(const std::string& a, const std::string& b, const std::string& c) {
    return "FMA(" + a + ", " + b + ", " + c + ")";
  }
};

// PoCL's own functions branch for every element, so that no loop with one becomes vectors; the helpers do not.
template <class Base>
struct OnProcessor : Spoken<Base> {
  static std::string native(std::uint16_t op, std::uint16_t type) {
    return op == FG_EX_LOG1P || op == FG_EX_FMOD ? std::string() : Base::native(op, type);
  }
};

template <class Dialect>
Result<Printed> print_as(const fg_expr& program, const ExprNames& names) {
  if (opencl::all_are_processors()) return print_expr_as<OnProcessor<Dialect>>(program, names);
  return print_expr_as<Spoken<Dialect>>(program, names);
}

}  // namespace

Result<Printed> print_expr(const fg_expr& program, const ExprNames& names) {
  if (opencl::all_divide_exactly()) return print_as<sdk::OpenClRoundedDialect>(program, names);
  return print_as<sdk::OpenClDialect>(program, names);
}

}  // namespace fg::gpu
