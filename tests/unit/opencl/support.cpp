// SPDX-License-Identifier: Apache-2.0

#include "tests/unit/opencl/support.hpp"

#include <cstdlib>

namespace fg::test {
namespace {

MemoryHost& self(void* ctx) { return *static_cast<MemoryHost*>(ctx); }

fg_status get_blob(void* ctx, const void* key, std::size_t key_len, void* buf, std::size_t* len) noexcept {
  const auto& blobs = self(ctx).blobs;
  const auto found = blobs.find(std::string(static_cast<const char*>(key), key_len));
  if (found == blobs.end()) return FG_E_NOT_FOUND;
  if (buf != nullptr && *len < found->second.size()) return FG_E_INVALID;
  if (buf != nullptr) std::memcpy(buf, found->second.data(), found->second.size());
  *len = found->second.size();
  return FG_OK;
}

fg_status put_blob(void* ctx, const void* key, std::size_t key_len, const void* buf, std::size_t len) noexcept {
  self(ctx).blobs[std::string(static_cast<const char*>(key), key_len)] =
      std::string(static_cast<const char*>(buf), len);
  return FG_OK;
}

fg_status get_option(void* ctx, const char* key, char* buf, std::size_t* len) noexcept {
  const auto found = self(ctx).options.find(key);
  if (found == self(ctx).options.end()) return FG_E_NOT_FOUND;
  const std::string& value = found->second;
  if (buf != nullptr && *len <= value.size()) return FG_E_INVALID;
  if (buf != nullptr) std::memcpy(buf, value.c_str(), value.size() + 1);
  *len = value.size() + 1;
  return FG_OK;
}

}  // namespace

MemoryHost::MemoryHost() {
  host_.hdr.struct_size = sizeof host_;
  host_.ctx = this;
  host_.log = [](void* ctx, std::int32_t, const char*, std::int32_t, const char* msg) noexcept {
    self(ctx).lines += std::string(msg) + "\n";
  };
  host_.config_get = get_option;
  host_.blob_get = get_blob;
  host_.blob_put = put_blob;
}

bool OpenClTest::have_device() {
  auto opened = gpu::open_runtime(host_.host());
  const bool expect_none = std::getenv("FG_EXPECT_NO_OPENCL") != nullptr;
  if (!opened) {
    EXPECT_EQ(opened.error().status, FG_E_UNSUPPORTED);
    EXPECT_EQ(opened.error().reason, static_cast<fg_reason>(FG_R_NO_DRIVER));
    EXPECT_NE(opened.error().message.find("install the"), std::string::npos) << opened.error().message;
    const auto counted = gpu::count_devices(host_.host());
    EXPECT_FALSE(counted.has_value());
    return false;
  }
  EXPECT_FALSE(expect_none) << "OCL_ICD_VENDORS hides no driver";
  runtime_ = std::move(*opened);
  const auto counted = gpu::count_devices(host_.host());
  EXPECT_EQ(counted.value_or(0), runtime_->devices().size());
  if (!runtime_->devices().empty()) return true;
  EXPECT_NE(host_.lines, "") << "no device, and not a word why";
  return false;
}

std::unique_ptr<fg_stream> OpenClTest::stream() {
  auto s = device().make_stream(0);
  EXPECT_TRUE(s) << s.error().message;
  return std::move(*s);
}

std::unique_ptr<fg_timeline> OpenClTest::timeline(std::uint64_t initial) {
  return std::move(*device().make_timeline(initial));
}

std::unique_ptr<fg_buffer> OpenClTest::buffer(std::uint64_t bytes, std::uint32_t kind) {
  auto b = device().allocate(kind, bytes, 256);
  EXPECT_TRUE(b) << b.error().message;
  (*b)->bytes = bytes;
  return std::move(*b);
}

void OpenClTest::finish(fg_stream& s) {
  const auto t = timeline();
  ASSERT_TRUE(s.signal(*t, 1));
  const auto done = t->host_wait(1, -1);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(*done);
}

Result<void> OpenClTest::run(fg_stream& s, std::string_view text, std::span<const fg_dtype> dtypes,
                             std::vector<fg_buffer*> buffers, std::vector<gpu::Value> values, std::uint64_t groups,
                             std::uint32_t group_size) {
  FG_TRY_ASSIGN(gpu::Source source, gpu::parse_source("test", text, dtypes));
  source.group_size = group_size;
  FG_TRY_ASSIGN(const gpu::Program* program, device().programs().get(source));
  FG_TRY_ASSIGN(const std::vector<std::byte> params, gpu::pack_params(source, values));
  std::vector<gpu::BufferRef> refs;
  for (fg_buffer* b : buffers) refs.push_back({b, 0});
  return s.dispatch({program, refs, params, groups});
}

}  // namespace fg::test
