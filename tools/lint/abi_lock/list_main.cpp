// SPDX-License-Identifier: Apache-2.0
//
// fg-abi-list OUT.c ROOT HEADER...: writes a C source whose fg_abi_print() prints every struct,
// member, offset, size, enumerator and constant of the headers, as the compiler sees them.  A struct
// that grows must end with its last member: one appended into padding would be read as present.

#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "tools/lint/abi_lock/declarations.hpp"

namespace {

using fg::abi_lock::Header;

std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return "\"" + out + "\"";
}

std::string type_of(const fg::abi_lock::Struct& s) { return s.name == "fg_kernel" ? "struct fg_kernel" : s.name; }

void assert_no_padding(std::ostream& out, const Header& h) {
  for (const auto& s : h.structs) {
    if (!s.grows) continue;
    const std::string type = type_of(s);
    out << "_Static_assert(sizeof(" << type << ") == FG_END(" << type << ", " << s.members.back().name << "), \""
        << s.name << " has padding at its end\");\n";
  }
}

void print_header(std::ostream& out, const Header& h) {
  out << "  fprintf(f, \"\\n# " << h.path << "\\n\");\n";
  for (const auto& c : h.constants) {
    out << (c.text ? "  fprintf(f, \"constant " + c.name + " \\\"%s\\\"\\n\", " + c.name + ");\n"
                   : "  fprintf(f, \"constant " + c.name + " %llu\\n\", (unsigned long long)(" + c.name + "));\n");
  }
  for (const std::string& e : h.enumerators)
    out << "  fprintf(f, \"enumerator " << e << " %lld\\n\", (long long)" << e << ");\n";
  for (const auto& s : h.structs) {
    const std::string type = type_of(s);
    out << "  fprintf(f, \"struct " << s.name << (s.grows ? " grows" : " frozen") << " %zu\\n\", sizeof(" << type
        << "));\n";
    for (const auto& m : s.members) {
      out << "  fprintf(f, \"member " << s.name << " %zu %zu " << m.name << " : %s\\n\", offsetof(" << type << ", "
          << m.name << "), sizeof(((" << type << "*)0)->" << m.name << "), " << quoted(m.type) << ");\n";
    }
  }
  for (const std::string& d : h.declarations) out << "  fprintf(f, \"declaration %s\\n\", " << quoted(d) << ");\n";
}

int run(int argc, char** argv) {
  if (argc < 4) throw std::runtime_error("expected OUT.c ROOT HEADER...");
  std::ofstream out(argv[1]);
  out << "// Written by fg-abi-list.\n#include <stddef.h>\n#include <stdio.h>\n\n";
  std::vector<Header> headers;
  for (int i = 3; i < argc; ++i) {
    std::ifstream in(std::string(argv[2]) + "/" + argv[i]);
    if (!in) throw std::runtime_error(std::string(argv[i]) + " cannot be read");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    try {
      headers.push_back(fg::abi_lock::parse_header(argv[i], text));
    } catch (const std::runtime_error& e) {
      throw std::runtime_error(std::string(argv[i]) + ": " + e.what());
    }
    out << "#include \"" << argv[i] << "\"\n";
  }
  for (const Header& h : headers) assert_no_padding(out, h);
  out << "\nvoid fg_abi_print(FILE* f);\nvoid fg_abi_print(FILE* f) {\n";
  for (const Header& h : headers) print_header(out, h);
  out << "}\n";
  return out.flush() ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "fg-abi-list: " << e.what() << "\n";
    return 2;
  }
}
