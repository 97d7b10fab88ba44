// SPDX-License-Identifier: Apache-2.0
//
// The parameter struct of a named operator (fg/abi/ops.h), filled at run time from the catalogue.

#ifndef FG_CORE_DISPATCH_PARAMS_HPP_
#define FG_CORE_DISPATCH_PARAMS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/dispatch/plan.hpp"

namespace fg::core {

// Movable: pointers inside stay valid.
class Params {
 public:
  // Defaults filled in, dimensions counted from 0.  Random operators get the generator's state.
  Result<void> fill(const Call& call);

  const void* data() const { return blob_.data(); }
  // All values without pointers: equal keys, equal parameters.
  std::span<const std::byte> key() const { return key_; }
  // The generator that the call advances once it has succeeded; nullptr when it has none.
  fg_generator* generator() const { return generator_; }

 private:
  template <class T>
  void put(std::size_t offset, const T& value);
  Result<void> fill_argument(const Call& call, std::size_t i);
  Result<void> fill_dims(const Call& call, std::size_t i, std::int32_t ndim);

  std::vector<std::uint64_t> blob_;
  std::vector<std::byte> key_;
  std::vector<std::vector<std::int64_t>> lists_;
  fg_generator* generator_ = nullptr;
};

// The process's generator, used where a call gives none.  [any-thread]
void seed_default_generator(std::uint64_t seed);
fg_generator take_default_numbers(std::uint64_t count);

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_PARAMS_HPP_
