// SPDX-License-Identifier: Apache-2.0
#include "core/registry/loader.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "core/registry/elf.hpp"
#include "core/registry/fp_mode.hpp"

namespace fg::core {
namespace {

constexpr std::uint32_t kMaxDevices = 64;  // of one plugin

std::string_view status_name(fg_status s) {
  switch (s) {
    case FG_OK: return "FG_OK";
    case FG_NOT_READY: return "FG_NOT_READY";
    case FG_SUBOPTIMAL: return "FG_SUBOPTIMAL";
    case FG_E_INVALID: return "FG_E_INVALID";
    case FG_E_UNSUPPORTED: return "FG_E_UNSUPPORTED";
    case FG_E_OOM_HOST: return "FG_E_OOM_HOST";
    case FG_E_OOM_DEVICE: return "FG_E_OOM_DEVICE";
    case FG_E_DEVICE_LOST: return "FG_E_DEVICE_LOST";
    case FG_E_TIMEOUT: return "FG_E_TIMEOUT";
    case FG_E_ABI: return "FG_E_ABI";
    case FG_E_STATE: return "FG_E_STATE";
    case FG_E_NOT_FOUND: return "FG_E_NOT_FOUND";
    case FG_E_COMPILE: return "FG_E_COMPILE";
    case FG_E_CAPTURE: return "FG_E_CAPTURE";
    case FG_E_FORKED: return "FG_E_FORKED";
    default: return "FG_E_INTERNAL";
  }
}

// Refuses, and puts the mode back, when the calling thread's floating-point mode is not `before`.
Judged<void> same_fp_mode(const FpMode& before, std::string_view step) {
  const FpMode after = fp_mode();
  if (after == before) return {};
  set_fp_mode(before);
  return refuse(
      Refusal::changed_fp_mode,
      fmt::format("changes the floating-point mode in {}: control {:#x} became {:#x}; link it without -ffast-math",
                  step, before.control, after.control));
}

bool is_power_of_two(std::uint64_t x) { return std::has_single_bit(x); }

template <std::size_t N>
void terminate(char (&text)[N]) {
  text[N - 1] = '\0';
}

}  // namespace

fg_error fresh_error() {
  fg_error error{};
  error.hdr.struct_size = sizeof error;
  error.arg_index = -1;
  return error;
}

std::string describe(fg_status status, const fg_error& error) {
  const std::string_view text(error.message, strnlen(error.message, sizeof error.message));
  return text.empty() ? std::string(status_name(status)) : fmt::format("{}: {}", status_name(status), text);
}

Judged<OpenedPlugin> open_plugin(const std::string& path, const fg_host& host) {
  const FpMode before = fp_mode();
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (auto r = same_fp_mode(before, "a constructor"); !r) return tl::unexpected(r.error());
  if (handle == nullptr) {
    const char* why = ::dlerror();
    return refuse(Refusal::dlopen_failed, why == nullptr ? "dlopen failed" : why);
  }
  void* entry = ::dlsym(handle, FG_PLUGIN_ENTRY);
  if (entry == nullptr) return refuse(Refusal::no_entry, fmt::format("does not export {}", FG_PLUGIN_ENTRY));

  fg_query query{};
  query.hdr.struct_size = sizeof query;
  query.epoch = FG_ABI_EPOCH;
  query.minor_min = 0;
  query.minor_max = FG_ABI_MINOR;
  query.host = &host;
  const fg_api* table = nullptr;
  fg_error error = fresh_error();
  const auto ask = reinterpret_cast<fg_plugin_query_fn>(entry);
  const fg_status status = ask(&query, &table, &error);
  if (auto r = same_fp_mode(before, FG_PLUGIN_ENTRY); !r) return tl::unexpected(r.error());
  if (status < 0) return refuse(Refusal::query_failed, fmt::format("{}: {}", FG_PLUGIN_ENTRY, describe(status, error)));
  return resolve_table(table, entry);
}

Judged<std::uint32_t> probe_devices(const fg_api& api, const fg_host& host) {
  const FpMode before = fp_mode();
  fg_error error = fresh_error();
  std::uint32_t count = 0;
  const fg_status status = api.probe(&host, &count, &error);
  if (auto r = same_fp_mode(before, "probe"); !r) return tl::unexpected(r.error());
  if (status == FG_E_UNSUPPORTED && error.reason == FG_R_NO_DRIVER) {
    return refuse(Refusal::no_driver, describe(status, error));
  }
  if (status < 0) return refuse(Refusal::probe_failed, "probe: " + describe(status, error));
  if (count == 0) return refuse(Refusal::no_device, "the driver is there but lists no device");
  if (count > kMaxDevices)
    return refuse(Refusal::bad_count, fmt::format("{} devices, expected at most {}", count, kMaxDevices));
  return count;
}

Judged<fg_instance*> create_instance(const fg_api& api, const fg_host& host) {
  const FpMode before = fp_mode();
  fg_error error = fresh_error();
  fg_instance* instance = nullptr;
  const fg_status status = api.create(&host, nullptr, &instance, &error);
  if (auto r = same_fp_mode(before, "create"); !r) return tl::unexpected(r.error());
  if (status < 0) return refuse(Refusal::create_failed, "create: " + describe(status, error));
  if (instance == nullptr) return refuse(Refusal::create_failed, "create: said FG_OK and gave no instance");
  return instance;
}

Judged<fg_device_info> device_info_of(const fg_api& api, fg_instance* instance, std::uint32_t ordinal) {
  fg_device_info info{};
  info.hdr.struct_size = sizeof info;
  info.pci_domain = info.pci_bus = info.pci_dev = info.pci_fn = info.numa = -1;
  const fg_status status = api.device_info(instance, ordinal, &info);
  if (status < 0) {
    return refuse(Refusal::device_info_failed, fmt::format("device_info({}): {}", ordinal, status_name(status)));
  }
  info.hdr.struct_size = sizeof info;
  terminate(info.name);
  terminate(info.driver);
  terminate(info.arch);
  if (info.type > FG_DEVICE_OTHER) {
    return refuse(Refusal::bad_count, fmt::format("device {}: type {}, expected 0 to 3", ordinal, info.type));
  }
  if (!is_power_of_two(info.alloc_align) || info.alloc_align > (std::uint64_t{1} << 30)) {
    return refuse(Refusal::bad_count,
                  fmt::format("device {}: alloc_align {}, expected a power of two", ordinal, info.alloc_align));
  }
  return info;
}

Judged<ClaimArray> claim_array(const fg_api& api, fg_instance* instance, std::uint32_t ordinal) {
  constexpr std::uint32_t kMaxClaims = 1u << 14;
  constexpr std::uint32_t kMaxStride = 4096;
  constexpr std::uint32_t kSizeOf10 = FG_END(fg_op_claim, flags);
  ClaimArray out;
  const fg_status status = api.claims(instance, ordinal, &out.first, &out.count, &out.stride);
  if (status < 0) return refuse(Refusal::bad_claims, fmt::format("claims({}) failed with status {}", ordinal, status));
  if (out.count == 0) return out;
  if (out.first == nullptr || out.count > kMaxClaims) {
    return refuse(Refusal::bad_claims, fmt::format("claims({}): {} claims at {}, expected at most {}", ordinal,
                                                   out.count, static_cast<const void*>(out.first), kMaxClaims));
  }
  if (out.stride < kSizeOf10 || out.stride > kMaxStride || out.stride % alignof(fg_op_claim) != 0) {
    return refuse(Refusal::bad_claims, fmt::format("claims({}): {} bytes apart, expected {} to {} and a multiple of {}",
                                                   ordinal, out.stride, kSizeOf10, kMaxStride, alignof(fg_op_claim)));
  }
  return out;
}

}  // namespace fg::core
