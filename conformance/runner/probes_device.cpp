// SPDX-License-Identifier: Apache-2.0
//
// What a device says of itself, wherever and however often it is asked.

#include <algorithm>
#include <array>
#include <cstring>

#include "conformance/controller/greeting.hpp"
#include "conformance/runner/direct.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "conformance/runner/process_counts.hpp"
#include "core/registry/loader.hpp"
#include "core/registry/sha256.hpp"

namespace fg::conformance {
namespace {

constexpr unsigned char kUntouched = 0x5C;
constexpr std::uint64_t kKnownCaps = FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_NATIVE_TIMELINE | FG_D_PEER |
                                     FG_D_F64 | FG_D_DENORMALS | FG_D_SYNCHRONOUS | FG_D_SOFTWARE;
// DLDeviceType of DLPack 1.1: 5 and 6 were never given.
constexpr std::array<std::uint32_t, 15> kDlpackTypes{1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};

struct Answer {
  fg_status status = FG_OK;
  fg_device_info info{};
};

// device_info() into memory that holds a pattern, of which the plugin is told `size` bytes.
Answer asked(const Direct& d, std::uint32_t ordinal, std::uint32_t size = sizeof(fg_device_info)) {
  Answer a;
  std::memset(&a.info, kUntouched, sizeof a.info);
  a.info.hdr = {size, 0, nullptr};
  a.status = d.api().device_info(d.instance(), ordinal, &a.info);
  return a;
}

bool ends_within(std::span<const char> text) { return std::find(text.begin(), text.end(), '\0') != text.end(); }

std::string wrong_text(const fg_device_info& i) {
  for (const auto& [what, text] :
       {std::pair{"name", std::span<const char>(i.name)}, std::pair{"driver", std::span<const char>(i.driver)},
        std::pair{"arch", std::span<const char>(i.arch)}}) {
    if (!ends_within(text)) return std::string(what) + " has no NUL at its end";
  }
  return i.name[0] == '\0' ? "name is empty" : "";
}

std::string wrong_memory(const fg_device_info& i) {
  const auto beyond = [&](const char* what, std::uint64_t bytes) {
    return std::string(what) + " is " + std::to_string(bytes) + ", mem_total only " + std::to_string(i.mem_total);
  };
  if (i.mem_total == 0) return "mem_total is 0";
  if (i.max_alloc == 0) return "max_alloc is 0";
  if (i.max_alloc > i.mem_total) return beyond("max_alloc", i.max_alloc);
  if (i.mem_free > i.mem_total) return beyond("mem_free", i.mem_free);
  if (i.alloc_align == 0 || (i.alloc_align & (i.alloc_align - 1)) != 0)
    return "alloc_align is " + std::to_string(i.alloc_align) + ", expected a power of two";
  return "";
}

std::string wrong_kind(const fg_device_info& i) {
  if ((i.caps & ~kKnownCaps) != 0) return "caps has unknown bits: " + std::to_string(i.caps & ~kKnownCaps);
  if ((i.caps & FG_D_HOST_VISIBLE) != 0 && (i.caps & FG_D_FLAT_ADDRESS) == 0)
    return "caps has FG_D_HOST_VISIBLE without FG_D_FLAT_ADDRESS";
  if (std::find(kDlpackTypes.begin(), kDlpackTypes.end(), i.dlpack_type) == kDlpackTypes.end())
    return "dlpack_type is " + std::to_string(i.dlpack_type) + ", which DLPack does not have";
  if (i.type > FG_DEVICE_OTHER) return "type is " + std::to_string(i.type) + ", expected 0 to 3";
  for (const std::int32_t n : {i.pci_domain, i.pci_bus, i.pci_dev, i.pci_fn, i.numa}) {
    if (n < -1) return "an address on the PCI bus, or numa, is " + std::to_string(n) + ", expected -1 or more";
  }
  return "";
}

// What does not change while the device is there: all but mem_free.
bool same_device(fg_device_info a, fg_device_info b) {
  a.hdr = b.hdr = {};
  a.mem_free = b.mem_free = 0;
  // Behind the NUL of a text there may be anything.
  for (fg_device_info* i : {&a, &b}) {
    for (const std::span<char> text : {std::span<char>(i->name), std::span<char>(i->driver), std::span<char>(i->arch)})
      std::fill(std::find(text.begin(), text.end(), '\0'), text.end(), '\0');
  }
  return std::memcmp(&a, &b, sizeof a) == 0;
}

}  // namespace

Result<std::string> sane_info(const Device& device) {
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  const Answer a = asked(d, d.ordinal());
  if (a.status < 0) return expect_status("device_info", a.status, FG_OK);
  for (std::string text : {wrong_text(a.info), wrong_memory(a.info), wrong_kind(a.info)}) {
    if (!text.empty()) return "device_info: " + text;
  }
  return "";
}

Result<std::string> same_everywhere(const Device& device) {
  constexpr std::chrono::seconds kPatience{30};
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  const Answer here = asked(d, d.ordinal());
  const std::string uuid = core::hex(here.info.uuid);
  if (std::all_of(std::begin(here.info.uuid), std::end(here.info.uuid), [](std::uint8_t b) { return b == 0; }))
    return "the UUID is zero";
  if (!same_device(here.info, asked(d, d.ordinal()).info)) return "device_info says something else the second time";
  FG_TRY_ASSIGN(const std::shared_ptr<TestHost> host, TestHost::of(device));
  FG_TRY_ASSIGN(const Direct other, Direct::fresh(device, *host));
  if (!same_device(here.info, asked(other, d.ordinal()).info)) return "another instance describes another device";
  WorkerArguments worker;
  worker.plugin = device.spec();
  FG_TRY_ASSIGN(const Subject far, seen_by_another_process(worker, kPatience));
  if (far.device_uuid != uuid) return "the UUID is " + uuid + ", in another process " + far.device_uuid;
  if (far.description != here.info.name || far.arch != here.info.arch || far.driver != here.info.driver)
    return "another process sees a device of another name, architecture or driver";
  return "";
}

Result<std::string> cut_info(const Device& device) {
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  const Answer whole = asked(d, d.ordinal());
  const auto bytes = [](const Answer& a) { return reinterpret_cast<const unsigned char*>(&a.info); };
  constexpr std::size_t kBegin = sizeof(fg_hdr), kMemFree = offsetof(fg_device_info, mem_free);
  for (const std::size_t end :
       {FG_END(fg_device_info, uuid), FG_END(fg_device_info, name), FG_END(fg_device_info, arch),
        FG_END(fg_device_info, numa), FG_END(fg_device_info, caps), FG_END(fg_device_info, max_alloc)}) {
    const Answer cut = asked(d, d.ordinal(), static_cast<std::uint32_t>(end));
    const std::string what = "device_info into a struct of " + std::to_string(end) + " bytes";
    if (cut.status < 0) return expect_status(what, cut.status, FG_OK);
    if (std::any_of(bytes(cut) + end, bytes(cut) + sizeof cut.info, [](unsigned char c) { return c != kUntouched; }))
      return what + " writes behind its end";
    if (!std::equal(bytes(cut) + kBegin, bytes(cut) + std::min(end, kMemFree), bytes(whole) + kBegin))
      return what + " says something else than into a whole one";
  }
  struct {
    fg_device_info info;
    unsigned char more[64];
  } large;
  std::memset(&large, kUntouched, sizeof large);
  large.info.hdr = {sizeof large, 0, nullptr};
  const fg_status s = d.api().device_info(d.instance(), d.ordinal(), &large.info);
  if (s < 0) return expect_status("device_info into a larger struct", s, FG_OK);
  return same_device(large.info, whole.info) ? "" : "device_info into a larger struct says something else";
}

Result<std::string> unknown_ordinals(const Device& device) {
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  const fg_api& api = d.api();
  for (const std::uint32_t ordinal : {std::uint32_t{1} << 20, UINT32_MAX}) {
    const std::string of = " of device " + std::to_string(ordinal);
    const fg_op_claim* first = nullptr;
    std::uint32_t n = 0, stride = 0;
    fg_stream* stream = nullptr;
    const fg_status made = api.stream_create(d.instance(), ordinal, 0, &stream, nullptr);
    if (made >= 0) api.stream_destroy(stream);
    for (std::string text :
         {expect_status("device_info" + of, asked(d, ordinal).status, FG_E_NOT_FOUND),
          expect_status("claims" + of, api.claims(d.instance(), ordinal, &first, &n, &stride), FG_E_NOT_FOUND),
          expect_status("stream_create" + of, made, FG_E_NOT_FOUND)}) {
      if (!text.empty()) return text;
    }
  }
  return "";
}

Result<std::string> create_and_destroy(const Device& device) {
  constexpr int kRounds = 4, kMostRounds = 16;       // while anything grows: caches of a driver fill up, a leak goes on
  constexpr int kMost = 50;                          // instances of a round
  constexpr std::chrono::milliseconds kRound{1250};  // for drivers that start slowly
  FG_TRY_ASSIGN(const std::shared_ptr<TestHost> host, TestHost::of(device));
  const auto live = [&]() -> Result<void> {
    FG_TRY_ASSIGN(const Direct d, Direct::fresh(device, *host));
    FG_TRY_ASSIGN(const Owned<fg_stream> stream, d.stream());
    FG_TRY_ASSIGN(const RawBuffer some, d.buffer(4096));
    return d.finish(stream.get());
  };
  FG_TRY(live());  // what a driver makes once
  const auto begin = std::chrono::steady_clock::now();
  FG_TRY(live());
  const auto each = std::chrono::steady_clock::now() - begin;
  const auto n = std::clamp<std::int64_t>(kRound / std::max(each, std::chrono::nanoseconds(1)), 1, kMost);
  const std::int64_t noise = 16 * n;  // bytes: less than any object takes
  ProcessCounts least{INT64_MAX, INT64_MAX, INT64_MAX};
  const auto grows = [&] { return least.files > 0 || least.threads > 0 || least.heap > noise; };
  for (int r = 0; r < kRounds || (r < kMostRounds && grows()); ++r) {
    const ProcessCounts before = process_counts();
    for (std::int64_t k = 0; k < n; ++k) FG_TRY(live());
    least = least_of(least, process_counts() - before);
  }
  const std::string after = " after " + std::to_string(n) + " instances that were destroyed";
  if (least.files > 0) return std::to_string(least.files) + " more files are open" + after;
  if (least.threads > 0) return std::to_string(least.threads) + " more threads run" + after;
  if (least.heap > noise) return std::to_string(least.heap) + " more bytes of the heap are in use" + after;
  return "";
}

Result<std::string> beyond_max_alloc(const Device& device) {
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  const std::uint64_t limit = d.info().max_alloc;
  if (limit == UINT64_MAX) return "max_alloc is 2^64 - 1: no machine has as much";
  fg_buffer* buffer = nullptr;
  void* ptr = nullptr;
  for (const std::uint64_t more : {std::uint64_t{1}, std::min(limit, UINT64_MAX - limit)}) {
    fg_error err = core::fresh_error();
    const fg_status s =
        d.api().mem_alloc(d.instance(), d.ordinal(), FG_MEM_DEVICE, limit + more, 64, &buffer, &ptr, &err);
    if (s >= 0) d.api().mem_free(d.instance(), buffer, nullptr, 0);
    if (s != FG_E_OOM_DEVICE)
      return expect_status("mem_alloc of max_alloc and " + std::to_string(more) + " bytes", s, FG_E_OOM_DEVICE);
  }
  FG_TRY_ASSIGN(const RawBuffer served, d.buffer(4096));  // the device is none the worse for it
  return "";
}

}  // namespace fg::conformance
