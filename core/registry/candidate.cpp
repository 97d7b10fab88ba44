// SPDX-License-Identifier: Apache-2.0
#include "core/registry/candidate.hpp"

namespace fg::core {

std::string_view state_name(CandidateState state) {
  switch (state) {
    case CandidateState::found: return "found";
    case CandidateState::loaded: return "loaded";
    case CandidateState::refused: return "refused";
    case CandidateState::shadowed: return "shadowed";
    case CandidateState::quarantined: return "quarantined";
    case CandidateState::disabled: return "disabled";
  }
  return "unknown";
}

std::string_view refusal_name(Refusal refusal) {
  switch (refusal) {
    case Refusal::none: return "NONE";
    case Refusal::unreadable: return "UNREADABLE";
    case Refusal::not_elf: return "NOT_ELF";
    case Refusal::truncated: return "TRUNCATED";
    case Refusal::wrong_machine: return "WRONG_MACHINE";
    case Refusal::not_shared_object: return "NOT_SHARED_OBJECT";
    case Refusal::no_note: return "NO_NOTE";
    case Refusal::bad_note: return "BAD_NOTE";
    case Refusal::wrong_epoch: return "WRONG_EPOCH";
    case Refusal::too_new: return "TOO_NEW";
    case Refusal::sanitizer: return "SANITIZER";
    case Refusal::no_entry: return "NO_ENTRY";
    case Refusal::newer_entry: return "NEWER_ENTRY";
    case Refusal::extra_exports: return "EXTRA_EXPORTS";
    case Refusal::unique_symbols: return "UNIQUE_SYMBOLS";
    case Refusal::text_relocations: return "TEXT_RELOCATIONS";
    case Refusal::executable_stack: return "EXECUTABLE_STACK";
    case Refusal::runpath: return "RUNPATH";
    case Refusal::links_core: return "LINKS_CORE";
    case Refusal::name_mismatch: return "NAME_MISMATCH";
    case Refusal::permissions: return "PERMISSIONS";
    case Refusal::shadowed: return "SHADOWED";
    case Refusal::not_selected: return "NOT_SELECTED";
    case Refusal::sidecar_disabled: return "SIDECAR_DISABLED";
    case Refusal::config_denied: return "CONFIG_DENIED";
    case Refusal::bad_sidecar: return "BAD_SIDECAR";
    case Refusal::crashed: return "CRASHED";
    case Refusal::hung: return "HUNG";
    case Refusal::exited: return "EXITED";
    case Refusal::threw: return "THREW";
    case Refusal::printed: return "PRINTED";
    case Refusal::changed_fp_mode: return "CHANGED_FP_MODE";
    case Refusal::quarantined: return "QUARANTINED";
    case Refusal::probe_failed: return "PROBE_FAILED";
    case Refusal::dlopen_failed: return "DLOPEN_FAILED";
    case Refusal::changed_file: return "CHANGED_FILE";
    case Refusal::query_failed: return "QUERY_FAILED";
    case Refusal::table_too_small: return "TABLE_TOO_SMALL";
    case Refusal::bad_table: return "BAD_TABLE";
    case Refusal::foreign_pointer: return "FOREIGN_POINTER";
    case Refusal::bad_string: return "BAD_STRING";
    case Refusal::bad_count: return "BAD_COUNT";
    case Refusal::must_understand: return "MUST_UNDERSTAND";
    case Refusal::no_driver: return "NO_DRIVER";
    case Refusal::no_device: return "NO_DEVICE";
    case Refusal::create_failed: return "CREATE_FAILED";
    case Refusal::device_info_failed: return "DEVICE_INFO_FAILED";
    case Refusal::bad_claims: return "BAD_CLAIMS";
    case Refusal::name_taken: return "NAME_TAKEN";
  }
  return "UNKNOWN";
}

Refusal refusal_from_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Refusal::name_taken); ++i) {
    if (refusal_name(static_cast<Refusal>(i)) == name) return static_cast<Refusal>(i);
  }
  return Refusal::none;
}

}  // namespace fg::core
