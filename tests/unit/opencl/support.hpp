// SPDX-License-Identifier: Apache-2.0
//
// What the OpenCL plugin's tests share: a host in memory and the first device, or the reason why
// there is none, which is then what a test asserts.

#ifndef FG_TESTS_UNIT_OPENCL_SUPPORT_HPP_
#define FG_TESTS_UNIT_OPENCL_SUPPORT_HPP_

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/opencl/device.hpp"

namespace fg::test {

// Keeps log lines and blobs.
class MemoryHost {
 public:
  MemoryHost();
  const fg_host& host() const { return host_; }
  std::map<std::string, std::string> blobs, options;
  std::string lines;

 private:
  fg_host host_{};
};

class OpenClTest : public ::testing::Test {
 protected:
  // Opens the first device; false where there is none, after asserting that the reason is given.
  bool have_device();
  opencl::Device& device() { return static_cast<opencl::Device&>(*runtime_->devices()[0]); }
  std::unique_ptr<fg_stream> stream();
  std::unique_ptr<fg_timeline> timeline(std::uint64_t initial = 0);
  std::unique_ptr<fg_buffer> buffer(std::uint64_t bytes, std::uint32_t kind = FG_MEM_DEVICE);
  // Waits for the stream.
  void finish(fg_stream& s);
  template <class T>
  std::vector<T> read(fg_stream& s, fg_buffer& from, std::size_t n) {
    std::vector<T> got(n);
    const auto staging = buffer(n * sizeof(T), FG_MEM_STAGING);
    EXPECT_TRUE(s.copy({staging.get(), 0}, {&from, 0}, n * sizeof(T)));
    finish(s);
    std::memcpy(got.data(), staging->host, n * sizeof(T));
    return got;
  }
  template <class T>
  std::unique_ptr<fg_buffer> buffer_of(fg_stream& s, std::span<const T> data) {
    auto b = buffer(data.size_bytes());
    const auto staging = buffer(data.size_bytes(), FG_MEM_STAGING);
    std::memcpy(staging->host, data.data(), data.size_bytes());
    EXPECT_TRUE(s.copy({b.get(), 0}, {staging.get(), 0}, data.size_bytes()));
    finish(s);
    return b;
  }
  // Compiles a kernel text and runs it.
  Result<void> run(fg_stream& s, std::string_view text, std::span<const fg_dtype> dtypes,
                   std::vector<fg_buffer*> buffers, std::vector<gpu::Value> values, std::uint64_t groups,
                   std::uint32_t group_size = 64);

  MemoryHost host_;
  std::unique_ptr<gpu::Runtime> runtime_;
};

}  // namespace fg::test

#endif  // FG_TESTS_UNIT_OPENCL_SUPPORT_HPP_
