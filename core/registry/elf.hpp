// SPDX-License-Identifier: Apache-2.0
//
// Facts read from a plugin's file without running any of it.  Every offset and count of the file is
// checked against the file's size; a hostile file can only be refused.

#ifndef FG_CORE_REGISTRY_ELF_HPP_
#define FG_CORE_REGISTRY_ELF_HPP_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/registry/candidate.hpp"
#include "fg/abi/note.h"

namespace fg::core {

struct ElfFacts {
  std::optional<fg_note> note;
  std::vector<std::string> needed;   // DT_NEEDED
  std::vector<std::string> runpath;  // Elements of DT_RUNPATH or DT_RPATH, may be empty strings.
  std::vector<std::string> exports;  // Defined dynamic symbols, global or weak.
  std::vector<std::string> unique;   // Those of them that are STB_GNU_UNIQUE.
  std::string build_id;              // Hex of the GNU build id.
  bool text_relocations = false;
  bool executable_stack = false;
};

// Reads the facts of a 64-bit shared object for this machine, or says why it is none.
Judged<ElfFacts> read_elf(std::span<const std::byte> image);
// The same for a file, which is mapped read-only.
Judged<ElfFacts> read_elf_file(const std::string& path);

struct ElfPolicy {
  bool allow_unnoted = false;
  bool strict = false;  // RUNPATH may only name $ORIGIN.
  std::uint32_t sanitizer = FG_SANITIZER_BUILD;
};
// May a file with these facts be loaded?  `file_name` is its last path element.
Judged<void> judge_elf(const ElfFacts& facts, const std::string& file_name, const ElfPolicy& policy);

// "acme" of "libfg_acme.so"; empty when the file is not named so.
std::string plugin_name_of_file(std::string_view file_name);
// [a-z][a-z0-9_]*, at most 31 characters.
bool valid_plugin_name(std::string_view name);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_ELF_HPP_
