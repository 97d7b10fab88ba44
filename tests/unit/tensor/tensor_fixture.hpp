// SPDX-License-Identifier: Apache-2.0
//
// Small tensors with known elements, for the tests of this folder.

#ifndef FG_TESTS_UNIT_TENSOR_TENSOR_FIXTURE_HPP_
#define FG_TESTS_UNIT_TENSOR_TENSOR_FIXTURE_HPP_

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "core/tensor/tensor.hpp"
#include "tests/unit/memory/fake_device.hpp"

namespace fg::test {

using Ints = std::vector<std::int64_t>;

inline core::Device* host_device() {
  static core::Device* const d = make_fake_device();
  return d;
}

// 0, 1, 2, ... of i64.
inline core::Tensor iota(const Ints& shape, core::Device* device = host_device()) {
  core::Tensor t = core::empty(device, FG_I64, shape).value();
  Ints values(static_cast<std::size_t>(t.numel()));
  std::iota(values.begin(), values.end(), 0);
  EXPECT_TRUE(core::copy_from_host(t, std::as_bytes(std::span(values))));
  return t;
}

inline Ints elements(const core::Tensor& t) {
  Ints values(static_cast<std::size_t>(t.numel()));
  EXPECT_TRUE(core::copy_to_host(t, std::as_writable_bytes(std::span(values))));
  return values;
}

inline Ints to_vector(std::span<const std::int64_t> s) { return {s.begin(), s.end()}; }

// Fails unless `r` failed with `reason` and a text that has all of `parts`.
template <class T>
void expect_failure(const Result<T>& r, fg_reason reason, std::initializer_list<const char*> parts) {
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().reason, reason) << r.error().message;
  for (const char* part : parts) {
    EXPECT_NE(r.error().message.find(part), std::string::npos) << r.error().message << "\n  lacks: " << part;
  }
}

}  // namespace fg::test

#endif  // FG_TESTS_UNIT_TENSOR_TENSOR_FIXTURE_HPP_
