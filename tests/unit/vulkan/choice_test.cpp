// SPDX-License-Identifier: Apache-2.0
//
// Why a device is left out, which memory is taken, and how results read.

#include "plugins/vulkan/choice.hpp"

#include <gtest/gtest.h>

#include "plugins/vulkan/memory.hpp"

namespace fg::vulkan {
namespace {

struct Offer {
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceFeatures features{};
  VkPhysicalDeviceVulkan11Features features11{};
  VkPhysicalDeviceVulkan12Features features12{};
  Offer() {
    properties.limits.maxComputeWorkGroupSize[0] = properties.limits.maxComputeWorkGroupInvocations = 1024;
    features.shaderInt64 = features11.storageBuffer16BitAccess = VK_TRUE;
    features12.timelineSemaphore = features12.bufferDeviceAddress = VK_TRUE;
    features12.storageBuffer8BitAccess = features12.scalarBlockLayout = VK_TRUE;
  }
  std::string why() const { return why_not(properties, features, features11, features12); }
};

TEST(Choice, SaysWhatADeviceLacks) {
  EXPECT_EQ(Offer().why(), "");
  Offer o;
  o.features12.bufferDeviceAddress = VK_FALSE;
  EXPECT_EQ(o.why(), "the feature bufferDeviceAddress is missing");
  o = Offer();
  o.features.shaderInt64 = VK_FALSE;
  EXPECT_EQ(o.why(), "the feature shaderInt64 is missing");
  o = Offer();
  o.properties.limits.maxComputeWorkGroupInvocations = 128;
  EXPECT_EQ(o.why(), "groups of 128 work-items, 256 are needed");
}

TEST(Choice, TakesTheMemoryThatServesAKindBest) {
  constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                                  kHost = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                                  kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  VkPhysicalDeviceMemoryProperties m{};
  m.memoryTypeCount = 5;
  const VkMemoryPropertyFlags flags[] = {0, kLocal | kHost, kLocal, kHost, kHost | kCached};
  for (std::uint32_t k = 0; k < m.memoryTypeCount; ++k) m.memoryTypes[k].propertyFlags = flags[k];
  EXPECT_EQ(memory_type(m, FG_MEM_DEVICE, ~0u), 2u);
  EXPECT_EQ(memory_type(m, FG_MEM_STAGING, ~0u), 4u);
  EXPECT_EQ(memory_type(m, FG_MEM_STAGING, 0b01011u), 3u);
  EXPECT_EQ(memory_type(m, FG_MEM_DEVICE, 0b01011u), 1u);
}

TEST(Choice, ErrorsKeepTheCodeAndItsName) {
  const Error lost = vk_error("vkQueueSubmit", VK_ERROR_DEVICE_LOST);
  EXPECT_EQ(lost.status, FG_E_DEVICE_LOST);
  EXPECT_EQ(lost.vendor_code, -4);
  EXPECT_EQ(lost.message, "vkQueueSubmit: VK_ERROR_DEVICE_LOST (-4)");
  EXPECT_EQ(vk_error("x", VK_ERROR_OUT_OF_DEVICE_MEMORY).status, FG_E_OOM_DEVICE);
  EXPECT_EQ(vk_error("x", VK_ERROR_INCOMPATIBLE_DRIVER).reason, static_cast<fg_reason>(FG_R_NO_DRIVER));
  EXPECT_TRUE(check("x", VK_TIMEOUT));
}

}  // namespace
}  // namespace fg::vulkan
