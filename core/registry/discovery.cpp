// SPDX-License-Identifier: Apache-2.0
#include "core/registry/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/registry/elf.hpp"
#include "core/registry/permissions.hpp"

namespace fg::core {
namespace {

std::string file_name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void refuse_candidate(FoundPlugin& c, const Problem& problem) {
  c.state = CandidateState::refused;
  c.reason = problem.refusal;
  c.text = problem.text;
}

Judged<void> judge_permissions(FoundPlugin& c, bool strict) {
  const auto why = writable_by_others(c.path);
  if (!why) return {};
  if (strict) return refuse(Refusal::permissions, "others could have written it: " + *why);
  c.notices.push_back({"WRITABLE_BY_OTHERS", "others could have written it: " + *why});
  return {};
}

Judged<void> read_settings(FoundPlugin& c, const Config& config, bool strict) {
  auto sidecar = load_sidecar(c.path);
  if (!sidecar) return refuse(Refusal::bad_sidecar, sidecar.error().message);
  if (*sidecar && strict) {
    if (const auto why = writable_by_others(sidecar_of(c.path))) return refuse(Refusal::permissions, *why);
  }
  if (*sidecar) c.settings = **std::move(sidecar);
  const bool sidecar_disables = c.settings.disable.value_or(false);
  bool config_disables = false;
  if (const auto it = config.plugins.find(c.name); it != config.plugins.end()) {
    const PluginSettings& over = it->second;
    if (over.disable) c.settings.disable = over.disable;
    if (over.priority) c.settings.priority = over.priority;
    if (!over.note.empty()) c.settings.note = over.note;
    for (const auto& [key, value] : over.options) c.settings.options.insert_or_assign(key, value);
    config_disables = over.disable.value_or(false);
  }
  c.priority = c.settings.priority.value_or(0);
  if (!c.settings.note.empty()) c.notices.push_back({"NOTE", c.settings.note});
  if (!c.settings.disable.value_or(false)) return {};
  c.state = CandidateState::disabled;
  c.reason = config_disables ? Refusal::config_denied : Refusal::sidecar_disabled;
  c.text = config_disables || !sidecar_disables ? "disabled by fg.yaml"
                                                : "disabled by the file libfg_" + c.name + ".yaml beside it";
  return {};
}

Judged<void> judge_file(FoundPlugin& c, const DiscoveryRules& rules) {
  const auto facts = read_elf_file(c.path);
  if (!facts) return tl::unexpected(facts.error());
  c.build_id = facts->build_id;
  if (facts->note) {
    c.vendor = facts->note->vendor;
    c.version = facts->note->version;
  }
  const ElfPolicy policy{.allow_unnoted = rules.allow_unnoted, .strict = rules.strict};
  if (auto r = judge_elf(*facts, file_name_of(c.path), policy); !r) return r;
  if (facts->note) c.name = facts->note->name;
  return {};
}

}  // namespace

FoundPlugin examine(const std::string& path, const std::string& origin, const DiscoveryRules& rules,
                    const Config& config) {
  FoundPlugin c;
  c.path = path;
  c.origin = origin;
  c.name = plugin_name_of_file(file_name_of(path));
  if (c.name.empty()) c.name = file_name_of(path);
  const auto judged = [&]() -> Judged<void> {
    if (auto r = judge_permissions(c, rules.strict); !r) return r;
    if (auto r = judge_file(c, rules); !r) return r;
    return read_settings(c, config, rules.strict);
  }();
  if (!judged) refuse_candidate(c, judged.error());
  return c;
}

void shadow(FoundPlugin& found, const FoundPlugin& winner) {
  const bool cannot_serve = winner.state == CandidateState::refused || winner.state == CandidateState::shadowed;
  if (found.name != winner.name || cannot_serve || found.state == CandidateState::refused) return;
  found.state = CandidateState::shadowed;
  found.reason = Refusal::shadowed;
  found.text = fmt::format("{} comes first and has the same name", winner.path);
}

std::vector<FoundPlugin> discover(const SearchPlan& plan, const DiscoveryRules& rules, const Config& config) {
  std::vector<FoundPlugin> all;
  for (const SearchFolder& folder : plan.folders) {
    for (const std::string& path : plugins_in(folder.path)) {
      const auto same_file = [&](const FoundPlugin& e) { return e.path == path; };
      if (std::any_of(all.begin(), all.end(), same_file)) continue;
      FoundPlugin found = examine(path, folder.origin, rules, config);
      for (const FoundPlugin& earlier : all) shadow(found, earlier);
      all.push_back(std::move(found));
    }
  }
  return all;
}

}  // namespace fg::core
