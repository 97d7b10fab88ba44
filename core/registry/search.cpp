// SPDX-License-Identifier: Apache-2.0
#include "core/registry/search.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace fg::core {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kTriplet = "x86_64-linux-gnu";
#elif defined(__aarch64__)
constexpr std::string_view kTriplet = "aarch64-linux-gnu";
#elif defined(__riscv)
constexpr std::string_view kTriplet = "riscv64-linux-gnu";
#elif defined(__powerpc64__)
constexpr std::string_view kTriplet = "powerpc64le-linux-gnu";
#else
constexpr std::string_view kTriplet = "";
#endif

constexpr std::string_view kFolder = "fg/plugins";

// Sets *data, a string, to the file name of the object that this code is in.
int name_of_own_object(dl_phdr_info* info, std::size_t, void* data) {
  const auto here = reinterpret_cast<std::uintptr_t>(&name_of_own_object);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && here >= begin && here - begin < segment.p_memsz) {
      *static_cast<std::string*>(data) = info->dlpi_name;
      return 1;
    }
  }
  return 0;
}

void add(SearchPlan& plan, std::string path, std::string_view origin) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const auto same = [&](const SearchFolder& f) { return f.path == path; };
  if (std::none_of(plan.folders.begin(), plan.folders.end(), same))
    plan.folders.push_back({std::move(path), std::string(origin)});
}

void add_path_list(SearchPlan& plan, std::string_view list) {
  while (true) {
    const std::size_t colon = std::min(list.find(':'), list.size());
    const std::string_view element = list.substr(0, colon);
    if (element.starts_with('/')) {
      add(plan, std::string(element), "FG_PLUGIN_PATH");
    } else {
      plan.notices.push_back(
          fmt::format("FG_PLUGIN_PATH: element '{}' is ignored, expected an absolute path", element));
    }
    if (colon == list.size()) return;
    list.remove_prefix(colon + 1);
  }
}

}  // namespace

std::string core_folder() {
  std::string name;
  dl_iterate_phdr(&name_of_own_object, &name);
  if (name.empty()) name = "/proc/self/exe";  // linked into the program; its argv[0] says nothing
  std::string path = resolved(name);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {};
  path.resize(std::max<std::size_t>(slash, 1));
  return path;
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real == nullptr ? std::string() : std::string(real.get());
}

SearchPlan plan_search(const std::vector<std::string>& api_folders, const Environment& env, const Config& config,
                       bool system) {
  SearchPlan plan;
  for (const std::string& folder : api_folders) add(plan, folder, "the application");
  if (const auto list = env.get("FG_PLUGIN_PATH")) add_path_list(plan, *list);
  if (env.hides("FG_PLUGIN_PATH"))
    plan.notices.emplace_back("FG_PLUGIN_PATH is ignored because the process is elevated");
  for (const std::string& folder : config.plugin_path) add(plan, folder, "fg.yaml");
  if (!system) return plan;
  if (const std::string beside = core_folder(); !beside.empty()) {
    add(plan, fmt::format("{}/{}", beside, kFolder), "beside the core");
    // Tools that link the core statically live in bin/, its sibling is lib/.
    const std::string parent = beside.substr(0, beside.rfind('/'));
    add(plan, fmt::format("{}/lib/{}", parent, kFolder), "beside the core");
    add(plan, fmt::format("{}/lib64/{}", parent, kFolder), "beside the core");
    if (!kTriplet.empty()) add(plan, fmt::format("{}/lib/{}/{}", parent, kTriplet, kFolder), "beside the core");
  }
  if (!kTriplet.empty()) add(plan, fmt::format("/usr/lib/{}/{}", kTriplet, kFolder), "the system");
  add(plan, fmt::format("/usr/lib/{}", kFolder), "the system");
  add(plan, fmt::format("/usr/local/lib/{}", kFolder), "the system");
  return plan;
}

std::vector<std::string> plugins_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
  if (dir == nullptr) return names;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name.starts_with("libfg_") && name.ends_with(".so")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    const std::string link = folder + "/" + name;
    const std::string real = resolved(link);
    paths.push_back(real.empty() ? link : real);  // a dangling link is reported as unreadable
  }
  return paths;
}

}  // namespace fg::core
