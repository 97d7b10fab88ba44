// SPDX-License-Identifier: Apache-2.0
//
// What kernels do without where a device lacks it gives the same results; and kernels that came with the plugin.

#include <algorithm>
#include <array>

#include "plugins/gpu/launch.hpp"
#include "plugins/vulkan/device.hpp"
#include "plugins/vulkan/embedded.hpp"
#include "plugins/vulkan/recorder.hpp"
#include "plugins/vulkan/validate.hpp"
#include "tests/unit/vulkan/on_device.hpp"

namespace fg::vulkan {
namespace {

TEST(Embedded, KernelsOfTypicalDevicesComeWithThePlugin) {
  EXPECT_GT(embedded_count(), 300u);
  for (const TypicalDevice& d : typical_devices()) {
    if (std::string_view(d.name) == "least") continue;  // Nothing is built for it.
    for (const std::uint64_t piece : {16, 4, 1}) {
      const std::string text = print_glsl(copy_source(piece), d.target);
      const auto found = embedded_spirv(text);
      const auto compiled = compile_glsl("copy", text);
      ASSERT_TRUE(compiled) << compiled.error().message;
      EXPECT_EQ(Spirv(found.begin(), found.end()), *compiled) << d.name << ", pieces of " << piece;
      EXPECT_TRUE(embedded_spirv(text + "\n").empty());
    }
  }
}

// A group's sum, the sum of work-items up to each one, and its greatest value; sums of all groups by atomics.
gpu::Source group_words() {
  gpu::Source s;
  s.name = "group_words";
  s.buffers = {{"y", FG_I64, gpu::Access::write}, {"sum", FG_F32, gpu::Access::both}, {"n", FG_I32, gpu::Access::both}};
  s.params = {{gpu::ParamType::i64, "offset"}};
  s.group_size = 128;
  s.shared = "i64 part[GROUP_SIZE];\ni32 small[GROUP_SIZE];\n";
  s.body = R"(
i64 own = i64(LOCAL_ID) * i64(LOCAL_ID) + offset + i64(GROUP_ID);
i64 all = own, up_to = own, total = i64(0);
GROUP_REDUCE(part, all, ADD_I64)
GROUP_SCAN(i64, part, up_to, total, ADD_I64)
i32 most = i32(LOCAL_ID * 37u % 101u);
GROUP_REDUCE(small, most, MAX_I32)
y_store(GROUP_ID * i64(GROUP_SIZE) + i64(LOCAL_ID), all == total && most == 100 ? up_to : i64(-1));
sum_atomic_add(0, 0.5f);
n_atomic_add(0, 3);
n_atomic_max(1, i32(LOCAL_ID));
n_atomic_min(2, -i32(LOCAL_ID));
)";
  return s;
}

class Luxuries : public OnDevice, public testing::WithParamInterface<const char*> {};

TEST_P(Luxuries, MakeNoDifference) {
  host.without = GetParam();
  if (!open()) return;
  const GlslTarget& target = static_cast<Device&>(device()).choice().target;
  if (!host.without.empty()) {
    EXPECT_EQ(target.subgroup, 0u);
    EXPECT_FALSE(target.atomic_f32);
  }
  const auto program = device().programs().get(group_words());
  ASSERT_TRUE(program) << program.error().message;
  constexpr int kGroups = 3, kItems = 128;
  constexpr std::int64_t kOffset = std::int64_t{1} << 33;
  const auto s = stream();
  const auto t = timeline();
  const auto y = buffer(FG_MEM_STAGING, 8 * kGroups * kItems), sum = buffer(FG_MEM_STAGING, 16),
             n = buffer(FG_MEM_STAGING, 16);
  std::memset(sum->host, 0, 16);
  std::memset(n->host, 0, 16);
  const auto params = gpu::pack_params((*program)->source, std::array<gpu::Value, 1>{kOffset});
  const gpu::BufferRef refs[] = {{y.get(), 0}, {sum.get(), 0}, {n.get(), 0}};
  ASSERT_TRUE(s->dispatch({*program, refs, *params, kGroups}));
  finish(*s, *t, 1);
  for (int g = 0; g < kGroups; ++g) {
    std::int64_t up_to = 0;
    for (int k = 0; k < kItems; ++k) {
      up_to += k * k + kOffset + g;
      ASSERT_EQ(static_cast<std::int64_t*>(y->host)[g * kItems + k], up_to) << g << ", " << k;
    }
  }
  EXPECT_EQ(static_cast<float*>(sum->host)[0], 0.5f * kGroups * kItems);
  const auto* counts = static_cast<const std::int32_t*>(n->host);
  EXPECT_EQ(counts[0], 3 * kGroups * kItems);
  EXPECT_EQ(counts[1], kItems - 1);
  EXPECT_EQ(counts[2], 1 - kItems);
}

INSTANTIATE_TEST_SUITE_P(With, Luxuries, testing::Values("", "subgroups float_atomics"));

TEST_F(OnDevice, WhatCameWithThePluginIsNotCompiled) {
  if (!open()) return;
  const auto texts = [&] {
    return std::count_if(host.blobs.begin(), host.blobs.end(),
                         [](const auto& b) { return b.first.rfind("spirv", 0) == 0; });
  };
  const GlslTarget& target = static_cast<Device&>(device()).choice().target;
  const bool brought = !embedded_spirv(print_glsl(copy_source(16), target)).empty();
  ASSERT_TRUE(device().programs().get(copy_source(16)));
  EXPECT_EQ(texts(), brought ? 0 : 1);
  EXPECT_TRUE(brought || !target.llvmpipe);
  ASSERT_TRUE(device().programs().get(group_words()));
  EXPECT_EQ(texts(), brought ? 1 : 2);
}

}  // namespace
}  // namespace fg::vulkan
