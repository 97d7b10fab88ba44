// SPDX-License-Identifier: Apache-2.0
//
// C API: DLPack in and out.

#include <fmt/format.h>

#include "core/api/api_call.hpp"
#include "core/tensor/dlpack.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

namespace {

// The first device whose memory has this DLPack type and number.
Result<fg::core::Device*> device_for(const dlpack::Device& wanted) {
  if (wanted.type == dlpack::kCpu) return Registry::get().cpu();
  for (fg::core::Device* d : Registry::get().devices()) {
    if (static_cast<std::int32_t>(d->info.dlpack_type) == wanted.type && d->info.dlpack_id == wanted.id) return d;
  }
  return unsupported(fmt::format("from_dlpack: no device has DLPack type {} and id {}", wanted.type, wanted.id),
                     FG_R_DEVICE);
}

template <class Managed>
Result<void> import_managed(void* managed, fg_tensor_handle* out) {
  auto* m = static_cast<Managed*>(managed);
  FG_TRY_ASSIGN(const dlpack::Device where, dlpack::device_of(m));
  FG_TRY_ASSIGN(fg::core::Device * target, device_for(where));
  FG_TRY_ASSIGN(auto t, dlpack::import(target, m));
  *out = t.leak();
  return {};
}

}  // namespace

extern "C" {

fg_status fg_tensor_to_dlpack(fg_tensor_handle t, int32_t versioned, void** out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(t, "to_dlpack", "t"));
    FG_TRY(need(out, "to_dlpack", "out"));
    const auto tensor = fg::core::Tensor::share(t);
    if (versioned != 0) {
      FG_TRY_ASSIGN(*out, dlpack::export_versioned(tensor));
    } else {
      FG_TRY_ASSIGN(*out, dlpack::export_unversioned(tensor));
    }
    return {};
  });
}

fg_status fg_tensor_from_dlpack(void* managed, int32_t versioned, fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(managed, "from_dlpack", "managed"));
    FG_TRY(need(out, "from_dlpack", "out"));
    return versioned != 0 ? import_managed<dlpack::ManagedVersioned>(managed, out)
                          : import_managed<dlpack::Managed>(managed, out);
  });
}

}  // extern "C"
