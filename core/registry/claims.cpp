// SPDX-License-Identifier: Apache-2.0
#include "core/registry/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/catalogue/op_info.hpp"
#include "fg/abi/engine.h"
#include "fg/sdk/op_uid.hpp"

namespace fg::core {
namespace {

constexpr std::uint32_t kMaxRows = 1u << 16;
constexpr std::uint16_t kMaxSlots = 64;
constexpr std::size_t kMaxName = 128;
constexpr std::array<std::string_view, 3> kEngines{FG_OP_MAP, FG_OP_REDUCE, FG_OP_SCAN};

// Checks against the catalogue.  An operator that this core does not know is no mistake: the plugin
// may be newer.
std::optional<Notice> judge_schema(const fg_op_claim& claim, std::string_view name) {
  if (std::find(kEngines.begin(), kEngines.end(), name) != kEngines.end()) {
    // The engines' schema is the epoch's: its hash is the uid (fg/abi/ops.h).
    if (claim.schema_hash == claim.op_uid) return std::nullopt;
    return Notice{"CLAIM_SCHEMA", fmt::format("{}: schema {:016x}, expected its uid", name, claim.schema_hash)};
  }
  const OpInfo* op = find_op(claim.op_uid);
  if (op == nullptr)
    return Notice{"CLAIM_UNKNOWN_OP", fmt::format("{}: this core's catalogue has no such operator", name)};
  if (op->name != name) return Notice{"CLAIM_UID", fmt::format("{}: its uid is that of {}", name, op->name)};
  if (op->schema_version < claim.schema_min || op->schema_version > claim.schema_max) {
    return Notice{"CLAIM_SCHEMA", fmt::format("{}: claims schema versions {} to {}, this core has {}", name,
                                              claim.schema_min, claim.schema_max, op->schema_version)};
  }
  if (op->schema_hash != claim.schema_hash) {
    return Notice{"CLAIM_SCHEMA", fmt::format("{}: built with schema {:016x}, this core has {:016x}", name,
                                              claim.schema_hash, op->schema_hash)};
  }
  return std::nullopt;
}

std::optional<Notice> judge_claim(const fg_op_claim& claim) {
  const std::size_t length = claim.name == nullptr ? 0 : strnlen(claim.name, kMaxName);
  if (length == 0 || length == kMaxName) {
    return Notice{"CLAIM_NAME", fmt::format("a claim without a name (uid {:016x})", claim.op_uid)};
  }
  const std::string_view name(claim.name, length);
  if (sdk::op_uid(name) != claim.op_uid) {
    return Notice{"CLAIM_UID",
                  fmt::format("{}: uid {:016x}, the name's is {:016x}", name, claim.op_uid, sdk::op_uid(name))};
  }
  if (claim.n_rows > kMaxRows || claim.n_slots > kMaxSlots || claim.max_ndim > FG_MAX_NDIM) {
    return Notice{"CLAIM_COUNT",
                  fmt::format("{}: {} rows of {} slots, rank {}; at most {}, {} and {}", name, claim.n_rows,
                              claim.n_slots, claim.max_ndim, kMaxRows, kMaxSlots, FG_MAX_NDIM)};
  }
  if (claim.rows == nullptr && claim.n_rows != 0)
    return Notice{"CLAIM_COUNT", fmt::format("{}: its rows are NULL", name)};
  if (claim.hdr.must_understand != 0) {
    return Notice{"CLAIM_BIT", fmt::format("{}: needs features {:#x} that this core does not know", name,
                                           claim.hdr.must_understand)};
  }
  return judge_schema(claim, name);
}

}  // namespace

ClaimTable::ClaimTable(const ClaimArray& raw, std::vector<Notice>& notices) {
  const char* at = reinterpret_cast<const char*>(raw.first);
  for (std::uint32_t i = 0; i < raw.count; ++i, at += raw.stride) {
    fg_op_claim claim{};
    std::uint32_t size = 0;
    std::memcpy(&size, at, sizeof size);  // hdr.struct_size comes first
    if (size < FG_END(fg_op_claim, flags)) {
      notices.push_back({"CLAIM_COUNT", fmt::format("claim {} has {} bytes, interface 1.0 has {}", i, size,
                                                    FG_END(fg_op_claim, flags))});
      continue;
    }
    std::memcpy(&claim, at, std::min<std::size_t>({size, raw.stride, sizeof claim}));
    claim.hdr.struct_size = sizeof claim;
    if (auto notice = judge_claim(claim)) {
      notices.push_back(*std::move(notice));
    } else {
      sorted_.push_back(claim);
    }
  }
  const auto by_uid = [](const fg_op_claim& a, const fg_op_claim& b) { return a.op_uid < b.op_uid; };
  std::stable_sort(sorted_.begin(), sorted_.end(), by_uid);
  const auto twice = [&](const fg_op_claim& a, const fg_op_claim& b) {
    if (a.op_uid == b.op_uid)
      notices.push_back({"CLAIM_TWICE", fmt::format("{}: claimed twice, the first counts", a.name)});
    return a.op_uid == b.op_uid;
  };
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end(), twice), sorted_.end());
  withdrawn_ = std::make_unique<std::atomic<bool>[]>(sorted_.size());
}

std::size_t ClaimTable::position(std::uint64_t op_uid) const {
  const auto it = std::lower_bound(sorted_.begin(), sorted_.end(), op_uid,
                                   [](const fg_op_claim& c, std::uint64_t uid) { return c.op_uid < uid; });
  return it != sorted_.end() && it->op_uid == op_uid ? static_cast<std::size_t>(it - sorted_.begin()) : sorted_.size();
}

const fg_op_claim* ClaimTable::find(std::uint64_t op_uid) const {
  const std::size_t i = position(op_uid);
  if (i == sorted_.size() || withdrawn_[i].load(std::memory_order_relaxed)) return nullptr;
  return &sorted_[i];
}

std::vector<const fg_op_claim*> ClaimTable::all() const {
  std::vector<const fg_op_claim*> out;
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    if (!withdrawn_[i].load(std::memory_order_relaxed)) out.push_back(&sorted_[i]);
  }
  return out;
}

bool ClaimTable::withdraw(std::uint64_t op_uid) {
  const std::size_t i = position(op_uid);
  return i != sorted_.size() && !withdrawn_[i].exchange(true);
}

}  // namespace fg::core
