// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/trial.hpp"

#include <cstring>
#include <memory>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kWaitNs = 10'000'000'000;

Result<std::unique_ptr<fg_buffer>> allocate(Device& device, std::uint32_t kind, std::uint64_t bytes) {
  FG_TRY_ASSIGN(std::unique_ptr<fg_buffer> b, device.allocate(kind, bytes, device.info().alloc_align));
  b->bytes = bytes;
  return b;
}

Result<void> wait(Device& device, fg_stream& stream) {
  FG_TRY_ASSIGN(const std::unique_ptr<fg_timeline> timeline, device.make_timeline(0));
  FG_TRY(stream.signal(*timeline, 1));
  FG_TRY_ASSIGN(const bool reached, timeline->host_wait(1, kWaitNs));
  return reached ? Result<void>() : fail(FG_E_INTERNAL, "it had not ended after ten seconds");
}

}  // namespace

std::size_t TrialMemory::add(std::vector<std::uint16_t> bits) {
  const std::size_t place = bits_.size();
  bits_.insert(bits_.end(), bits.begin(), bits.end());
  bits_.resize((bits_.size() + kWorkspaceAlign / 2 - 1) / (kWorkspaceAlign / 2) * (kWorkspaceAlign / 2), kPoison);
  return place;
}

std::uint16_t bits_of(fg_dtype dtype, int value) {
  return dtype == FG_F16 ? f16(static_cast<float>(value)).bits : bf16(static_cast<float>(value)).bits;
}

std::vector<std::uint16_t> bits_of(fg_dtype dtype, const std::vector<int>& values) {
  std::vector<std::uint16_t> bits(values.size());
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = bits_of(dtype, values[i]);
  return bits;
}

Result<std::vector<std::uint16_t>> try_out(Device& device, const TrialMemory& memory,
                                           const std::function<Result<void>(const sdk::Launch&, fg_buffer*)>& work) {
  std::vector<std::uint16_t> bits = memory.bits();
  const std::uint64_t bytes = 2 * bits.size();
  FG_TRY_ASSIGN(const std::unique_ptr<fg_buffer> there, allocate(device, FG_MEM_DEVICE, bytes));
  FG_TRY_ASSIGN(const std::unique_ptr<fg_buffer> here, allocate(device, FG_MEM_STAGING, bytes));
  FG_TRY_ASSIGN(const std::unique_ptr<fg_stream> stream, device.make_stream(0));  // Goes first: waits.
  stream->device = &device;
  std::memcpy(here->host, bits.data(), bytes);
  FG_TRY(stream->copy({there.get(), 0}, {here.get(), 0}, bytes));
  fg_launch raw{};
  raw.stream = stream.get();
  FG_TRY(work(sdk::Launch(raw), there.get()));
  FG_TRY(stream->copy({here.get(), 0}, {there.get(), 0}, bytes));
  FG_TRY(wait(device, *stream));
  std::memcpy(bits.data(), here->host, bytes);
  return bits;
}

}  // namespace fg::gpu
