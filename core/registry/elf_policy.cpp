// SPDX-License-Identifier: Apache-2.0
//
// What the facts of a plugin's file mean: which of them keep it from being loaded.

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/registry/elf.hpp"
#include "fg/abi/plugin.h"

namespace fg::core {
namespace {

constexpr std::string_view kEntryStem = "fg_plugin_query_v";

std::string_view sanitizer_name(std::uint32_t kind) {
  switch (kind) {
    case FG_SANITIZER_NONE: return "none";
    case FG_SANITIZER_ADDRESS: return "AddressSanitizer";
    case FG_SANITIZER_THREAD: return "ThreadSanitizer";
    case FG_SANITIZER_MEMORY: return "MemorySanitizer";
    default: return "an unknown sanitizer";
  }
}

Judged<void> judge_note(const fg_note& note, const std::string& file_name, std::uint32_t sanitizer) {
  if (note.note_version != FG_NOTE_VERSION) {
    return refuse(Refusal::bad_note,
                  fmt::format("note version {}, this core reads {}", note.note_version, FG_NOTE_VERSION));
  }
  if (note.epoch != FG_ABI_EPOCH) {
    return refuse(Refusal::wrong_epoch, fmt::format("built for epoch {} of the plugin interface, this core speaks {}",
                                                    note.epoch, FG_ABI_EPOCH));
  }
  if (note.minor_min > FG_ABI_MINOR) {
    return refuse(Refusal::too_new, fmt::format("needs interface {}.{} or newer, this core has {}.{}; update fg",
                                                note.epoch, note.minor_min, FG_ABI_EPOCH, FG_ABI_MINOR));
  }
  if (note.minor_max < note.minor_min) {
    return refuse(Refusal::bad_note,
                  fmt::format("minor versions {} to {} are no range", note.minor_min, note.minor_max));
  }
  if (note.sanitizer != sanitizer) {
    return refuse(Refusal::sanitizer, fmt::format("sanitizer of the plugin: {}, of this program: {}; both must agree",
                                                  sanitizer_name(note.sanitizer), sanitizer_name(sanitizer)));
  }
  if (!valid_plugin_name(note.name)) {
    return refuse(Refusal::bad_note, fmt::format("plugin name '{}', expected [a-z][a-z0-9_]*", note.name));
  }
  const std::string expected = plugin_name_of_file(file_name);
  if (!expected.empty() && expected != note.name) {
    return refuse(Refusal::name_mismatch, fmt::format("the note says {}, the file name {}", note.name, expected));
  }
  return {};
}

Judged<void> judge_exports(const ElfFacts& facts) {
  if (!facts.unique.empty()) {
    return refuse(Refusal::unique_symbols, fmt::format("exports {} symbols that are unique in the process, first {}; "
                                                       "build with -fno-gnu-unique and hidden visibility",
                                                       facts.unique.size(), facts.unique.front()));
  }
  const auto is_entry = [](const std::string& name) { return name.starts_with(kEntryStem); };
  const auto& e = facts.exports;
  const auto extra = std::find_if_not(e.begin(), e.end(), is_entry);
  if (std::find(e.begin(), e.end(), FG_PLUGIN_ENTRY) == e.end()) {
    if (const auto other = std::find_if(e.begin(), e.end(), is_entry); other != e.end()) {
      return refuse(Refusal::newer_entry,
                    fmt::format("exports {} but not {}; it needs a newer core", *other, FG_PLUGIN_ENTRY));
    }
    return refuse(Refusal::no_entry, fmt::format("does not export {}", FG_PLUGIN_ENTRY));
  }
  if (extra != e.end()) {
    return refuse(Refusal::extra_exports,
                  fmt::format("exports {} besides {}; link it with cmake/plugin.map", *extra, FG_PLUGIN_ENTRY));
  }
  return {};
}

Judged<void> judge_runpath(const ElfFacts& facts, bool strict) {
  for (const std::string& element : facts.runpath) {
    const bool origin = (element == "$ORIGIN" || element.starts_with("$ORIGIN/") || element == "${ORIGIN}" ||
                         element.starts_with("${ORIGIN}/"));
    if (origin || (!strict && element.starts_with('/'))) continue;
    return refuse(Refusal::runpath,
                  fmt::format("RUNPATH has {}, expected $ORIGIN{}",
                              element.empty() ? "an empty element, the working directory" : "'" + element + "'",
                              strict ? "" : " or absolute paths"));
  }
  return {};
}

}  // namespace

std::string plugin_name_of_file(std::string_view file_name) {
  constexpr std::string_view kPrefix = "libfg_";
  constexpr std::string_view kSuffix = ".so";
  if (!file_name.starts_with(kPrefix) || !file_name.ends_with(kSuffix)) return {};
  return std::string(file_name.substr(kPrefix.size(), file_name.size() - kPrefix.size() - kSuffix.size()));
}

bool valid_plugin_name(std::string_view name) {
  if (name.empty() || name.size() > 31 || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

Judged<void> judge_elf(const ElfFacts& facts, const std::string& file_name, const ElfPolicy& policy) {
  if (facts.note) {
    if (auto r = judge_note(*facts.note, file_name, policy.sanitizer); !r) return r;
  } else if (!policy.allow_unnoted) {
    return refuse(Refusal::no_note, "has no FG note: not a plugin, or built without FG_PLUGIN_NOTE");
  }
  if (auto r = judge_exports(facts); !r) return r;
  if (facts.text_relocations) return refuse(Refusal::text_relocations, "has text relocations; build it with -fPIC");
  if (facts.executable_stack) return refuse(Refusal::executable_stack, "asks for an executable stack");
  for (const std::string& library : facts.needed) {
    if (library.starts_with("libfg_")) {
      return refuse(Refusal::links_core, fmt::format("links {}; a plugin imports nothing from the core", library));
    }
  }
  return judge_runpath(facts, policy.strict);
}

}  // namespace fg::core
