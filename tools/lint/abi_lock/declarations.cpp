// SPDX-License-Identifier: Apache-2.0
#include "tools/lint/abi_lock/declarations.hpp"

#include <cctype>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace fg::abi_lock {
namespace {

bool word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// One blank between words, none elsewhere.
std::string normal(const std::string& text) {
  std::string out;
  bool blank = false;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      blank = true;
      continue;
    }
    if (blank && !out.empty() && word(out.back()) && word(c)) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

std::string without_comments(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "//") == 0) {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (text[i] == '"') {
      const std::size_t end = text.find('"', i + 1);
      out.append(text, i, end + 1 - i);
      i = end + 1;
    } else {
      out += text[i++];
    }
  }
  return out;
}

// Takes preprocessor lines out of `text`; constants and function-like macros go to `header`.
std::string without_directives(const std::string& text, Header& header) {
  static const std::regex kNumber(R"((FG_DTYPE\(.*\)|(0x)?[0-9a-fA-F]+[uUlL]*))");
  static const std::regex kObject(R"(#define (\w+) (.+))");
  static const std::regex kFunction(R"(#define (\w+)\(.*)");
  std::istringstream in(text);
  std::string out, line;
  while (std::getline(in, line)) {
    std::string joined = line;
    while (joined.ends_with('\\') && std::getline(in, line)) {
      joined.back() = ' ';
      joined += line;
    }
    if (!joined.starts_with("#")) {
      out += joined + "\n";
      continue;
    }
    joined.erase(joined.find_last_not_of(" \t") + 1);
    std::smatch m;
    if (std::regex_match(joined, kFunction)) {
      header.declarations.push_back(normal(joined));
    } else if (std::regex_match(joined, m, kObject)) {
      const std::string value = m[2];
      const bool literal = value.starts_with('"');
      if (literal || std::regex_match(value, kNumber)) header.constants.push_back({m[1], literal});
    }
  }
  return out;
}

// Position behind the bracket that closes the one at `open`.
std::size_t behind(const std::string& text, std::size_t open) {
  const char opening = text[open];
  const char closing = opening == '{' ? '}' : ')';
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == opening) ++depth;
    if (text[i] == closing && --depth == 0) return i + 1;
  }
  throw std::runtime_error("a bracket is not closed: " + text.substr(open, 60));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && (text[i] == '{' || text[i] == '(')) i = behind(text, i) - 1;
    if (i >= text.size() || text[i] == separator) {
      out.push_back(normal(text.substr(from, i - from)));
      from = i + 1;
    }
  }
  return out;
}

// "uint8_t uuid[16]" -> {uuid, uint8_t[16]}; "T(FG_CALL*f)(A)" -> {f, T(FG_CALL*)(A)}.
Member member_of(const std::string& declaration) {
  static const std::regex kFunction(R"((.+\(FG_CALL\*)(\w+)(\).*))");
  static const std::regex kPlain(R"((.*[\s*}])(\w+)((\[\w+\])?))");
  std::smatch m;
  if (std::regex_match(declaration, m, kFunction) || std::regex_match(declaration, m, kPlain)) {
    return {m[2], normal(m[1].str()) + m[3].str()};
  }
  throw std::runtime_error("not a member: " + declaration);
}

std::vector<Member> members_of(const std::string& body) {
  std::vector<Member> out;
  for (const std::string& declaration : split(body, ';')) {
    if (declaration.empty()) continue;
    const std::vector<std::string> names = split(declaration, ',');
    out.push_back(member_of(names[0]));
    // Further names share the type's words, not its stars or brackets.
    std::string base = out.back().type.substr(0, out.back().type.find('['));
    while (base.ends_with('*')) base.pop_back();
    for (std::size_t i = 1; i < names.size(); ++i) {
      Member next = member_of(base + " " + names[i]);
      out.push_back(std::move(next));
    }
  }
  return out;
}

void take_struct(const std::string& name, const std::string& body, Header& header) {
  Struct s{name, false, members_of(body)};
  s.grows = !s.members.empty() && s.members[0].type == "fg_hdr" && s.members[0].name == "hdr";
  header.structs.push_back(std::move(s));
}

void take_enum(const std::string& body, Header& header) {
  for (const std::string& item : split(body, ',')) {
    if (!item.empty()) header.enumerators.push_back(item.substr(0, item.find('=')));
  }
}

// One declaration that starts with `head` and has a body in braces.
void take_braced(const std::string& head, const std::string& body, const std::string& tail, Header& header) {
  static const std::regex kTypedef(R"(typedef struct (\w+))");
  static const std::regex kStruct(R"(struct (\w+))");
  std::smatch m;
  if (std::regex_match(head, m, kTypedef) && tail == m[1].str()) {
    take_struct(m[1], body, header);
  } else if (std::regex_match(head, m, kStruct) && tail.empty()) {
    take_struct(m[1], body, header);
  } else if (head == "enum" && tail.empty()) {
    take_enum(body, header);
  } else {
    throw std::runtime_error("neither struct nor plain enum: " + head);
  }
}

}  // namespace

Header parse_header(const std::string& include_path, const std::string& text) {
  Header header{include_path, {}, {}, {}, {}};
  static const std::regex kWords(R"(\bFG_EXTERN_C_(BEGIN|END)\b)");
  const std::string code = std::regex_replace(without_directives(without_comments(text), header), kWords, "");
  for (std::size_t at = 0; at < code.size();) {
    const std::size_t stop = code.find_first_of(";{", at);
    if (stop == std::string::npos) {
      if (!normal(code.substr(at)).empty())
        throw std::runtime_error("text after the last declaration: " + code.substr(at, 60));
      break;
    }
    const std::string head = normal(code.substr(at, stop - at));
    if (code[stop] == ';') {
      if (!head.empty() && !head.starts_with("FG_STATIC_ASSERT")) header.declarations.push_back(head);
      at = stop + 1;
      continue;
    }
    const std::size_t end = behind(code, stop);
    if (head.starts_with("static inline ")) {  // compiled into the caller: no part of the contract
      at = end;
      continue;
    }
    const std::size_t semicolon = code.find(';', end);
    if (semicolon == std::string::npos) throw std::runtime_error("no semicolon behind: " + head);
    take_braced(head, code.substr(stop + 1, end - stop - 2), normal(code.substr(end, semicolon - end)), header);
    at = semicolon + 1;
  }
  return header;
}

}  // namespace fg::abi_lock
