// SPDX-License-Identifier: Apache-2.0
//
// First contact with a plugin happens in a child process: it loads the file, asks for the table,
// probes, creates an instance, lists devices and claims, and reports through a pipe.  What crashes,
// hangs, exits or prints there has disturbed nobody.

#ifndef FG_CORE_REGISTRY_FIRST_CONTACT_HPP_
#define FG_CORE_REGISTRY_FIRST_CONTACT_HPP_

#include <chrono>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/registry/candidate.hpp"

namespace fg::core {

struct ContactReport {
  Refusal refusal = Refusal::none;
  std::string text;
  std::vector<Notice> notices;
  std::string identity;     // UUIDs and drivers of its devices: part of the key of cached kernels.
  bool quarantine = false;  // It took the process down: do not try again until the file changes.
  bool conclusive = true;   // False when the child could not be started or was killed from outside.
};

struct ContactOptions {
  std::string helper;  // fg-probe; empty: a plain fork of this process.
  std::chrono::milliseconds timeout = kProbeTimeout;
};

ContactReport first_contact(const std::string& plugin_path, const ContactOptions& options);

// fg-probe beside the core or its tools; empty when there is none.
std::string find_contact_helper();

// --- the child's side ---
// Meets the plugin and writes the report to `fd`.  Returns the process's exit status.
int meet_plugin(const char* plugin_path, int fd);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_FIRST_CONTACT_HPP_
