// SPDX-License-Identifier: Apache-2.0
//
// fg_kernel is a C struct without initialisers: what make_kernel() does not set must be 0.

#include <gtest/gtest.h>

#include <cstring>
#include <new>

#include "fg/sdk/kernel_table.hpp"

namespace fg::sdk {
namespace {

TEST(KernelObject, WithStateBeginsAsZeros) {
  using Kernel = detail::StateKernel<int>;
  alignas(Kernel) unsigned char dirty[sizeof(Kernel)];
  std::memset(dirty, 0xA5, sizeof dirty);
  auto* k = new (dirty) Kernel(7);
  EXPECT_EQ(k->workspace, nullptr);
  EXPECT_EQ(k->launch, nullptr);
  EXPECT_EQ(k->ws_fixed, 0u);
  EXPECT_EQ(k->state, 7);
  k->~Kernel();
}

}  // namespace
}  // namespace fg::sdk
