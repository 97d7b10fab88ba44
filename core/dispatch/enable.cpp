// SPDX-License-Identifier: Apache-2.0
//
// The set of operators that are served.

#include "core/dispatch/enable.hpp"

#include <fmt/format.h>

#include <array>
#include <mutex>

#include "core/catalogue/nearest.hpp"
#include "core/dispatch/record.hpp"
#include "core/registry/registry.hpp"
#include "core/trace/log.hpp"

namespace fg::core {
namespace {

constexpr std::size_t kMaxOps = 2048;

// One flag per operator, read by plans as they are made; changes raise the generation.
std::array<std::atomic<bool>, kMaxOps> g_denied{};

struct Denials {
  std::mutex mutex;
  std::vector<DeniedOperator> list;
};
Denials& denials() {
  static Denials d;
  return d;
}

std::vector<std::string_view> op_names() {
  std::vector<std::string_view> names;
  for (const OpInfo& op : catalogue()) names.push_back(op.name);
  return names;
}

}  // namespace

Result<const OpInfo*> lookup(std::string_view name) {
  if (const OpInfo* op = find_op(name)) return op;
  return fail(FG_E_NOT_FOUND, fmt::format("no operator '{}'{}", name, did_you_mean(name, op_names())), FG_R_UNKNOWN_OP);
}

Result<void> enable(const EnableOptions& options) {
  std::vector<bool> denied(catalogue().size(), options.only.has_value());
  if (options.only) {
    for (const std::string& name : *options.only) {
      FG_TRY_ASSIGN(const OpInfo* op, lookup(name));
      denied[op->index] = false;
    }
  }
  for (const std::string& name : options.unused) {
    FG_TRY_ASSIGN(const OpInfo* op, lookup(name));
    denied[op->index] = true;
  }
  if (options.record) {
    if (options.path.empty()) return invalid("record: a path is needed", FG_R_PARAMETER);
    FG_TRY(start_record(options.path, options.once));
  } else {
    stop_record();
  }
  for (std::size_t i = 0; i < denied.size() && i < kMaxOps; ++i)
    g_denied[i].store(denied[i], std::memory_order_relaxed);
  g_generation.fetch_add(1, std::memory_order_release);
  return {};
}

void set_denials(const std::vector<DeniedOperator>& list) {
  std::vector<DeniedOperator> known;
  for (const DeniedOperator& d : list) {
    if (find_op(d.op) != nullptr) {
      known.push_back(d);
    } else {
      FG_LOG(warn, "fg.yaml denies an unknown operator '{}'{}", d.op, did_you_mean(d.op, op_names()));
    }
  }
  const std::lock_guard lock(denials().mutex);
  denials().list = std::move(known);
  g_generation.fetch_add(1, std::memory_order_release);
}

std::string denial(const OpInfo& op, std::string_view plugin) {
  const std::lock_guard lock(denials().mutex);
  for (const DeniedOperator& d : denials().list) {
    if (d.op == op.name && (d.plugin.empty() || d.plugin == plugin)) {
      return d.reason.empty() ? std::string("denied by fg.yaml") : fmt::format("denied by fg.yaml: {}", d.reason);
    }
  }
  return {};
}

bool enabled(const OpInfo& op) { return op.index >= kMaxOps || !g_denied[op.index].load(std::memory_order_relaxed); }

}  // namespace fg::core
