// SPDX-License-Identifier: Apache-2.0

#include "conformance/journal/subject_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;

// Calls f(name, member) for every member, in the order of the file.
template <class S, class F>
void each_member(S& s, F&& f) {
  f("version", s.version);
  f("abi", s.abi);
  f("catalogue", s.catalogue);
  f("operators", s.operators);
  f("given_as", s.spec);
  f("vendor", s.vendor);
  f("plugin_version", s.plugin_version);
  f("build_id", s.build_id);
  f("plugin_path", s.plugin_path);
  f("plugin_sha256", s.plugin_sha256);
  f("device", s.device);
  f("device_uuid", s.device_uuid);
  f("description", s.description);
  f("arch", s.arch);
  f("driver", s.driver);
  f("os", s.os);
  f("processor", s.processor);
  f("flushes_subnormals", s.flushes_subnormals);
  f("profile", s.profile);
  f("tier", s.tier);
  f("filters", s.filters);
  f("seed", s.seed);
  f("plan_root", s.plan_root);
  f("planned", s.planned);
  f("shard", s.shard);
  f("shards", s.shards);
}

template <class T>
bool has_type(const ordered_json& j, const T&) {
  if constexpr (std::is_same_v<T, std::string>) {
    return j.is_string();
  } else if constexpr (std::is_same_v<T, bool>) {
    return j.is_boolean();
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return j.is_array() && std::all_of(j.begin(), j.end(), [](const ordered_json& e) { return e.is_string(); });
  } else if constexpr (std::is_signed_v<T>) {
    return j.is_number_integer();
  } else {
    return j.is_number_unsigned();
  }
}

}  // namespace

std::string subject_to_json(const Subject& subject) {
  ordered_json j = ordered_json::object();
  each_member(subject, [&](const char* name, const auto& value) { j[name] = value; });
  return j.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<Subject> subject_from_json(std::string_view text) {
  const ordered_json j = ordered_json::parse(text, nullptr, false);
  if (!j.is_object()) return invalid("the subject of the run is no JSON object");
  Subject s;
  std::string wrong;
  std::size_t known = 0;
  each_member(s, [&](const char* name, auto& value) {
    const auto it = j.find(name);
    if (it == j.end() || !has_type(*it, value)) {
      if (wrong.empty()) wrong = std::string("member '") + name + "' of the subject is missing or of another type";
      return;
    }
    ++known;
    value = it->template get<std::decay_t<decltype(value)>>();
  });
  if (!wrong.empty()) return invalid(wrong);
  if (known != j.size()) return invalid("the subject of the run has members that this suite does not know");
  if (s.shards == 0 || s.shard == 0 || s.shard > s.shards)
    return invalid("shard " + std::to_string(s.shard) + " of " + std::to_string(s.shards) + " cannot be");
  return s;
}

}  // namespace fg::conformance
