// SPDX-License-Identifier: Apache-2.0
//
// From the table a plugin returns to the table the core calls: read per member by struct_size,
// functions checked to lie in the plugin, optional members filled with emulations.

#include <fmt/format.h>
#include <link.h>

#include <cstring>

#include "core/registry/elf.hpp"
#include "core/registry/loader.hpp"

namespace fg::core {
namespace {

constexpr std::size_t kMaxText = 256;
constexpr int kMaxExtensions = 64;

// Executable ranges of the object that holds an address.
struct CodeRanges {
  std::uintptr_t inside = 0;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ranges;

  bool contains(const void* p) const {
    const auto a = reinterpret_cast<std::uintptr_t>(p);
    for (const auto& [begin, end] : ranges) {
      if (a >= begin && a < end) return true;
    }
    return false;
  }
};

int visit_object(dl_phdr_info* info, std::size_t, void* data) {
  auto* out = static_cast<CodeRanges*>(data);
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ranges;
  bool ours = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& s = info->dlpi_phdr[i];
    if (s.p_type != PT_LOAD) continue;
    const std::uintptr_t begin = info->dlpi_addr + s.p_vaddr;
    ours = ours || (out->inside >= begin && out->inside < begin + s.p_memsz);
    if ((s.p_flags & PF_X) != 0) ranges.emplace_back(begin, begin + s.p_memsz);
  }
  if (ours) out->ranges = std::move(ranges);
  return ours ? 1 : 0;
}

// Emulation of an absent query(): prepare decides, so every claim is possible.
fg_status FG_CALL emulated_query(fg_instance*, const fg_sig* sig, fg_verdict* verdict) FG_NOEXCEPT {
  if (sig == nullptr || verdict == nullptr) return FG_E_INVALID;
  constexpr std::uint32_t kSameAsCpu = 1000;
  verdict->code = FG_OK;
  verdict->reason = FG_R_NONE;
  verdict->arg_index = -1;
  verdict->score = kSameAsCpu;
  verdict->guards = 0;
  verdict->kernel_flags = 0;
  verdict->why[0] = '\0';
  return FG_OK;
}

// Emulation of an absent get_table(): the plugin has none.
const void* FG_CALL emulated_get_table(fg_instance*, const char*) FG_NOEXCEPT { return nullptr; }

class Resolver {
 public:
  Resolver(const fg_api* table, const void* entry) : table_(table) {
    code_.inside = reinterpret_cast<std::uintptr_t>(entry);
    dl_iterate_phdr(&visit_object, &code_);
  }

  Judged<OpenedPlugin> run() {
    if (table_ == nullptr) return refuse(Refusal::bad_table, "said FG_OK and gave no table");
    // The whole of interface 1.0 is mandatory; what came later is optional.
    constexpr std::uint32_t kSizeOf10 = FG_END(fg_api, get_table);
    if (table_->hdr.struct_size < kSizeOf10) {
      return refuse(Refusal::table_too_small,
                    fmt::format("its table has {} bytes, interface 1.0 has {}", table_->hdr.struct_size, kSizeOf10));
    }
    if (table_->hdr.must_understand != 0) {
      return refuse(Refusal::must_understand, fmt::format("its table needs features {:#x} that this core does not know",
                                                          table_->hdr.must_understand));
    }
    int links = 0;
    for (const fg_ext* e = table_->hdr.next; e != nullptr; e = e->next) {
      if (++links > kMaxExtensions) return refuse(Refusal::bad_table, "its chain of extensions has no end");
      if ((e->id & FG_EXT_CRITICAL) != 0) {
        return refuse(Refusal::must_understand,
                      fmt::format("its table needs extension {:#x} that this core does not know", e->id));
      }
    }
    out_.api.hdr.struct_size = sizeof(fg_api);
    out_.api.abi_minor = table_->abi_minor;
    if (auto r = texts(); !r) return tl::unexpected(r.error());
    if (auto r = functions(); !r) return tl::unexpected(r.error());
    return std::move(out_);
  }

 private:
  Judged<void> text(const char* from, std::string_view member, std::string& to) {
    if (from == nullptr) return refuse(Refusal::bad_string, fmt::format("{} is NULL", member));
    const std::size_t length = strnlen(from, kMaxText);
    if (length == kMaxText)
      return refuse(Refusal::bad_string, fmt::format("{} has no end within {} bytes", member, kMaxText));
    to.assign(from, length);
    return {};
  }

  Judged<void> texts() {
    if (auto r = text(table_->name, "name", out_.name); !r) return r;
    if (auto r = text(table_->vendor, "vendor", out_.vendor); !r) return r;
    if (auto r = text(table_->version, "version", out_.version); !r) return r;
    if (auto r = text(table_->build_id, "build_id", out_.build_id); !r) return r;
    if (!valid_plugin_name(out_.name)) {
      return refuse(Refusal::bad_string, fmt::format("name '{}', expected [a-z][a-z0-9_]*", out_.name));
    }
    out_.api.name = table_->name;
    out_.api.vendor = table_->vendor;
    out_.api.version = table_->version;
    out_.api.build_id = table_->build_id;
    return {};
  }

  template <class F>
  Judged<void> function(F fg_api::*member, std::string_view name, F emulation = nullptr) {
    const F given = table_->*member;
    if (given == nullptr && emulation == nullptr) {
      return refuse(Refusal::bad_table, fmt::format("{} is NULL, but every plugin has it", name));
    }
    if (given != nullptr && !code_.contains(reinterpret_cast<const void*>(given))) {
      return refuse(Refusal::foreign_pointer, fmt::format("{} points outside the plugin's code", name));
    }
    out_.api.*member = given != nullptr ? given : emulation;
    return {};
  }

#define FG_MEMBER(name) \
  if (auto r = function(&fg_api::name, #name); !r) return r
  Judged<void> functions() {
    FG_MEMBER(probe);
    FG_MEMBER(create);
    FG_MEMBER(destroy);
    FG_MEMBER(device_info);
    FG_MEMBER(mem_alloc);
    FG_MEMBER(mem_free);
    FG_MEMBER(copy);
    FG_MEMBER(fill);
    FG_MEMBER(stream_create);
    FG_MEMBER(stream_destroy);
    FG_MEMBER(timeline_create);
    FG_MEMBER(timeline_destroy);
    FG_MEMBER(stream_flush);
    FG_MEMBER(stream_signal);
    FG_MEMBER(stream_wait);
    FG_MEMBER(host_signal);
    FG_MEMBER(host_wait);
    FG_MEMBER(timeline_read);
    FG_MEMBER(claims);
    FG_MEMBER(prepare);
    if (auto r = function(&fg_api::query, "query", &emulated_query); !r) return r;
    return function(&fg_api::get_table, "get_table", &emulated_get_table);
  }
#undef FG_MEMBER

  const fg_api* table_;
  CodeRanges code_;
  OpenedPlugin out_;
};

}  // namespace

Judged<OpenedPlugin> resolve_table(const fg_api* table, const void* entry) { return Resolver(table, entry).run(); }

}  // namespace fg::core
