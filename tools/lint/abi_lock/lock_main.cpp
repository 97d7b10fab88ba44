// SPDX-License-Identifier: Apache-2.0
//
// fg-abi-lock [--check | --update | --compatible] FILE
//
//   --check       FILE says what the compiled headers say (the default)
//   --update      rewrites FILE; what a plugin built before could not survive needs --break as well
//   --compatible  everything FILE pins still holds; structs that grow may have grown

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

extern "C" void fg_abi_print(std::FILE* f);

namespace {

constexpr std::string_view kTitle =
    "# The plugin interface as compiled on a 64-bit machine: every struct, member (offset, size), enumerator\n"
    "# and constant.  Made by fg-abi-lock --update; `./dev abi` compares it with the headers.\n";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && !line.starts_with("#")) out.push_back(line);
  }
  return out;
}

std::string compiled() {
  char* data = nullptr;
  std::size_t size = 0;
  std::FILE* f = ::open_memstream(&data, &size);
  fg_abi_print(f);
  std::fclose(f);
  std::string text = std::string(kTitle) + std::string(data, size);
  std::free(data);
  return text;
}

// "struct NAME grows SIZE" -> "struct NAME grows"; other lines unchanged.
std::string without_size(const std::string& line) {
  return line.starts_with("struct ") && line.find(" grows ") != std::string::npos ? line.substr(0, line.rfind(' '))
                                                                                  : line;
}

// Lines of `before` that no longer hold.  A minor that goes up is how the contract grows.
std::vector<std::string> broken(const std::string& before, const std::string& now) {
  std::set<std::string> have;
  for (const std::string& line : lines_of(now)) have.insert(without_size(line));
  std::vector<std::string> out;
  for (const std::string& line : lines_of(before)) {
    if (!line.starts_with("constant FG_ABI_MINOR ") && have.count(without_size(line)) == 0) out.push_back(line);
  }
  return out;
}

int check(const std::string& file, const std::string& before, const std::string& now) {
  if (before == now) return 0;
  const std::vector<std::string> old_lines = lines_of(before), new_lines = lines_of(now);
  const std::set<std::string> old_set(old_lines.begin(), old_lines.end()), new_set(new_lines.begin(), new_lines.end());
  for (const std::string& line : old_lines) {
    if (new_set.count(line) == 0) std::cerr << "- " << line << "\n";
  }
  for (const std::string& line : new_lines) {
    if (old_set.count(line) == 0) std::cerr << "+ " << line << "\n";
  }
  std::cerr << "fg-abi-lock: the headers differ from " << file << "; if that is meant: ./dev abi --update\n";
  return 1;
}

int complain(const std::vector<std::string>& lines, const char* what) {
  for (const std::string& line : lines) std::cerr << "- " << line << "\n";
  if (!lines.empty()) std::cerr << "fg-abi-lock: " << what << "\n";
  return lines.empty() ? 0 : 1;
}

int update(const std::string& file, const std::string& before, const std::string& now, bool may_break) {
  const int code = complain(broken(before, now), "a plugin built before would break; to do so all the same: --break");
  if (code != 0 && !may_break) return code;
  std::ofstream out(file);
  out << now;
  return out.flush() ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  std::string mode = "--check", file;
  bool may_break = false;
  for (const std::string& arg : std::vector<std::string>(argv + 1, argv + argc)) {
    if (arg == "--break") {
      may_break = true;
    } else if (arg == "--check" || arg == "--update" || arg == "--compatible") {
      mode = arg;
    } else if (!arg.starts_with("-") && file.empty()) {
      file = arg;
    } else {
      std::cerr << "fg-abi-lock: " << arg
                << " is not known; usage: fg-abi-lock [--check|--update [--break]|--compatible] FILE\n";
      return 2;
    }
  }
  if (file.empty()) file = "abi.lock";
  std::ifstream in(file);
  if (!in && mode != "--update") {
    std::cerr << "fg-abi-lock: " << file << " cannot be read\n";
    return 2;
  }
  const std::string before{std::istreambuf_iterator<char>(in), {}};
  const std::string now = compiled();
  if (mode == "--update") return update(file, before, now, may_break);
  if (mode == "--compatible") return complain(broken(before, now), "these no longer hold");
  return check(file, before, now);
}
