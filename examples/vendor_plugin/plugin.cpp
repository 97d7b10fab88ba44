// SPDX-License-Identifier: Apache-2.0
//
// Acme's plugin: the note, the table of operators, the table of entries.

#include <array>
#include <memory>
#include <string>

#include "device.hpp"
#include "fg/abi/note.h"
#include "fg/abi/ops.h"
#include "fg/sdk/kernel_table.hpp"
#include "rms_norm.hpp"

namespace {

using fg::Result;
using fg::sdk::guard;

constexpr fg_dtype kF32x3[] = {FG_F32, FG_F32, FG_F32};  // out, input, weight

constexpr std::array kOperators{
    fg::sdk::KernelEntry{.name = FG_OP_RMS_NORM_NAME,
                         .uid = FG_OP_RMS_NORM_UID,
                         .schema_hash = FG_OP_RMS_NORM_SCHEMA_HASH,
                         .schema_version = FG_OP_RMS_NORM_SCHEMA_VERSION,
                         .n_slots = FG_OP_RMS_NORM_N_SLOTS,
                         .rows = kF32x3,
                         .flags = FG_K_BITWISE_DETERMINISTIC | FG_K_MAY_BLOCK_HOST,
                         .prepare = fg::sdk::plain<acme::rms_norm>},
};

const fg::sdk::KernelTable& operators() {
  static const fg::sdk::KernelTable table(kOperators);
  return table;
}

fg_status probe(const fg_host*, std::uint32_t* n_devices, fg_error*) noexcept {
  *n_devices = acme::kDevices;  // Open your driver here; say what is missing with FG_E_UNSUPPORTED, FG_R_NO_DRIVER.
  return FG_OK;
}

fg_status create(const fg_host* host, const fg_ext*, fg_instance** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(fg::sdk::check_header(host->hdr, "fg_host"));
    *out = new fg_instance;
    return {};
  });
}

fg_status destroy(fg_instance* instance, fg_error*) noexcept {
  delete instance;
  return FG_OK;
}

fg_status claims(fg_instance*, std::uint32_t device, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept {
  if (const auto r = acme::check_device("claims", device); !r) return r.error().status;
  *first = operators().claims().data();
  *n = static_cast<std::uint32_t>(operators().claims().size());
  *stride = sizeof(fg_op_claim);
  return FG_OK;
}

fg_status query(fg_instance*, const fg_sig* sig, fg_verdict* verdict) noexcept {
  operators().query(*sig, *verdict);
  return FG_OK;
}

fg_status prepare(fg_instance* instance, const fg_sig* sig, fg_kernel** kernel, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(acme::check_device("prepare", sig->device));
    FG_TRY_ASSIGN(*kernel, operators().prepare(*sig, instance->kernels));
    return {};
  });
}

constexpr fg_api kApi{
    .hdr = {sizeof(fg_api), 0, nullptr},
    .name = "acme",
    .vendor = "Acme Corp.",
    .version = "0.1.0",
    .build_id = "example",
    .abi_minor = FG_ABI_MINOR,
    .zero = 0,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .device_info = acme::device_info,
    .mem_alloc = acme::mem_alloc,
    .mem_free = acme::mem_free,
    .copy = acme::copy,
    .fill = acme::fill,
    .stream_create = acme::stream_create,
    .stream_destroy = acme::stream_destroy,
    .timeline_create = acme::timeline_create,
    .timeline_destroy = acme::timeline_destroy,
    .stream_flush = acme::stream_flush,
    .stream_signal = acme::stream_signal,
    .stream_wait = acme::stream_wait,
    .host_signal = acme::host_signal,
    .host_wait = acme::host_wait,
    .timeline_read = acme::timeline_read,
    .claims = claims,
    .query = query,
    .prepare = prepare,
    .get_table = nullptr,
};

}  // namespace

FG_PLUGIN_NOTE("acme", "Acme Corp.", "0.1.0");

fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error* err) noexcept {
  if (offer->epoch != FG_ABI_EPOCH) {
    return fg::sdk::report(err, fg::Error{FG_E_ABI, "offered epoch " + std::to_string(offer->epoch) + ", expected 1"});
  }
  *api = &kApi;
  return FG_OK;
}
