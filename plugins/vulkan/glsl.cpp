// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/glsl.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <utility>
#include <vector>

#include "fg/sdk/dtype.hpp"

namespace fg::vulkan {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

// `text` with the words replaced, longest first where one begins another.
std::string with_words(std::string_view text, const Words& words) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto hit = std::find_if(words.begin(), words.end(),
                                  [&](const auto& w) { return text.substr(at, w.first.size()) == w.first; });
    if (hit == words.end()) {
      out += text[at++];
    } else {
      out += hit->second;
      at += hit->first.size();
    }
  }
  return out;
}

bool is_of(std::string_view kind, fg_dtype d) {
  const std::int64_t bytes = dtype_bytes(d);
  if (kind == "small") return is_float(d) && bytes < 4;
  if (kind == "words") return bytes <= 4;
  if (kind == "pairs") return bytes == 8;
  return true;
}

std::string for_storage(std::string_view text, fg_dtype d) {
  constexpr std::string_view kRaw[] = {"", "uint8_t", "uint16_t", "", "u32", "", "", "", "u64"};
  const auto bytes = static_cast<std::size_t>(dtype_bytes(d));
  return with_words(text, {{"$S", std::string(gpu::storage_word(d))},
                           {"$C", std::string(gpu::compute_word(d))},
                           {"$B", std::to_string(bytes)},
                           {"$R", std::string(kRaw[bytes])},
                           {"$W", bytes == 8 ? "u64" : "u32"}});
}

std::string repeated(std::string_view kind, std::string_view text, bool f64) {
  std::string out;
  for (const DtypeName& d : kDtypes) {
    if (!is_of(kind, d.dtype) || (d.dtype == FG_F64 && !f64)) continue;
    const std::string one = for_storage(text, d.dtype);
    if (one.find("$O") == std::string::npos) {
      out += one;
      continue;
    }
    for (const char* op : {"add", "min", "max", "mul"}) out += with_words(one, {{"$O", op}});
  }
  return out;
}

std::string prelude(bool f64) {
  constexpr std::string_view kFor = "//@for ", kEnd = "//@end\n";
  std::string out;
  std::string_view rest = prelude_files().front().text;
  for (;;) {
    const std::size_t begin = rest.find(kFor);
    out += rest.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const std::size_t line = rest.find('\n', begin), end = rest.find(kEnd, begin);
    out += repeated(rest.substr(begin + kFor.size(), line - begin - kFor.size()), rest.substr(line + 1, end - line - 1),
                    f64);
    rest.remove_prefix(end + kEnd.size());
  }
}

std::string define(std::string_view name, std::string_view value) {
  return "#define " + std::string(name) + " " + std::string(value) + "\n";
}

bool uses_atomics(const gpu::Source& s) {
  return s.body.find("_atomic_") != std::string::npos || s.functions.find("atomic_") != std::string::npos;
}

std::string head(const gpu::Source& s, const GlslTarget& t) {
  std::string out = "#version 460\n";
  for (const char* extension :
       {"buffer_reference2", "scalar_block_layout", "control_flow_attributes", "shader_8bit_storage",
        "shader_16bit_storage", "shader_explicit_arithmetic_types_int64"}) {
    out += "#extension GL_EXT_" + std::string(extension) + " : require\n";
  }
  if (t.f16) {
    out += "#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require\n";
    out += "#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require\n";
  }
  const bool atomics = uses_atomics(s), subgroups = uses_subgroups(s, t);
  if (t.atomic64 && atomics) out += "#extension GL_EXT_shader_atomic_int64 : require\n";
  if (t.atomic_f32 && atomics) out += "#extension GL_EXT_shader_atomic_float : require\n";
  if (subgroups) out += "#extension GL_KHR_shader_subgroup_shuffle : require\n";
  if (subgroups) out += "#extension GL_KHR_shader_subgroup_shuffle_relative : require\n";
  out += define("GROUP_SIZE", std::to_string(s.group_size));
  out += define("GROUP_HALF", std::to_string(std::bit_ceil(s.group_size) / 2) + "u");
  out += define("HAS_F16", t.f16 ? "1" : "0");
  // Only where they change something, so that devices share texts.
  if (atomics || s.body.find("HAS_ATOMIC64") != std::string::npos) {
    out += define("HAS_ATOMIC64", t.atomic64 ? "1" : "0");
    out += define("HAS_ATOMIC_F32", t.atomic_f32 ? "1" : "0");
    out += define("HAS_ATOMIC_F64", t.atomic_f64 ? "1" : "0");
  }
  out += define("HAS_SUBGROUPS", subgroups ? "1" : "0");
  if (subgroups) out += define("SUBGROUP_SIZE", std::to_string(t.subgroup) + "u");
  out += define("USES_ATOMICS", atomics ? "1" : "0");
  out += define("USES_F64", s.uses_f64 ? "1" : "0");
  out += define("SPLIT_GROUPS", t.split_groups ? "1" : "0");
  out += define("IS_LLVMPIPE", t.llvmpipe ? "1" : "0");
  out += define("idx", s.wide_index ? "int64_t" : "int");
  return out;
}

// Words of one buffer.
std::string buffer_words(const gpu::BufferArg& b) {
  const std::string& x = b.name;
  const std::string s(gpu::storage_word(b.dtype)), bytes = std::to_string(dtype_bytes(b.dtype));
  std::string out = define(x + "_t", gpu::compute_word(b.dtype)) + define(x + "_size", bytes);
  out += define(x + "_load(i)", "ld_" + s + "(" + x + "_ptr, i)");
  out += define(x + "_store(i, v)", "st_" + s + "(" + x + "_ptr, i, v)");
  out += define(x + "_bits(i)", "bits_" + s + "(" + x + "_ptr, i)");
  out += define(x + "_put_bits(i, u)", "put_" + s + "(" + x + "_ptr, i, u)");
  out += define(x + "_from(u)", "from_" + s + "(u)") + define(x + "_to(v)", "to_" + s + "(v)");
  for (const char* piece : {"16", "8", "4", "2"}) {
    const std::string p = piece;
    out += define(x + "_load" + p + "(k)", "ld" + p + "(" + x + "_ptr, k)");
    out += define(x + "_store" + p + "(k, w)", "st" + p + "(" + x + "_ptr, k, w)");
    out += define(x + "_of" + p + "(w, j)", "of" + p + "_" + bytes + "(w, j)");
    out += define(x + "_put" + p + "(w, j, u)", "put" + p + "_" + bytes + "(w, j, u)");
  }
  if (b.dtype == FG_F16) {
    out += define(x + "_all16(w, a)", "all16_f16(w, a)") + define(x + "_whole16(a)", "whole16_f16(a)");
    out += define(x + "_all8(w, a)", "all8_f16(w, a)") + define(x + "_whole8(a)", "whole8_f16(a)");
    out += define(x + "_all4(w, a)", "all4_f16(w, a, 0)") + define(x + "_whole4(a)", "whole4_f16(a, 0)");
  }
  for (const char* op : {"add", "min", "max", "mul"}) {
    out += define(x + "_atomic_" + op + "(i, v)", "atomic_" + std::string(op) + "_" + s + "(" + x + "_ptr, i, v)");
  }
  return out;
}

// Words of GLSL that kernels may use as names.  Those that our own text needs behind the prelude are not among them.
std::string free_words() {
  std::string out;
  for (const char* word : {"active", "centroid", "common", "filter", "fixed", "flat", "half", "input", "invariant",
                           "output", "partition", "patch", "resource", "sample", "smooth", "using"}) {
    out += define(word, std::string(word) + "_");
  }
  return out;
}

struct Member {
  std::string type, name, length;  // length: "[4]" or nothing.
};

std::vector<Member> members(const gpu::Source& s, const GlslTarget& t) {
  std::vector<Member> all;
  if (t.split_groups) all.push_back({"i64", "GROUP_COUNT", ""});
  for (const gpu::BufferArg& b : s.buffers) all.push_back({"u64", b.name + "_ptr", ""});
  for (const gpu::Param& p : s.params) {
    all.push_back({std::string(gpu::param_word(p.type)), p.name,
                   p.count > 1 ? "[" + std::to_string(p.count) + "]" : std::string()});
  }
  return all;
}

std::string arguments(const gpu::Source& s, const GlslTarget& t) {
  // Members of a reference may not be called as GLSL's methods are: length().
  const bool in_memory = argument_layout(s, t).in_memory;
  std::string list;
  for (const Member& m : members(s, t))
    list += "  " + m.type + " " + m.name + (in_memory ? "_" : "") + m.length + ";\n";
  if (!in_memory) return "layout(push_constant, scalar) uniform Arguments {\n" + list + "};\n";
  return "layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Arguments {\n" + list +
         "};\nlayout(push_constant, scalar) uniform Pushed { Arguments arguments_; };\n";
}

// Arguments that lie in memory, as constants of main.
std::string unpacked(const gpu::Source& s, const GlslTarget& t) {
  std::string out;
  if (!argument_layout(s, t).in_memory) return out;
  for (const Member& m : members(s, t)) {
    out += "const " + m.type + " " + m.name + m.length + " = arguments_." + m.name + "_;\n";
  }
  return out;
}

std::string shared_arrays(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) out += "shared " + std::string(line) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

ArgumentLayout argument_layout(const gpu::Source& source, const GlslTarget& target) {
  ArgumentLayout l;
  l.buffers_at = target.split_groups ? 8 : 0;
  l.params_at = l.buffers_at + 8 * static_cast<std::uint32_t>(source.buffers.size());
  l.bytes = (l.params_at + gpu::params_bytes(source) + 3) / 4 * 4;
  l.in_memory = l.bytes > target.push_bytes;
  return l;
}

bool uses_subgroups(const gpu::Source& s, const GlslTarget& t) {
  const auto names = [](const std::string& text) {
    return text.find("SUBGROUP_") != std::string::npos || text.find("GROUP_REDUCE") != std::string::npos ||
           text.find("GROUP_SCAN") != std::string::npos;
  };
  return t.subgroup != 0 && s.group_size % t.subgroup == 0 && (names(s.functions) || names(s.body));
}

std::string print_glsl(const gpu::Source& s, const GlslTarget& t) {
  std::string out = head(s, t) + prelude(s.uses_f64) + free_words() + arguments(s, t);
  for (const auto& [name, value] : s.defines) out += define(name, value);
  for (const gpu::BufferArg& b : s.buffers) out += buffer_words(b);
  out += "layout(local_size_x = " + std::to_string(s.group_size) + ") in;\n";
  out += shared_arrays(s.shared) + s.functions + "void main() {\n" + unpacked(s, t);
  if (t.split_groups) out += "if (GROUP_ID >= GROUP_COUNT) return;\n";
  return out + s.body + "}\n";
}

}  // namespace fg::vulkan
