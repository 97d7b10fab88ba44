// SPDX-License-Identifier: Apache-2.0
//
// What tests of the runtime share: a host in memory, and the first device that there is (lavapipe in CI).  Where there
// is none, open() asserts the reason.

#ifndef FG_TESTS_UNIT_VULKAN_ON_DEVICE_HPP_
#define FG_TESTS_UNIT_VULKAN_ON_DEVICE_HPP_

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "plugins/gpu/runtime.hpp"

namespace fg::vulkan {

using Blobs = std::map<std::string, std::string>;

// A host that keeps blobs, and counts what is asked and put.
struct Host : fg_host {
  Host() : fg_host{} {
    hdr.struct_size = sizeof(fg_host);
    ctx = this;
    blob_get = [](void* self, const void* key, std::size_t n, void* to, std::size_t* len) noexcept -> fg_status {
      const Blobs& kept = static_cast<Host*>(self)->blobs;
      const auto it = kept.find(std::string(static_cast<const char*>(key), n));
      if (it == kept.end()) return FG_E_NOT_FOUND;
      *len = it->second.size();
      if (to != nullptr) std::memcpy(to, it->second.data(), it->second.size());
      return FG_OK;
    };
    blob_put = [](void* self, const void* key, std::size_t n, const void* data, std::size_t len) noexcept -> fg_status {
      static_cast<Host*>(self)->puts += 1;
      static_cast<Host*>(self)->blobs[std::string(static_cast<const char*>(key), n)] =
          std::string(static_cast<const char*>(data), len);
      return FG_OK;
    };
    config_get = [](void* self, const char* key, char* to, std::size_t* len) noexcept -> fg_status {
      const auto& host = *static_cast<Host*>(self);
      std::string_view value;
      if (std::strcmp(key, "validation") == 0 && host.validate) value = "true";
      if (std::strcmp(key, "without") == 0) value = host.without;
      if (value.empty() || value.size() > *len) return FG_E_NOT_FOUND;
      *len = value.size();
      std::memcpy(to, value.data(), value.size());
      return FG_OK;
    };
    log = [](void* self, std::int32_t level, const char*, std::int32_t, const char* text) noexcept {
      if (level >= FG_LOG_ERROR) static_cast<Host*>(self)->errors += std::string(text) + "\n";
    };
  }
  Blobs blobs;
  int puts = 0;
  bool validate = true;
  std::string without;  // The plugin's option.
  std::string errors;
};

class OnDevice : public testing::Test {
 protected:
  // False: there is no device, and the reason was the right one.
  bool open() {
    auto opened = gpu::open_runtime(host);
    if (!opened && host.validate) {  // perhaps without the layer
      host.validate = false;
      opened = gpu::open_runtime(host);
    }
    if (!opened) {
      EXPECT_EQ(opened.error().status, FG_E_UNSUPPORTED);
      EXPECT_EQ(opened.error().reason, static_cast<fg_reason>(FG_R_NO_DRIVER));
      EXPECT_NE(opened.error().message.find("install"), std::string::npos) << opened.error().message;
      return false;
    }
    runtime = std::move(*opened);
    const auto counted = gpu::count_devices(host);
    EXPECT_TRUE(counted);
    EXPECT_EQ(*counted, runtime->devices().size());
    return !runtime->devices().empty();
  }
  void TearDown() override {
    runtime.reset();
    EXPECT_EQ(host.errors, "");  // what the validation layer said
  }
  gpu::Device& device() { return *runtime->devices()[0]; }
  std::unique_ptr<fg_buffer> buffer(std::uint32_t kind, std::uint64_t bytes) {
    auto b = device().allocate(kind, bytes, 256);
    EXPECT_TRUE(b) << b.error().message;
    (*b)->bytes = bytes;
    return std::move(*b);
  }
  std::unique_ptr<fg_stream> stream() { return std::move(*device().make_stream(0)); }
  std::unique_ptr<fg_timeline> timeline() { return std::move(*device().make_timeline(0)); }
  static void finish(fg_stream& s, fg_timeline& t, std::uint64_t value) {
    ASSERT_TRUE(s.signal(t, value));
    const auto done = t.host_wait(value, -1);
    ASSERT_TRUE(done && *done);
  }

  Host host;
  std::unique_ptr<gpu::Runtime> runtime;
};

}  // namespace fg::vulkan

#endif  // FG_TESTS_UNIT_VULKAN_ON_DEVICE_HPP_
