// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/vocabulary.hpp"

#include <algorithm>
#include <cctype>

namespace fg::gen {

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string dtype_constant(fg_dtype dtype) { return "FG_" + upper(dtype_name(dtype)); }

std::string stem(const std::string& op_name) {
  return op_name.ends_with('_') ? op_name.substr(0, op_name.size() - 1) : op_name;
}

std::string identifier(const std::string& name) {
  static constexpr std::array<std::string_view, 33> kWords{
      "and",      "auto", "bool",   "break", "case",   "char",   "const",  "continue", "default", "delete", "do",
      "double",   "else", "enum",   "false", "float",  "for",    "if",     "int",      "long",    "new",    "not",
      "operator", "or",   "return", "short", "signed", "static", "switch", "this",     "true",    "void",   "xor"};
  const bool taken = std::find(kWords.begin(), kWords.end(), name) != kWords.end();
  return taken ? name + "_" : name;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    out += c;
  }
  return out + "\"";
}

}  // namespace fg::gen
