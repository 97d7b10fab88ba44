// SPDX-License-Identifier: Apache-2.0
//
// From files to plugins: configuration, search, first contact, loading.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/registry/permissions.hpp"
#include "core/registry/ranking.hpp"
#include "core/registry/registry_state.hpp"
#include "core/registry/sha256.hpp"
#include "core/trace/log.hpp"
#include "core/tuning/apply.hpp"

namespace fg::core {
namespace {

constexpr std::size_t kMaxDevices = 1024;  // of the process: Device::index has 10 bits

// Would the next start give the same answer?  Missing drivers and devices come and go.
bool lasting(const ContactReport& report) {
  switch (report.refusal) {
    case Refusal::no_driver:
    case Refusal::no_device:
    case Refusal::probe_failed:
    case Refusal::create_failed:
    case Refusal::device_info_failed:
    case Refusal::dlopen_failed: return false;
    default: return report.conclusive;
  }
}

void refuse_candidate(FoundPlugin& found, const Problem& problem) {
  found.state = CandidateState::refused;
  found.reason = problem.refusal;
  found.text = problem.text;
}

}  // namespace

void Registry::State::apply_log_level() {
  if (config.log_level) log::set_level(static_cast<log::Level>(*config.log_level));
  if (const auto setting = options.env.get("FG_LOG"); setting && !log::configure(*setting)) {
    notices.push_back(
        fmt::format("FG_LOG={} is ignored, expected trace, debug, info, warn, error or off, and json", *setting));
  }
}

void Registry::State::open_caches() {
  std::string folder;
  if (config.cache_enabled && !options.env.elevated()) {
    folder = config.cache_dir.empty() ? user_cache_dir(options.env) : config.cache_dir;
  }
  if (!folder.empty()) tuning = tuning_folder(folder);
  memory.emplace(folder.empty() ? std::string() : folder + "/contact");
  if (!memory->complaint().empty()) notices.push_back(memory->complaint() + "; first contacts are not remembered");
  cache = std::make_shared<BlobCache>(folder.empty() ? std::string() : folder + "/kernels",
                                      config.cache_max_bytes.value_or(kCacheMaxBytes));
}

Result<void> Registry::State::search() {
  if (shut) return fail(FG_E_STATE, "fg was shut down", FG_R_OTHER);
  if (broken) return tl::unexpected(*broken);
  if (std::exchange(searched, true)) return {};
  const auto prepared = [&]() -> Result<void> {
    FG_TRY_ASSIGN(config, load_config(options.env, options.system_config));
    if (options.set_log_level) apply_log_level();
    FG_TRY(read_trust());
    FG_TRY_ASSIGN(VendorChoice choice, vendor_choice(options.env, config.vendor, config.vendor_source));
    spec = std::move(choice.spec);
    notices.insert(notices.end(), choice.notices.begin(), choice.notices.end());
    return {};
  }();
  if (!prepared) {
    broken = prepared.error();
    return prepared;
  }
  notices.insert(notices.end(), config.notices.begin(), config.notices.end());
  open_caches();
  plan = plan_search(api_folders, options.env, config, options.system_folders);
  notices.insert(notices.end(), plan.notices.begin(), plan.notices.end());
  rules.strict = config.strict || options.env.elevated();
  rules.allow_unnoted = options.env.get("FG_ALLOW_UNNOTED") == "1";
  candidates = discover(plan, rules, config);
  for (const std::string& notice : notices) FG_LOG(warn, "{}", notice);
  return {};
}

Result<void> Registry::State::ensure() {
  FG_TRY(search());
  if (std::exchange(loaded, true)) return {};
  for (FoundPlugin& found : candidates) {
    if (found.state != CandidateState::found) continue;
    if (spec.admits(found.name)) {
      load(found);
    } else {
      found.state = CandidateState::disabled;
      found.reason = Refusal::not_selected;
      found.text = fmt::format("not wanted by {}={}", spec.source.empty() ? "GEMS_VENDOR" : spec.source, spec.text);
    }
  }
  return {};
}

// The report of a first contact, remembered or made now.  Sets found.sha256.
ContactReport Registry::State::contact(FoundPlugin& found) {
  const auto stamp = stamp_of(found.path);
  const auto known = memory->recall(found.path);
  if (known && stamp && known->stamp == *stamp) {
    found.sha256 = known->sha256;
  } else {
    const auto digest = sha256_of_file(found.path);
    found.sha256 = digest ? hex(*digest) : std::string();
  }
  const bool same_file = known && known->sha256 == found.sha256;
  const std::string here = surroundings(options.env);
  if (same_file && (known->report.quarantine || known->surroundings == here)) return known->report;
  const ContactOptions how{options.helper ? *options.helper : find_contact_helper(),
                           config.probe_timeout.value_or(kProbeTimeout)};
  ContactReport report = first_contact(found.path, how);
  if (stamp && lasting(report)) memory->remember(found.path, {*stamp, found.sha256, here, report});
  return report;
}

void Registry::State::load(FoundPlugin& found) {
  const auto stamp = stamp_of(found.path);
  const ContactReport report = contact(found);
  found.notices.insert(found.notices.end(), report.notices.begin(), report.notices.end());
  if (report.refusal != Refusal::none) {
    refuse_candidate(found, {report.refusal, report.text});
    if (report.quarantine && memory->usable()) {
      found.state = CandidateState::quarantined;
      found.text += fmt::format("; left alone until the file changes or fg-info --lift {}", found.name);
    }
  } else if (plugin(found.name) != nullptr) {
    refuse_candidate(found, {Refusal::name_taken, fmt::format("{} is loaded from another file", found.name)});
  } else if (auto made = Plugin::load(found, report.identity, cache); !made) {
    refuse_candidate(found, made.error());
  } else if (stamp != stamp_of(found.path)) {
    // The hash is of other bytes than those that were loaded.
    refuse_candidate(found, {Refusal::changed_file, "the file changed while it was loaded"});
  } else if (devices.size() + (*made)->devices().size() > kMaxDevices) {
    refuse_candidate(found, {Refusal::bad_count, fmt::format("more than {} devices in the process", kMaxDevices)});
  } else {
    found.state = CandidateState::loaded;
    found.reason = Refusal::none;
    found.text.clear();
    found.build_id = (*made)->build_id();
    found.version = (*made)->version();
    found.vendor = (*made)->vendor();
    certify(found, **made);
    for (const auto& device : (*made)->devices()) {
      device->index = static_cast<std::uint32_t>(devices.size());
      devices.push_back(device.get());
      found.devices.push_back(device->name);
      if (!tuning.empty()) apply_tuning(*device, tuning);
    }
    plugins.push_back(*std::move(made));
    for (FoundPlugin& other : candidates) {
      if (&other != &found && (other.state == CandidateState::found || other.reason == Refusal::not_selected)) {
        shadow(other, found);
      }
    }
    g_generation.fetch_add(1, std::memory_order_relaxed);
    FG_LOG(info, "plugin {} {} loaded: {} sha256 {} build {}", found.name, found.version, found.path, found.sha256,
           found.build_id);
  }
  if (found.state != CandidateState::loaded) {
    FG_LOG(info, "plugin {} refused: {}: {} ({})", found.name, refusal_name(found.reason), found.text, found.path);
  }
  for (const Notice& n : found.notices) FG_LOG(info, "plugin {}: {}: {}", found.name, n.id, n.text);
}

FoundPlugin* Registry::State::candidate(std::string_view name) {
  const auto worth = [](const FoundPlugin& c) {
    if (c.state == CandidateState::loaded) return 3;
    if (c.state == CandidateState::shadowed) return 0;
    return c.state == CandidateState::refused ? 1 : 2;
  };
  FoundPlugin* best = nullptr;
  for (FoundPlugin& c : candidates) {
    if (c.name == name && (best == nullptr || worth(c) > worth(*best))) best = &c;
  }
  return best;
}

Plugin* Registry::State::plugin(std::string_view name) {
  const auto it = std::find_if(plugins.begin(), plugins.end(), [&](const auto& p) { return p->name() == name; });
  return it == plugins.end() ? nullptr : it->get();
}

std::vector<Device*> Registry::State::ranked() {
  std::vector<Device*> out;
  for (Device* d : devices) {
    if (std::find(lost.begin(), lost.end(), d) == lost.end()) out.push_back(d);
  }
  rank_devices(out);
  return out;
}

}  // namespace fg::core
