// SPDX-License-Identifier: Apache-2.0
//
// Moving bytes between host and storages, and between storages of any two devices.  Strides are
// the business of tensor.hpp; here are plain ranges.  Inside a capture of a device whose memory they
// touch, all are FG_E_CAPTURE.

#ifndef FG_CORE_MEMORY_COPY_HPP_
#define FG_CORE_MEMORY_COPY_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/memory/storage.hpp"

namespace fg::core {

// Offsets count from the storage's first byte; a range outside it is FG_E_INVALID, FG_R_BOUNDS.
// The source may be reused when it returns; the destination is ordered like any use.  [any-thread]
Result<void> write_storage(Storage* dst, std::uint64_t offset, std::span<const std::byte> src);

// Both block until the bytes have arrived.  The second waits for a device once rather than once for each range; all are
// of one device.  [any-thread]
struct HostRead {
  Storage* src;
  std::uint64_t offset;
  std::span<std::byte> dst;
};
Result<void> read_storage(Storage* src, std::uint64_t offset, std::span<std::byte> dst);
Result<void> read_storages(std::span<const HostRead> reads);

// Copies a range between two storages, which must not overlap: on the device when both belong to
// one plugin, else through the host.  The source may be reused when it returns; the destination is
// ordered like any use.  [any-thread]
Result<void> copy_storage(Storage* dst, std::uint64_t dst_offset, Storage* src, std::uint64_t src_offset,
                          std::uint64_t bytes);

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_COPY_HPP_
