// SPDX-License-Identifier: Apache-2.0
//
// What differs from library to library: name, note, entry.

#include "fg/abi/note.h"
#include "tests/mutants/mutant.hpp"
#include "tests/mutants/plugin.hpp"

#ifdef FG_MUTANT_PRINTS
#include <cstdio>
#endif

namespace fg::mutants {

const std::string_view kVariant = FG_MUTANT_VARIANT;

namespace {

#ifdef FG_MUTANT_PRINTS
[[gnu::constructor]] void print() {
  std::fputs("mutant: loaded\n", stdout);
  std::fflush(stdout);
}
#endif

constexpr fg_api kApi = make_api(FG_MUTANT_NAME, std::string_view(FG_MUTANT_VARIANT) == "nullopt");

}  // namespace
}  // namespace fg::mutants

FG_PLUGIN_NOTE(FG_MUTANT_NAME, "fg", "0.1.0");

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error* err) noexcept {
  return fg::mutants::answer(offer, fg::mutants::kApi, api, err);
}

#ifdef FG_MUTANT_EXPORTS
extern "C" FG_EXPORT int fg_plugin_helper() { return 0; }
#endif
