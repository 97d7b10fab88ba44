// SPDX-License-Identifier: Apache-2.0
//
// A plugin whose entry lets an exception out: through noexcept, which ends the process.

#include <stdexcept>

#include "fg/abi/note.h"
#include "fg/abi/plugin.h"

FG_PLUGIN_NOTE("stub_throws", "fg tests", "1.0");

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api**, fg_error*) noexcept {
  const auto fail = [&] {
    if (offer != nullptr) throw std::runtime_error("the driver object is gone");
  };
  fail();
  return FG_OK;
}
