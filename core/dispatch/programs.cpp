// SPDX-License-Identifier: Apache-2.0
//
// The table of interned programs.

#include "core/dispatch/programs.hpp"

#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "fg/abi/engine.h"
#include "fg/sdk/op_uid.hpp"

namespace fg::core {
namespace {

using Identity = std::array<std::uint64_t, 5>;

struct Table {
  std::mutex mutex;
  std::map<Identity, std::unique_ptr<EngineProgram>> programs;
};

Table& table() {
  static Table* t = new Table;  // Never destroyed: kernels refer to programs until the process ends.
  return *t;
}

}  // namespace

const EngineProgram* intern(Kind kind, std::uint32_t monoid, expr::Program main,
                            std::optional<expr::Program> epilogue) {
  Identity id{static_cast<std::uint64_t>(kind) << 32 | monoid, main.hash()[0], main.hash()[1],
              epilogue ? epilogue->hash()[0] : 0, epilogue ? epilogue->hash()[1] : 0};
  const std::lock_guard lock(table().mutex);
  std::unique_ptr<EngineProgram>& slot = table().programs[id];
  if (slot == nullptr) {
    slot = std::make_unique<EngineProgram>(kind, monoid, std::move(main), std::move(epilogue));
    slot->main_view = slot->main.view();
    if (slot->epilogue) slot->epilogue_view = slot->epilogue->view();
  }
  return slot.get();
}

const char* engine_name(Kind kind) {
  switch (kind) {
    case Kind::map: return FG_OP_MAP;
    case Kind::reduce: return FG_OP_REDUCE;
    default: return FG_OP_SCAN;
  }
}

std::uint64_t engine_uid(Kind kind) {
  static constexpr std::uint64_t kMap = sdk::op_uid(FG_OP_MAP);
  static constexpr std::uint64_t kReduce = sdk::op_uid(FG_OP_REDUCE);
  static constexpr std::uint64_t kScan = sdk::op_uid(FG_OP_SCAN);
  return kind == Kind::map ? kMap : kind == Kind::reduce ? kReduce : kScan;
}

}  // namespace fg::core
