// SPDX-License-Identifier: Apache-2.0
//
// fg-gen: turns the operator catalogue (ops/*.yaml) into headers, tables and reference pages.
//   fg-gen --out DIR FILE...     writes the generated sources below DIR
//   fg-gen --docs DIR FILE...    writes the reference pages into DIR
//   fg-gen --fused LIST DIR FILE...  writes the fused loops of the CPU plugin below DIR
//   fg-gen --check DIR FILE...   compares the pages in DIR with fresh ones; exit 1 when they differ
// Exit codes: 0 done, 1 pages differ, 2 mistakes in the catalogue or the command line, 4 a file
// cannot be written.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tools/gen/checker.hpp"
#include "tools/gen/emit.hpp"
#include "tools/gen/emit_fused.hpp"
#include "tools/gen/loader.hpp"

namespace {

namespace fs = std::filesystem;
using fg::gen::Catalogue;
using fg::gen::Page;

constexpr const char* kUsage =
    "usage: fg-gen (--out DIR | --docs DIR | --fused LIST DIR | --check DIR) FILE...\n"
    "  --out DIR    write the generated headers and tables below DIR\n"
    "  --docs DIR   write the reference pages into DIR\n"
    "  --fused LIST DIR\n"
    "               write the CPU plugin's loops for the programs of LIST below DIR\n"
    "  --check DIR  compare the pages in DIR with fresh ones; exit 1 when they differ\n";
enum { kDone = 0, kDiffers = 1, kUsageError = 2, kInternal = 4 };

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Leaves a file alone that has this text already, so that nothing is rebuilt for it.
bool write_file(const fs::path& path, const std::string& text) {
  if (read_file(path) == text) return true;
  std::error_code ec;
  fs::create_directories(path.parent_path(), ec);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) fmt::print(stderr, "fg-gen: {} cannot be written\n", path.string());
  return static_cast<bool>(out);
}

int write_sources(const Catalogue& catalogue, const fs::path& dir) {
  const bool ok = write_file(dir / "include/fg/abi/ops.h", emit_abi_header(catalogue)) &&
                  write_file(dir / "include/fg/ops.h", emit_c_header(catalogue)) &&
                  write_file(dir / "include/fg/ops.hpp", emit_cpp_header(catalogue)) &&
                  write_file(dir / "core/catalogue_table.cpp", emit_table(catalogue)) &&
                  write_file(dir / "core/api_ops.cpp", emit_c_source(catalogue));
  return ok ? kDone : kInternal;
}

int write_fused(const Catalogue& catalogue, const fs::path& list, const fs::path& dir,
                fg::gen::Diagnostics& diagnostics) {
  const std::optional<std::string> text = read_file(list);
  if (!text) {
    fmt::print(stderr, "fg-gen: {} cannot be read\n", list.string());
    return kUsageError;
  }
  const std::vector<Page> pages = emit_fused(catalogue, list.string(), *text, diagnostics);
  if (!diagnostics.empty()) {
    fmt::print(stderr, "{}", diagnostics.text());
    return kUsageError;
  }
  for (const Page& page : pages) {
    if (!write_file(dir / page.name, page.text)) return kInternal;
  }
  return kDone;
}

int write_docs(const Catalogue& catalogue, const fs::path& dir) {
  for (const Page& page : emit_docs(catalogue)) {
    if (!write_file(dir / page.name, page.text)) return kInternal;
  }
  return kDone;
}

int check_docs(const Catalogue& catalogue, const fs::path& dir) {
  int result = kDone;
  const std::vector<Page> pages = emit_docs(catalogue);
  for (const Page& page : pages) {
    if (read_file(dir / page.name) != page.text) {
      fmt::print(stderr, "{} differs from the catalogue, run ./dev gen\n", (dir / page.name).string());
      result = kDiffers;
    }
  }
  std::error_code ec;
  for (const fs::directory_entry& file : fs::directory_iterator(dir, ec)) {
    const auto is_it = [&](const Page& page) { return page.name == file.path().filename(); };
    if (std::none_of(pages.begin(), pages.end(), is_it)) {
      fmt::print(stderr, "{} belongs to no operator, delete it\n", file.path().string());
      result = kDiffers;
    }
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) {
    fmt::print("{}", kUsage);
    return kDone;
  }
  const bool fused = !words.empty() && words[0] == "--fused";
  const std::ptrdiff_t first_file = fused ? 3 : 2;
  if (std::ssize(words) <= first_file ||
      (words[0] != "--out" && words[0] != "--docs" && words[0] != "--check" && !fused)) {
    fmt::print(stderr, "{}", kUsage);
    return kUsageError;
  }
  fg::gen::Diagnostics diagnostics;
  Catalogue catalogue = fg::gen::load({words.begin() + first_file, words.end()}, diagnostics);
  fg::gen::check(catalogue, diagnostics);
  if (!diagnostics.empty()) {
    fmt::print(stderr, "{}", diagnostics.text());
    return kUsageError;
  }
  if (words[0] == "--out") return write_sources(catalogue, words[1]);
  if (fused) return write_fused(catalogue, words[1], words[2], diagnostics);
  if (words[0] == "--docs") return write_docs(catalogue, words[1]);
  return check_docs(catalogue, words[1]);
}
