// SPDX-License-Identifier: Apache-2.0
//
// What became of one plugin file: where it was found, whether it serves, and if not, which rule said
// no.  fg-info prints these; error messages of an impossible GEMS_VENDOR list them.

#ifndef FG_CORE_REGISTRY_CANDIDATE_HPP_
#define FG_CORE_REGISTRY_CANDIDATE_HPP_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace fg::core {

enum class CandidateState : std::uint8_t {
  found,        // Facts read from the file only; no code of it has run.
  loaded,       // Serves.
  refused,      // A rule said no, see reason.
  shadowed,     // Another file of the same plugin name was found first.
  quarantined,  // Crashed or hung at first contact; skipped until the file changes.
  disabled      // Not wanted: by GEMS_VENDOR, the configuration or its sidecar.
};
std::string_view state_name(CandidateState state);

// Which rule said no.  Names are stable (fg-info --json); append only.
enum class Refusal : std::uint8_t {
  none,
  // Read from the file.
  unreadable,
  not_elf,
  truncated,
  wrong_machine,
  not_shared_object,
  no_note,
  bad_note,
  wrong_epoch,
  too_new,
  sanitizer,
  no_entry,
  newer_entry,
  extra_exports,
  unique_symbols,
  text_relocations,
  executable_stack,
  runpath,
  links_core,
  name_mismatch,
  // By policy.
  permissions,
  shadowed,
  not_selected,
  sidecar_disabled,
  config_denied,
  bad_sidecar,
  // First contact in a child process.
  crashed,
  hung,
  exited,
  threw,
  printed,
  changed_fp_mode,
  quarantined,
  probe_failed,
  // Loading.
  dlopen_failed,
  changed_file,
  query_failed,
  table_too_small,
  bad_table,
  foreign_pointer,
  bad_string,
  bad_count,
  must_understand,
  no_driver,
  no_device,
  create_failed,
  device_info_failed,
  bad_claims,
  name_taken
};
std::string_view refusal_name(Refusal refusal);  // "NO_NOTE"
Refusal refusal_from_name(std::string_view name);

// A refusal and the sentence that explains it.
struct Problem {
  Refusal refusal = Refusal::none;
  std::string text;
};
template <class T>
using Judged = tl::expected<T, Problem>;
inline tl::unexpected<Problem> refuse(Refusal refusal, std::string text) {
  return tl::unexpected(Problem{refusal, std::move(text)});
}

struct Notice {
  std::string id;  // "CLAIM_SCHEMA", "WRITABLE_BY_OTHERS", "STDERR"
  std::string text;
};

struct Candidate {
  std::string path;  // Absolute, links resolved.
  std::string name;  // From the note; before that from the file name.
  std::string vendor, version, build_id;
  std::string sha256;  // Hex; empty until it was needed.
  std::string origin;  // Which search step found it: "FG_PLUGIN_PATH", "beside the core" ...
  CandidateState state = CandidateState::found;
  Refusal reason = Refusal::none;
  std::string text;                  // One sentence: what is wrong and what was expected.
  std::vector<Notice> notices;       // Loaded nevertheless, but somebody should know.
  std::string certificate;           // What was made of its certificate; empty when none was asked for.
  std::vector<std::string> devices;  // "cpu:0"
  std::int32_t priority = 0;         // From the sidecar; greater is preferred.
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_CANDIDATE_HPP_
