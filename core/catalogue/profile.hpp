// SPDX-License-Identifier: Apache-2.0
//
// Profiles: which operators a plugin must serve.  An operator's entry names one of them.

#ifndef FG_CORE_CATALOGUE_PROFILE_HPP_
#define FG_CORE_CATALOGUE_PROFILE_HPP_

#include <algorithm>
#include <array>
#include <string_view>

namespace fg::core {

inline constexpr std::array<std::string_view, 4> kProfiles{"core", "llm", "train", "full"};

constexpr bool is_profile(std::string_view name) {
  return std::find(kProfiles.begin(), kProfiles.end(), name) != kProfiles.end();
}

// Whether `profile` asks for operators whose entry says `entry`: everybody needs the core's, full has all.
constexpr bool profile_includes(std::string_view profile, std::string_view entry) {
  return entry == "core" || entry == profile || profile == "full";
}
static_assert(profile_includes("llm", "core") && profile_includes("full", "train"));
static_assert(!profile_includes("core", "llm") && !profile_includes("llm", "train"));

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_PROFILE_HPP_
