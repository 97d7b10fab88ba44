// SPDX-License-Identifier: Apache-2.0
#include "tools/info/snapshot.hpp"

#include <fmt/format.h>

#include <array>

#include "core/catalogue/op_info.hpp"
#include "core/certificate/mask.hpp"
#include "fg/abi/engine.h"
#include "fg/sdk/op_uid.hpp"

namespace fg::info {
namespace {

std::string_view kind_name(core::Kind kind) {
  switch (kind) {
    case core::Kind::view: return "view";
    case core::Kind::map: return "map";
    case core::Kind::reduce: return "reduce";
    case core::Kind::scan: return "scan";
    case core::Kind::kernel: return "kernel";
    case core::Kind::composite: return "composite";
  }
  return "unknown";
}

std::string_view engine_of(core::Kind kind) {
  switch (kind) {
    case core::Kind::map: return FG_OP_MAP;
    case core::Kind::reduce: return FG_OP_REDUCE;
    case core::Kind::scan: return FG_OP_SCAN;
    default: return {};
  }
}

void serve(const core::Registry& registry, const core::Device& device, const core::OpInfo& op, OpRow& row) {
  const std::string_view engine = engine_of(op.kind);
  std::string served = "none", reason;
  const auto masked = [&](std::string_view by) {
    const std::string why = device.mask == nullptr ? std::string() : device.mask->denial(op, by);
    return why.empty() ? why : fmt::format("{}: not certified: {}", device.name, why);
  };
  if (op.kind == core::Kind::view) {
    served = kind_name(op.kind);
  } else if (registry.claim(device, op.uid) != nullptr) {
    served = "kernel";
  } else if (op.kind == core::Kind::composite) {
    reason = masked(core::kByComposition);
    if (reason.empty()) served = kind_name(op.kind);
  } else if (reason = masked(core::kByPlugin); !reason.empty()) {
    // served stays "none"
  } else if (!engine.empty() && registry.claim(device, sdk::op_uid(engine)) != nullptr) {
    served = "engine";
  } else {
    reason = engine.empty() ? fmt::format("{} does not claim it", device.name)
                            : fmt::format("{} claims neither it nor {}", device.name, engine);
  }
  row.served.push_back(std::move(served));
  row.reason.push_back(std::move(reason));
}

}  // namespace

Snapshot take_snapshot(core::Registry& registry) {
  Snapshot s;
  s.active = registry.default_selection();
  for (core::Device* device : registry.devices()) s.devices.push_back({device, registry.claims(*device).size()});
  s.plugins = registry.candidates();
  s.notices = registry.log_lines();
  if (const auto config = registry.config()) s.config_files = config->sources;
  return s;
}

std::vector<OpRow> operator_rows(core::Registry& registry, const Snapshot& snapshot) {
  std::vector<OpRow> rows;
  for (const core::OpInfo& op : core::catalogue()) {
    OpRow row{std::string(op.name), std::string(op.family), std::string(kind_name(op.kind)), {}, {}};
    for (const DeviceRow& d : snapshot.devices) serve(registry, *d.device, op, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string_view device_kind(const fg_device_info& info) {
  if ((info.caps & FG_D_SOFTWARE) != 0) return "software";
  switch (info.type) {
    case FG_DEVICE_CPU: return "cpu";
    case FG_DEVICE_GPU: return "gpu";
    case FG_DEVICE_NPU: return "npu";
    default: return "other";
  }
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace fg::info
