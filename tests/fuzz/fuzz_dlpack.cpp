// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the members of a DLPack struct: refused, or a tensor inside the producer's memory.
// An importer cannot know how much memory the producer has, so layouts that leave the harness's
// own are imported but not read.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/tensor/dlpack.hpp"
#include "tests/unit/memory/fake_device.hpp"

namespace {

namespace dlpack = fg::core::dlpack;

struct Input {
  std::int64_t shape[4];
  std::int64_t stride[4];
  std::uint64_t byte_offset;
  std::int32_t ndim;
  std::int32_t device_type, device_id;
  std::uint32_t major;
  std::uint64_t flags;
  dlpack::DataType dtype;
  std::uint8_t has_shape, has_strides, has_data, pad;
};

constexpr std::size_t kBytes = 4096;
alignas(64) std::byte g_memory[kBytes];
int g_deleted = 0;

void check(const fg::core::Tensor& t) {
  if (t.numel() == 0) return;
  const fg::core::ByteExtent extent = fg::core::byte_extent(t);
  const auto* const base = t.storage()->ptr;
  if (extent.hi > t.storage()->bytes) std::abort();
  if (base < g_memory || extent.hi - extent.lo > kBytes || base + t.storage()->bytes > g_memory + kBytes) return;
  std::vector<std::byte> out(static_cast<std::size_t>(t.numel() * fg::dtype_bytes(t.dtype())));
  if (!fg::core::copy_to_host(t, out)) std::abort();
}

// Whether all elements lie in g_memory.  Nobody can check a foreign pointer: what is copied must be there.
bool all_there(const dlpack::View& v) {
  using Wide = long double;  // no overflow, and exact where it matters: below 4096
  Wide low = static_cast<Wide>(v.byte_offset), high = low + v.dtype.bits / 8, step = 1;
  for (std::int32_t d = v.ndim; d-- > 0;) {
    const Wide stride = v.strides != nullptr ? v.strides[d] : step;
    const Wide reach = (static_cast<Wide>(v.shape[d]) - 1) * stride * (v.dtype.bits / 8);
    (reach < 0 ? low : high) += reach;
    step *= std::max<std::int64_t>(v.shape[d], 1);
  }
  return low >= 0 && high <= static_cast<Wide>(kBytes);
}

bool is_copied(const dlpack::View& v, const fg::core::Device& target) {
  return v.device.type != static_cast<std::int32_t>(target.info.dlpack_type) || v.device.id != target.info.dlpack_id;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fg::core::Device* const device = fg::test::make_fake_device();
  Input in{};
  std::memcpy(&in, data, std::min(size, sizeof in));
  // Repeated elements could ask for more host memory than there is.
  std::int64_t total = 1;
  for (const std::int64_t n : in.shape) {
    if (n > 0 && (__builtin_mul_overflow(total, n, &total) || total > (1 << 20))) total = 1 << 21;
  }
  dlpack::ManagedVersioned m{};
  m.version = {in.major, 0};
  m.flags = in.flags;
  m.view = {(in.has_data & 1) != 0 ? g_memory : nullptr,
            {in.device_type, in.device_id},
            in.ndim > 4 && in.ndim <= FG_MAX_NDIM ? 4 : in.ndim,  // The harness has four sizes.
            in.dtype,
            (in.has_shape & 1) != 0 ? in.shape : nullptr,
            (in.has_strides & 1) != 0 ? in.stride : nullptr,
            in.byte_offset};
  const bool readable = m.view.ndim == 0 || (m.view.shape != nullptr && m.view.ndim > 0 && m.view.ndim <= 4);
  if (readable && is_copied(m.view, *device) && !all_there(m.view)) return 0;
  m.deleter = [](dlpack::ManagedVersioned*) { ++g_deleted; };
  g_deleted = 0;
  bool taken = false;
  {
    const auto t = dlpack::import(device, &m);
    taken = t.has_value();
    if (taken && total <= (1 << 20)) check(*t);
    if (!taken && t.error().message.empty()) std::abort();
  }
  if (g_deleted != (taken ? 1 : 0)) std::abort();
  return 0;
}
