// SPDX-License-Identifier: Apache-2.0
//
// Bodies of kernel_table.hpp: claims, matching, the verdict.

#ifndef FG_SDK_KERNEL_TABLE_INL_HPP_
#define FG_SDK_KERNEL_TABLE_INL_HPP_

#include <algorithm>
#include <cstring>

#include "fg/sdk/kernel_table.hpp"

namespace fg::sdk {

// A header may be read when no bit and no extension in it is both critical and unknown to us;
// minor 0 knows none.
inline Result<void> check_header(const fg_hdr& hdr, std::string_view what) {
  if (hdr.must_understand != 0) {
    return unsupported(std::string(what) + ": unknown must_understand bits " + std::to_string(hdr.must_understand),
                       FG_R_UNKNOWN_BIT);
  }
  for (const fg_ext* e = hdr.next; e != nullptr; e = e->next) {
    if ((e->id & FG_EXT_CRITICAL) != 0) {
      return unsupported(std::string(what) + ": unknown critical extension " + std::to_string(e->id), FG_R_UNKNOWN_BIT);
    }
  }
  return {};
}

namespace detail {

inline Result<void> check_slot(const fg_tensor& t, const KernelEntry& e, std::int32_t i) {
  const std::string who = std::string(e.name) + ": tensor " + std::to_string(i);
  if (t.zero != 0) return invalid(who + " has a reserved field that is not 0", FG_R_RESERVED, i);
  if ((t.flags >> 16) != 0) return unsupported(who + " has unknown flags", FG_R_UNKNOWN_BIT, i);
  if (t.ndim < 0 || t.ndim > FG_MAX_NDIM) {
    return invalid(who + " has rank " + std::to_string(t.ndim) + ", expected 0 to 16", FG_R_RANK, i);
  }
  if (t.ndim > e.max_ndim) {
    return unsupported(who + " has rank " + std::to_string(t.ndim) + ", at most " + std::to_string(e.max_ndim),
                       FG_R_RANK, i);
  }
  return {};
}

inline constexpr std::int32_t kNoSlot = -1, kTooMany = -2;

// The slot of tensor i of the signature, by the order given in fg/abi/op.h.
inline std::int32_t slot_of(const KernelEntry& e, const fg_sig& sig, std::int32_t i) {
  const std::int32_t outs = sig.n_out - (e.counted ? 1 : 0);
  if (i < outs) return i;
  if (i < sig.n_out) return kNoSlot;
  std::int32_t slot = i - sig.n_out + outs;
  if (e.list_slot >= 0 && slot > e.list_slot) {
    const std::int32_t length = sig.n_in - (e.n_slots - outs - 1);
    slot = std::max<std::int32_t>(e.list_slot, slot - (length - 1));
  }
  return slot < e.n_slots ? slot : kTooMany;
}

inline bool in_column(const KernelEntry& e, std::int32_t slot, fg_dtype dtype) {
  for (std::size_t at = static_cast<std::size_t>(slot); at < e.rows.size(); at += e.n_slots) {
    if (e.rows[at] == dtype) return true;
  }
  return false;
}

inline bool row_matches(const KernelEntry& e, const fg_sig& sig, std::size_t row) {
  bool in_list = false;
  for (std::int32_t i = 0; i < sig.n_out + sig.n_in; ++i) {
    const std::int32_t slot = slot_of(e, sig, i);
    if (slot < 0 || sig.t[i].dtype == 0) continue;
    // The first of a list decides the row; the others may differ from it within the slot's dtypes.
    if (slot == e.list_slot && std::exchange(in_list, true) && in_column(e, slot, sig.t[i].dtype)) continue;
    if (e.rows[row * e.n_slots + static_cast<std::size_t>(slot)] != sig.t[i].dtype) return false;
  }
  return true;
}

// Whether the signature has the number of tensors that the row describes.
inline bool count_matches(const KernelEntry& e, const fg_sig& sig) {
  if (e.counted && sig.n_out == 0) return false;
  const std::int32_t n = sig.n_out + sig.n_in - (e.counted ? 1 : 0);
  return e.list_slot >= 0 ? n >= e.n_slots - 1 : n == e.n_slots;
}

inline Result<void> check_dtypes(const KernelEntry& e, const fg_sig& sig) {
  const std::size_t n = std::size_t{sig.n_out} + sig.n_in;
  if (e.n_slots == 0) {
    for (std::size_t i = 0; i < n; ++i) {
      if (std::find(e.rows.begin(), e.rows.end(), sig.t[i].dtype) == e.rows.end()) {
        return unsupported(std::string(e.name) + ": tensor " + std::to_string(i) + " has dtype " +
                               std::string(dtype_name(sig.t[i].dtype)) + ", which is not claimed",
                           FG_R_DTYPE, static_cast<std::int32_t>(i));
      }
    }
    return {};
  }
  if (!count_matches(e, sig)) {
    return invalid(std::string(e.name) + ": got " + std::to_string(n) + " tensors, expected " +
                   std::to_string(e.n_slots));
  }
  for (std::size_t row = 0; row < e.rows.size() / e.n_slots; ++row) {
    if (row_matches(e, sig, row)) return {};
  }
  std::string got;
  for (std::size_t i = 0; i < n; ++i) got += (i != 0 ? " " : "") + std::string(dtype_name(sig.t[i].dtype));
  return unsupported(std::string(e.name) + ": no kernel for dtypes " + got, FG_R_DTYPE);
}

}  // namespace detail

inline KernelTable::KernelTable(std::span<const KernelEntry> entries) : entries_(entries) {
  for (const KernelEntry& e : entries) {
    fg_op_claim c{};
    c.hdr.struct_size = sizeof c;
    c.name = e.name;
    c.op_uid = e.uid;
    c.schema_hash = e.schema_hash;
    c.schema_min = c.schema_max = e.schema_version;
    c.max_ndim = e.max_ndim;
    c.n_slots = std::max<std::uint16_t>(e.n_slots, 1);
    c.layouts = e.layouts;
    c.n_rows = static_cast<std::uint32_t>(e.rows.size() / c.n_slots);
    c.rows = e.rows.data();
    c.accuracy_class = e.accuracy_class;
    c.flags = e.flags;
    claims_.push_back(c);
  }
}

inline Result<const KernelEntry*> KernelTable::match(const fg_sig& sig) const {
  if (sig.hdr.struct_size < FG_END(fg_sig, want_flags)) {
    return fail(FG_E_ABI, "fg_sig is smaller than version 1.0's");
  }
  FG_TRY(check_header(sig.hdr, "fg_sig"));
  if (sig.zero != 0 || sig.zero2 != 0) return invalid("fg_sig: a reserved field is not 0", FG_R_RESERVED);
  if (sig.t == nullptr && sig.n_out + sig.n_in > 0) return invalid("fg_sig: t is NULL", FG_R_NULL_POINTER);
  const auto entry =
      std::find_if(entries_.begin(), entries_.end(), [&](const KernelEntry& e) { return e.uid == sig.op_uid; });
  if (entry == entries_.end()) return unsupported("no kernel for this operator", FG_R_UNKNOWN_OP);
  if (entry->schema_hash != sig.schema_hash || entry->schema_version != sig.schema_version) {
    return unsupported(std::string(entry->name) + ": built with another version of the schema", FG_R_SCHEMA);
  }
  for (std::int32_t i = 0; i < sig.n_out + sig.n_in; ++i) FG_TRY(detail::check_slot(sig.t[i], *entry, i));
  FG_TRY(detail::check_dtypes(*entry, sig));
  if (entry->check != nullptr) FG_TRY(entry->check(sig));
  return &*entry;
}

inline void KernelTable::query(const fg_sig& sig, fg_verdict& v) const noexcept {
  Error why{FG_OK, "", FG_R_NONE, -1, 0};
  const KernelEntry* entry = nullptr;
  (void)guard(nullptr, [&]() -> Result<void> {
    auto r = match(sig);
    if (r) {
      entry = *r;
    } else {
      why = std::move(r).error();
    }
    return {};
  });
  const std::uint32_t flags = entry != nullptr ? entry->flags : 0;
  if (entry == nullptr && why.status == FG_OK) why = Error{FG_E_OOM_HOST, "", FG_R_OTHER, -1, 0};
  if (entry != nullptr && (sig.want_flags & ~std::uint64_t{flags}) != 0) {
    why.status = FG_E_UNSUPPORTED;
    why.reason = FG_R_PARAMETER;
  }
  if (FG_HAS(fg_verdict, &v, code)) v.code = why.status == FG_OK ? FG_OK : FG_E_UNSUPPORTED;
  if (FG_HAS(fg_verdict, &v, reason)) v.reason = why.reason;
  if (FG_HAS(fg_verdict, &v, arg_index)) v.arg_index = why.arg_index;
  if (FG_HAS(fg_verdict, &v, score)) v.score = why.status == FG_OK ? 1000 : 0;
  if (FG_HAS(fg_verdict, &v, guards)) v.guards = 0;
  if (FG_HAS(fg_verdict, &v, kernel_flags)) v.kernel_flags = flags;
  if (FG_HAS(fg_verdict, &v, why)) {
    const std::size_t n = std::min(why.message.size(), sizeof v.why - 1);
    std::memcpy(v.why, why.message.data(), n);
    v.why[n] = '\0';
  }
}

inline Result<fg_kernel*> KernelTable::prepare(const fg_sig& sig, std::atomic<std::uint64_t>& alive) const {
  FG_TRY_ASSIGN(const KernelEntry* entry, match(sig));
  FG_TRY_ASSIGN(PreparedKernel kernel, entry->prepare(sig));
  kernel->flags |= entry->flags;
  if ((sig.want_flags & ~std::uint64_t{kernel->flags}) != 0) {
    return unsupported(std::string(entry->name) + ": the kernel lacks a property that was asked for", FG_R_PARAMETER);
  }
  if (kernel->name == nullptr) kernel->name = entry->name;
  kernel->kernel_uid = op_uid(kernel->name);
  kernel->accuracy_class = entry->accuracy_class;
  kernel->alive = &alive;
  kernel->release = [](fg_kernel* k) noexcept {
    auto* self = static_cast<KernelObject*>(k);
    self->alive->fetch_sub(1, std::memory_order_relaxed);
    self->destroy(self);
  };
  alive.fetch_add(1, std::memory_order_relaxed);
  return static_cast<fg_kernel*>(kernel.release());
}

}  // namespace fg::sdk

#endif  // FG_SDK_KERNEL_TABLE_INL_HPP_
