// SPDX-License-Identifier: Apache-2.0
//
// Where plugins are looked for, and the files found there.  Absolute paths only: never the working
// directory, never an empty or relative element.

#ifndef FG_CORE_REGISTRY_SEARCH_HPP_
#define FG_CORE_REGISTRY_SEARCH_HPP_

#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/secure_env.hpp"

namespace fg::core {

struct SearchFolder {
  std::string path;
  std::string origin;  // "FG_PLUGIN_PATH", "beside the core" ...
};

struct SearchPlan {
  std::vector<SearchFolder> folders;
  std::vector<std::string> notices;  // Elements that were left out, and why.
};

// API folders, FG_PLUGIN_PATH, fg.yaml, beside the core, the system's folders; `system` is left out
// when false (hermetic tests).
SearchPlan plan_search(const std::vector<std::string>& api_folders, const Environment& env, const Config& config,
                       bool system = true);

// Resolved paths of the folder's libfg_*.so, sorted by file name; empty when there is no such folder.
std::vector<std::string> plugins_in(const std::string& folder);

// Folder of the library or program this code is in; empty when unknown.
std::string core_folder();

// Links resolved; empty when there is no such file.
std::string resolved(const std::string& path);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_SEARCH_HPP_
