// SPDX-License-Identifier: Apache-2.0
//
// Loading, instances, devices, tables.

#include "tests/mutants/plugin.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {
namespace {

// The driver's table, once create() or probe() has found it; timelines carry no instance.
std::atomic<const fg_api*> g_driver{nullptr};

Result<const fg_api*> driver() {
  if (const fg_api* api = g_driver.load()) return api;
  FG_TRY_ASSIGN(const fg_api* api, open_driver());
  g_driver.store(api);
  return api;
}

std::string fault_names() {
  std::string names;
  for (const conformance::Fault& f : conformance::kFaults) names += (names.empty() ? "" : ", ") + std::string(f.name);
  return names;
}

std::optional<std::string> option(const fg_host& host, const char* key) {
  char text[64];
  std::size_t len = sizeof text;
  if (!FG_HAS(fg_host, &host, config_get) || host.config_get == nullptr) return std::nullopt;
  if (host.config_get(host.ctx, key, text, &len) != FG_OK) return std::nullopt;
  return std::string(text);
}

// The option, else the variable, which reaches the processes that the suite starts.
Result<void> choose_fault(const fg_host& host) {
  if (!kVariant.empty()) return {};
  std::optional<std::string> name = option(host, "fault");
  if (const char* variable = std::getenv("FG_MUTANT_FAULT"); !name && variable != nullptr) name = variable;
  if (!name) return {};
  const std::size_t i = conformance::find_fault(*name);
  if (i == std::size(conformance::kFaults))
    return invalid("option fault: \"" + *name + "\", expected one of " + fault_names());
  g_fault.store(i);
  return {};
}

bool wants_async() {
  return legal("async") || (kVariant.empty() && conformance::kFaults[g_fault.load()].family == "async");
}

// --- tables of the driver, with the driver's instance ---

const fg_memory_table* memory_of(fg_instance* i) {
  return static_cast<const fg_memory_table*>(i->real->get_table(i->driver, FG_TABLE_MEMORY));
}
const fg_test_table* test_of(fg_instance* i) {
  return static_cast<const fg_test_table*>(i->real->get_table(i->driver, FG_TABLE_TEST));
}

fg_status import_mem(fg_instance* i, std::uint32_t device, const fg_foreign_mem* from, fg_buffer** buffer, void** ptr,
                     fg_error* err) noexcept {
  return i == nullptr ? FG_E_INVALID : memory_of(i)->import_mem(i->driver, device, from, buffer, ptr, err);
}
fg_status map(fg_instance* i, fg_buffer* b, std::uint64_t offset, std::uint64_t bytes, std::uint32_t mode, void** ptr,
              fg_error* err) noexcept {
  return i == nullptr ? FG_E_INVALID : memory_of(i)->map(i->driver, b, offset, bytes, mode, ptr, err);
}
fg_status unmap(fg_instance* i, fg_buffer* b, void* ptr, fg_error* err) noexcept {
  return i == nullptr ? FG_E_INVALID : memory_of(i)->unmap(i->driver, b, ptr, err);
}
fg_status counts(fg_instance* i, fg_test_counts* c) noexcept {
  if (i == nullptr) return FG_E_INVALID;
  const fg_status s = test_of(i)->counts(i->driver, c);
  if (s >= 0 && has(fault("leaks_kernel"))) c->kernels = i->kernels;
  if (s >= 0 && has(fault("non_atomic_counter"))) c->kernels = i->miscounted;
  return s;
}
fg_status fail_alloc_after(fg_instance* i, std::int64_t n) noexcept {
  return i == nullptr ? FG_E_INVALID : test_of(i)->fail_alloc_after(i->driver, n);
}

// Options of a driver with one thread: flushing is a mode of the thread that launches, and a pool would flush
// in some of its threads and not in others.
fg_status only_one_thread(void*, const char* key, char* text, std::size_t* len) noexcept {
  constexpr std::string_view kKey = "threads", kOne = "1";
  if (key == nullptr || text == nullptr || len == nullptr || key != kKey) return FG_E_NOT_FOUND;
  if (*len <= kOne.size()) return FG_E_INVALID;
  *len = kOne.copy(text, kOne.size()) + 1;
  text[kOne.size()] = 0;
  return FG_OK;
}

// Allocations of `oddstride`: the driver borrows memory that begins at an odd multiple of 64 bytes.
// `misaligned`, a bug, does so at an odd multiple of 32.
constexpr std::uint64_t kOddUnit = 64;  // bytes

std::uint64_t largest_allocation(fg_instance* i) {
  fg_device_info info{};
  info.hdr.struct_size = sizeof info;
  return i->real->device_info(i->driver, 0, &info) < 0 ? 0 : info.max_alloc;
}

fg_status odd_alloc(fg_instance* i, std::uint32_t device, std::uint64_t bytes, fg_buffer** buffer, void** ptr,
                    fg_error* err) {
  void* const block =
      std::aligned_alloc(2 * kOddUnit, (bytes + 2 * kOddUnit) / (2 * kOddUnit) * 2 * kOddUnit + 2 * kOddUnit);
  if (block == nullptr) return sdk::report(err, Error{FG_E_OOM_DEVICE, "no memory", FG_R_LIMIT});
  fg_foreign_mem from{};
  from.hdr.struct_size = sizeof from;
  from.kind = FG_FOREIGN_ADDRESS;
  from.handle[0] = reinterpret_cast<std::uintptr_t>(block) + (legal("oddstride") ? kOddUnit : kOddUnit / 2);
  from.bytes = bytes;
  const fg_status s = memory_of(i)->import_mem(i->driver, device, &from, buffer, ptr, err);
  if (s < 0) {
    std::free(block);
    return s;
  }
  const std::lock_guard lock(i->mutex);
  i->owned[*buffer] = block;
  return s;
}

}  // namespace

fg_status answer(const fg_query* offer, const fg_api& mine, const fg_api** api, fg_error* err) noexcept {
  return sdk::guard(err, [&]() -> Result<void> {
    if (offer == nullptr || api == nullptr) return invalid("query: a pointer is NULL", FG_R_NULL_POINTER);
    if (offer->hdr.must_understand != 0 && !has(fault("ignores_must_understand")))
      return unsupported("query: unknown must_understand bits", FG_R_UNKNOWN_BIT);
    if (offer->epoch != FG_ABI_EPOCH || offer->minor_min > FG_ABI_MINOR)
      return fail(FG_E_ABI, "offered epoch " + std::to_string(offer->epoch) + ", minor " +
                                std::to_string(offer->minor_min) + " or later, expected 1.0");
    *api = &mine;
    return {};
  });
}

namespace entry {

fg_status probe(const fg_host* host, std::uint32_t* n_devices, fg_error* err) noexcept {
  return sdk::guard(err, [&]() -> Result<void> {
    FG_TRY_ASSIGN(const fg_api* real, driver());
    const fg_status s = real->probe(host, n_devices, err);
    if (s < 0) return fail(s, "the driver's probe failed");
    return {};
  });
}

fg_status create(const fg_host* host, const fg_ext* options, fg_instance** out, fg_error* err) noexcept {
  return sdk::guard(err, [&]() -> Result<void> {
    if (host == nullptr || out == nullptr) return invalid("create: a pointer is NULL", FG_R_NULL_POINTER);
    FG_TRY(choose_fault(*host));
    FG_TRY_ASSIGN(const fg_api* real, driver());
    auto i = std::make_unique<fg_instance>();
    i->host = host;
    i->real = real;
    i->async = wants_async();
    if (legal("ftz")) {
      std::memcpy(&i->one_thread, host, std::min<std::size_t>(host->hdr.struct_size, sizeof(fg_host)));
      i->one_thread.config_get = only_one_thread;
      host = &i->one_thread;
    }
    fg_error why{};
    why.hdr.struct_size = sizeof why;
    if (const fg_status s = real->create(host, options, &i->driver, &why); s < 0)
      return fail(s, why.message, why.reason, why.arg_index);
    if (has(fault("instance_leaks_fd"))) (void)::open("/dev/null", O_RDONLY | O_CLOEXEC);
    *out = i.release();
    return {};
  });
}

fg_status destroy(fg_instance* i, fg_error* err) noexcept {
  if (i == nullptr) return sdk::report(err, Error{FG_E_INVALID, "destroy: NULL", FG_R_NULL_POINTER});
  i->stray.reset();
  const fg_status s = i->real->destroy(i->driver, err);
  for (const auto& [buffer, block] : i->owned) std::free(block);
  delete i;
  return s;
}

fg_status device_info(fg_instance* i, std::uint32_t device, fg_device_info* out) noexcept {
  if (i == nullptr || out == nullptr) return FG_E_INVALID;
  const std::uint32_t size = out->hdr.struct_size;
  if (has(fault("reads_beyond_struct_size"))) out->hdr.struct_size = sizeof *out;
  if (has(fault("info_runs_over")) && size > FG_END(fg_device_info, name)) out->hdr.struct_size = sizeof *out;
  if (has(fault("exact_size_check")) && size != sizeof *out) return FG_E_ABI;
  if (has(fault("ordinal_ignored"))) device = 0;
  const fg_status s = i->real->device_info(i->driver, device, out);
  out->hdr.struct_size = size;
  if (s < 0) return s;
  if (FG_HAS(fg_device_info, out, uuid)) out->uuid[0] ^= 0x5A;  // another device than the cpu plugin's
  if (FG_HAS(fg_device_info, out, uuid) && has(fault("uuid_of_process"))) {
    const pid_t pid = ::getpid();
    std::memcpy(out->uuid + 1, &pid, sizeof pid);
  }
  if (FG_HAS(fg_device_info, out, max_alloc) && has(fault("max_alloc_too_small"))) out->max_alloc /= 4;
  if (FG_HAS(fg_device_info, out, mem_free) && has(fault("more_free_than_there_is"))) out->mem_free = UINT64_MAX;
  if (FG_HAS(fg_device_info, out, caps)) {
    if (i->async) out->caps &= ~std::uint64_t{FG_D_SYNCHRONOUS};
    if (legal("ftz")) out->caps &= ~std::uint64_t{FG_D_DENORMALS};
  }
  return s;
}

fg_status mem_alloc(fg_instance* i, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes, std::uint64_t align,
                    fg_buffer** buffer, void** ptr, fg_error* err) noexcept {
  if (i == nullptr) return sdk::report(err, Error{FG_E_INVALID, "mem_alloc: NULL", FG_R_NULL_POINTER});
  const bool odd = (legal("oddstride") || has(fault("misaligned"))) && device == 0 && kind == FG_MEM_DEVICE &&
                   bytes > 0 && bytes <= largest_allocation(i) && align <= kOddUnit && (align & (align - 1)) == 0 &&
                   buffer != nullptr && ptr != nullptr;
  const fg_status s = odd ? odd_alloc(i, device, bytes, buffer, ptr, err)
                          : i->real->mem_alloc(i->driver, device, kind, bytes, align, buffer, ptr, err);
  if (s < 0) return s;
  const std::lock_guard lock(i->mutex);
  i->bytes[*buffer] = bytes;
  return s;
}

fg_status mem_free(fg_instance* i, fg_buffer* buffer, fg_timeline* after, std::uint64_t value) noexcept {
  if (i == nullptr) return FG_E_INVALID;
  void* block = nullptr;
  {
    const std::lock_guard lock(i->mutex);
    if (const auto it = i->owned.find(buffer); it != i->owned.end()) {
      block = it->second;
      i->owned.erase(it);
    }
    i->bytes.erase(buffer);
  }
  const fg_status s = i->real->mem_free(i->driver, buffer, after, value);
  std::free(block);
  return s;
}

fg_status claims(fg_instance* i, std::uint32_t device, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept {
  if (i == nullptr) return FG_E_INVALID;
  const fg_status s = i->real->claims(i->driver, device, first, n, stride);
  if (s < 0 || !legal("rz")) return s;
  const std::lock_guard lock(i->mutex);
  if (i->claims.empty()) {
    for (std::uint32_t k = 0; k < *n; ++k) {
      fg_op_claim c = *reinterpret_cast<const fg_op_claim*>(reinterpret_cast<const char*>(*first) + k * *stride);
      if (c.op_uid == FG_OP_MM_UID || c.op_uid == FG_OP_BMM_UID) c.accuracy_class = FG_ACC_F32_RZ;
      i->claims.push_back(c);
    }
  }
  *first = i->claims.data();
  *stride = sizeof(fg_op_claim);
  return s;
}

const void* get_table(fg_instance* i, const char* id) noexcept {
  static constexpr fg_memory_table kMemory{{sizeof(fg_memory_table), 0, nullptr}, import_mem, map, unmap};
  static constexpr fg_test_table kTest{{sizeof(fg_test_table), 0, nullptr}, counts, fail_alloc_after, nullptr};
  if (i == nullptr || id == nullptr) return nullptr;
  if (std::strcmp(id, FG_TABLE_MEMORY) == 0) return &kMemory;
  return std::strcmp(id, FG_TABLE_TEST) == 0 ? &kTest : nullptr;
}

fg_status timeline_create(fg_instance* i, std::uint64_t initial, fg_timeline** out, fg_error* err) noexcept {
  if (i == nullptr) return sdk::report(err, Error{FG_E_INVALID, "timeline_create: NULL", FG_R_NULL_POINTER});
  return i->real->timeline_create(i->driver, initial, out, err);
}
fg_status timeline_destroy(fg_timeline* t) noexcept { return g_driver.load()->timeline_destroy(t); }
fg_status host_signal(fg_timeline* t, std::uint64_t value) noexcept { return g_driver.load()->host_signal(t, value); }
fg_status host_wait(fg_timeline* t, std::uint64_t value, std::int64_t timeout_ns, fg_error* err) noexcept {
  return g_driver.load()->host_wait(t, value, timeout_ns, err);
}
fg_status timeline_read(fg_timeline* t, std::uint64_t* value, fg_error* err) noexcept {
  return g_driver.load()->timeline_read(t, value, err);
}

}  // namespace entry
}  // namespace fg::mutants
