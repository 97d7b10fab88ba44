// SPDX-License-Identifier: Apache-2.0
//
// C API: start and end of the library.

#include <string_view>

#include "core/api/api_call.hpp"
#include "core/dispatch/kernels.hpp"
#include "core/dispatch/state.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

extern "C" {

fg_status fg_init(const fg_init_options* options, fg_error* err) FG_NOEXCEPT {
  return sdk::guard(err, [&]() -> Result<void> {
    if (forked()) return forked_error();
    if (options != nullptr) {
      if (fg::core::detail::g_started.load(std::memory_order_acquire))
        return fail(FG_E_STATE, "init: the library runs already");
      if (options->hdr.must_understand != 0) return unsupported("init: unknown must_understand bits", FG_R_UNKNOWN_BIT);
      std::string_view folders =
          FG_HAS(fg_init_options, options, plugin_path) && options->plugin_path != nullptr ? options->plugin_path : "";
      while (!folders.empty()) {
        const std::size_t end = folders.find(':');
        if (end != 0) FG_TRY(Registry::get().add_plugin_path(folders.substr(0, end)));
        folders = end == std::string_view::npos ? std::string_view{} : folders.substr(end + 1);
      }
      if (FG_HAS(fg_init_options, options, vendor) && options->vendor != nullptr) set_default_vendor(options->vendor);
    }
    FG_TRY(enter());
    FG_TRY(current_device());
    return {};
  });
}

fg_status fg_shutdown(fg_error* err) FG_NOEXCEPT {
  return sdk::guard(err, [&]() -> Result<void> {
    if (forked()) return forked_error();
    if (!fg::core::detail::g_started.load(std::memory_order_acquire)) return {};
    release_kernels();
    // From here on start() asks the registry, which answers that it was shut down.
    fg::core::detail::g_started.store(false, std::memory_order_release);
    return Registry::get().shutdown();
  });
}

}  // extern "C"
