// SPDX-License-Identifier: Apache-2.0
//
// A kernel tried on a device before it is trusted: 16-bit numbers there, and what they are afterwards.

#ifndef FG_PLUGINS_GPU_TRIAL_HPP_
#define FG_PLUGINS_GPU_TRIAL_HPP_

#include <cstdint>
#include <functional>
#include <vector>

#include "plugins/gpu/launch.hpp"

namespace fg::gpu {

inline constexpr std::uint16_t kPoison = 0x7E7E;  // NaN in f16, no whole number in bf16.

// Operands behind each other, each from where an allocation could begin.
class TrialMemory {
 public:
  // Where the operand begins, in elements.
  std::size_t add(std::vector<std::uint16_t> bits);
  BufferRef at(fg_buffer* buffer, std::size_t place) const { return {buffer, 2 * place}; }
  const std::vector<std::uint16_t>& bits() const { return bits_; }

 private:
  std::vector<std::uint16_t> bits_;
};

// f16 or bf16 of whole numbers.
std::uint16_t bits_of(fg_dtype dtype, int value);
std::vector<std::uint16_t> bits_of(fg_dtype dtype, const std::vector<int>& values);

// Runs `work` on a stream of its own with the memory on the device, and gives what is in it then.  An error too when
// it has not ended after ten seconds.
Result<std::vector<std::uint16_t>> try_out(Device& device, const TrialMemory& memory,
                                           const std::function<Result<void>(const sdk::Launch&, fg_buffer*)>& work);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_TRIAL_HPP_
