// SPDX-License-Identifier: Apache-2.0
//
// From a request to a device, and the message when there is none.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/catalogue/nearest.hpp"
#include "core/registry/registry_state.hpp"
#include "core/registry/sha256.hpp"

namespace fg::core {
namespace {

// Plugins of this project that need not be installed; a mistyped name is compared with them too.
constexpr std::array<std::string_view, 4> kKnownVendors{"auto", "cpu", "opencl", "vulkan"};

bool wanted(const VendorItem& item, const Device& device) {
  if (item.ordinal) return device.ordinal == *item.ordinal;
  return item.uuid_prefix.empty() || hex(device.info.uuid).starts_with(item.uuid_prefix);
}

std::string name_of(const VendorItem& item) {
  if (item.ordinal) return fmt::format("{}:{}", item.name, *item.ordinal);
  return item.uuid_prefix.empty() ? item.name : item.name + ":" + item.uuid_prefix;
}

}  // namespace

// Loads the item's plugin if nobody asked for it before.
Result<Device*> Registry::State::device_for(const VendorItem& item) {
  FoundPlugin* found = candidate(item.name);
  if (found == nullptr) {
    std::vector<std::string> names(kKnownVendors.begin(), kKnownVendors.end());
    for (const FoundPlugin& c : candidates) names.push_back(c.name);
    return fail(FG_E_NOT_FOUND, fmt::format("no plugin is named {}{}", item.name, did_you_mean(item.name, names)),
                FG_R_DEVICE);
  }
  if (found->state == CandidateState::found || found->reason == Refusal::not_selected) load(*found);
  if (found->state != CandidateState::loaded) {
    return unsupported(fmt::format("plugin {} is {}: {}: {} ({})", item.name, state_name(found->state),
                                   refusal_name(found->reason), found->text, found->path),
                       FG_R_DEVICE);
  }
  const Plugin* p = plugin(item.name);
  for (const auto& device : p->devices()) {
    if (!wanted(item, *device)) continue;
    if (std::find(lost.begin(), lost.end(), device.get()) != lost.end()) {
      return fail(FG_E_DEVICE_LOST, fmt::format("{} was lost", device->name), FG_R_DEVICE);
    }
    return device.get();
  }
  return fail(FG_E_NOT_FOUND,
              fmt::format("plugin {} has {} device{}, none is {}", item.name, p->devices().size(),
                          p->devices().size() == 1 ? "" : "s", name_of(item)),
              FG_R_DEVICE);
}

// The best loaded device that `auto` may take: not excluded, not the same hardware as a better one.
Device* Registry::State::best_of(const VendorSpec& request) {
  for (Device* device : ranked()) {
    if (!request.excludes(device->plugin->name()) && device->same_as == nullptr) return device;
  }
  return nullptr;
}

Result<Selection> Registry::State::resolve(const VendorSpec& request) {
  Selection out;
  out.spec = request.text;
  out.cpu_fallback = request.admits("cpu");
  std::vector<Error> reasons;
  for (const VendorItem& item : request.items) {
    if (item.is_auto()) {
      for (FoundPlugin& c : candidates) {
        if (request.excludes(c.name)) continue;
        if (c.state == CandidateState::found || c.reason == Refusal::not_selected) load(c);
      }
      out.device = best_of(request);
      if (out.device != nullptr) return out;
      reasons.push_back(Error{FG_E_UNSUPPORTED, "no plugin can serve", FG_R_NO_DEVICE});
    } else if (const auto device = device_for(item)) {
      out.device = *device;
      return out;
    } else {
      reasons.push_back(device.error());
    }
  }
  return tl::unexpected(unsatisfied(request, reasons));
}

std::string Registry::State::listing() const {
  std::string out;
  for (const FoundPlugin& c : candidates) {
    out += fmt::format("\n  {}: {}", c.name, state_name(c.state));
    if (c.reason != Refusal::none) out += fmt::format(", {}: {}", refusal_name(c.reason), c.text);
    out += fmt::format(" ({})", c.path);
  }
  if (!candidates.empty()) return "\nplugins found:" + out;
  out = "\nno plugin was found; looked in:";
  for (const SearchFolder& f : plan.folders) out += "\n  " + f.path;
  return out;
}

Error Registry::State::unsatisfied(const VendorSpec& request, const std::vector<Error>& reasons) {
  const std::string who =
      request.source.empty() ? fmt::format("'{}'", request.text) : fmt::format("{}={}", request.source, request.text);
  if (request.none) return Error{FG_E_UNSUPPORTED, who + " allows no device", FG_R_NO_DEVICE};
  std::string message = who + " cannot be served";
  for (const Error& e : reasons) message += (&e == reasons.data() ? ": " : "; ") + e.message;
  // A request that only names what does not exist is answered with NOT_FOUND.
  const bool unknown =
      std::all_of(reasons.begin(), reasons.end(), [](const Error& e) { return e.status == FG_E_NOT_FOUND; });
  return Error{unknown ? FG_E_NOT_FOUND : FG_E_UNSUPPORTED, message + listing(), FG_R_DEVICE};
}

}  // namespace fg::core
