// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/mapped_tensor.hpp"

#include "core/memory/copy.hpp"

namespace fg::core {

Result<Tensor> mapped_tensor(Device* device, const std::shared_ptr<MappedFile>& file, std::span<std::byte> bytes,
                             fg_dtype dtype, std::span<const std::int64_t> shape,
                             std::span<const std::int64_t> stride) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  const bool aligned = address % static_cast<std::uintptr_t>(dtype_bytes(dtype)) == 0;
  if (device->host_visible() && aligned && !bytes.empty()) {
    auto keep = std::make_unique<std::shared_ptr<MappedFile>>(file);
    const auto drop = [](void* ctx) noexcept { delete static_cast<std::shared_ptr<MappedFile>*>(ctx); };
    auto storage = import_storage(device, bytes.data(), bytes.size(), false, drop, keep.get());
    if (storage) {
      keep.release();  // The storage's deleter has it now.
      return make_tensor(std::move(*storage), dtype, shape, stride, 0);
    }
    if (storage.error().status != FG_E_UNSUPPORTED) return tl::unexpected(std::move(storage).error());
  }
  FG_TRY_ASSIGN(Tensor t, empty_strided(device, dtype, shape, stride));
  FG_TRY(write_storage(t.storage(), 0, bytes));
  return t;
}

}  // namespace fg::core
