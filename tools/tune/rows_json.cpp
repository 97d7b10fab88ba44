// SPDX-License-Identifier: Apache-2.0

#include "tools/tune/rows_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace fg::tune {
namespace {

using nlohmann::json;
constexpr const char* kFormat = "fg-tuning/1";

core::TuningRow row_of(const json& j) {
  core::TuningRow r;
  r.identity = {j.at("plugin").get<std::string>(), j.at("build_id").get<std::string>(),
                j.at("device_uuid").get<std::string>(), j.at("driver").get<std::string>()};
  r.kernel = j.at("kernel").get<std::string>();
  r.bucket = j.at("bucket").get<std::string>();
  r.kernel_hash = std::stoull(j.at("kernel_hash").get<std::string>(), nullptr, 16);
  r.values = j.at("values").get<std::vector<std::int64_t>>();
  r.default_us = j.at("default_us").get<double>();
  r.best_us = j.at("best_us").get<double>();
  return r;
}

}  // namespace

std::string to_json(const std::vector<core::TuningRow>& rows) {
  json list = json::array();
  for (const core::TuningRow& r : rows) {
    list.push_back({{"plugin", r.identity.plugin},
                    {"build_id", r.identity.build_id},
                    {"device_uuid", r.identity.device_uuid},
                    {"driver", r.identity.driver},
                    {"kernel", r.kernel},
                    {"kernel_hash", fmt::format("{:016x}", r.kernel_hash)},  // JSON numbers end at 2^53.
                    {"bucket", r.bucket},
                    {"values", r.values},
                    {"default_us", r.default_us},
                    {"best_us", r.best_us}});
  }
  return json{{"format", kFormat}, {"results", std::move(list)}}.dump(2) + "\n";
}

Result<std::vector<core::TuningRow>> from_json(const std::string& text) {
  try {
    const json document = json::parse(text);
    if (document.at("format") != kFormat)
      return invalid(fmt::format("format {}, expected {}", document.at("format").dump(), kFormat));
    std::vector<core::TuningRow> rows;
    for (const json& j : document.at("results")) rows.push_back(row_of(j));
    return rows;
  } catch (const std::exception& e) {
    return invalid(e.what());
  }
}

}  // namespace fg::tune
