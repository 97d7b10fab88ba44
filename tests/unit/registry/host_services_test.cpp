// SPDX-License-Identifier: Apache-2.0
#include "core/registry/host_services.hpp"

#include <gmock/gmock.h>

#include <cstring>

#include "core/trace/log.hpp"
#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

class Host : public ::testing::Test {
 protected:
  TempDir dir_;
  std::shared_ptr<BlobCache> cache_ = std::make_shared<BlobCache>(dir_.str("kernels"), 1 << 20);
  HostServices services_{"acme", {{"tile", "64"}}, "build-1", cache_};
  const fg_host& host_ = services_.host();
};

TEST_F(Host, TableIsComplete) {
  EXPECT_EQ(host_.hdr.struct_size, sizeof(fg_host));
  EXPECT_EQ(host_.hdr.must_understand, 0u);
}

TEST_F(Host, ConfigGetFollowsTheLengthRule) {
  char text[8] = "xxxxxxx";
  std::size_t len = sizeof text;
  ASSERT_EQ(host_.config_get(host_.ctx, "tile", text, &len), FG_OK);
  EXPECT_STREQ(text, "64");
  EXPECT_EQ(len, 3u);
  len = 2;
  EXPECT_EQ(host_.config_get(host_.ctx, "tile", text, &len), FG_E_INVALID);
  EXPECT_EQ(len, 3u);
  len = 0;
  EXPECT_EQ(host_.config_get(host_.ctx, "tile", nullptr, &len), FG_OK);
  EXPECT_EQ(len, 3u);
  EXPECT_EQ(host_.config_get(host_.ctx, "absent", text, &len), FG_E_NOT_FOUND);
  EXPECT_EQ(host_.config_get(host_.ctx, nullptr, text, &len), FG_E_INVALID);
  EXPECT_EQ(host_.config_get(host_.ctx, "tile", text, nullptr), FG_E_INVALID);
}

TEST_F(Host, MemoryIsAlignedAndCounted) {
  void* p = host_.mem_alloc(host_.ctx, 100, 4096);
  ASSERT_NE(p, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 4096, 0u);
  void* q = host_.mem_alloc(host_.ctx, 0, 0);
  ASSERT_NE(q, nullptr);
  EXPECT_EQ(services_.bytes_lent(), 100u);
  EXPECT_EQ(services_.blocks_lent(), 2u);
  host_.mem_free(host_.ctx, p, 100);
  host_.mem_free(host_.ctx, q, 0);
  host_.mem_free(host_.ctx, nullptr, 0);
  EXPECT_EQ(services_.bytes_lent(), 0u);
  EXPECT_EQ(services_.blocks_lent(), 0u);
  EXPECT_EQ(host_.mem_alloc(host_.ctx, 8, 24), nullptr) << "no power of two";
  EXPECT_EQ(host_.mem_alloc(host_.ctx, SIZE_MAX - 100, 64), nullptr);
}

TEST_F(Host, BlobsBelongToBuildAndDevices) {
  char buf[16];
  std::size_t len = sizeof buf;
  ASSERT_EQ(host_.blob_put(host_.ctx, "key", 3, "value", 5), FG_OK);
  ASSERT_EQ(host_.blob_get(host_.ctx, "key", 3, nullptr, &len), FG_OK);
  EXPECT_EQ(len, 5u);
  len = 2;
  EXPECT_EQ(host_.blob_get(host_.ctx, "key", 3, buf, &len), FG_E_INVALID);
  EXPECT_EQ(len, 5u);
  ASSERT_EQ(host_.blob_get(host_.ctx, "key", 3, buf, &len), FG_OK);
  EXPECT_EQ(std::memcmp(buf, "value", 5), 0);
  services_.set_identity("another driver");
  EXPECT_EQ(host_.blob_get(host_.ctx, "key", 3, buf, &len), FG_E_NOT_FOUND);
  HostServices other("acme", {}, "build-2", cache_);
  EXPECT_EQ(other.host().blob_get(other.host().ctx, "key", 3, buf, &len), FG_E_NOT_FOUND);
  EXPECT_EQ(host_.blob_put(host_.ctx, nullptr, 3, "v", 1), FG_E_INVALID);
  EXPECT_EQ(host_.blob_put(host_.ctx, "k", 1, nullptr, 1), FG_E_INVALID);
}

TEST_F(Host, LogLinesCarryThePluginsName) {
  static std::vector<std::string> lines;
  lines.clear();
  log::set_hook([](void*, log::Level, const char*, std::int32_t, const char* m) noexcept { lines.emplace_back(m); },
                nullptr);
  host_.log(host_.ctx, FG_LOG_WARN, "kernel.c", 7, "tile does not divide");
  host_.log(host_.ctx, 99, nullptr, 0, "odd level");
  host_.log(host_.ctx, FG_LOG_WARN, "kernel.c", 8, nullptr);
  log::set_hook(nullptr, nullptr);
  EXPECT_THAT(lines, ::testing::ElementsAre("acme: tile does not divide", "acme: odd level"));
}

TEST_F(Host, SpansMayBeEmpty) {
  EXPECT_EQ(host_.span_begin(host_.ctx, nullptr), 0u);
  host_.span_end(host_.ctx, 0);
}

class Sidecar : public RegistryTest {};

TEST_F(Sidecar, PriorityAndDisableComeFromTheFileBeside) {
  install("stub_none");
  install("stub_cpu");
  write_file(dir_.path() / "plugins/libfg_stub_cpu.yaml", "priority: 7\nnote: needs firmware 3\noptions: {tile: 32}\n");
  const auto registry = make();
  const Candidate c = candidate_named(*registry, "stub_cpu");
  EXPECT_EQ(c.priority, 7);
  EXPECT_TRUE(has_notice(c, "NOTE"));
  write_file(dir_.path() / "plugins/libfg_stub_cpu.yaml", "disable: true\n");
  EXPECT_EQ(candidate_named(*make(), "stub_cpu").reason, Refusal::sidecar_disabled);
  configure("plugins: {stub_cpu: {disable: false}}\n");
  EXPECT_EQ(candidate_named(*make(), "stub_cpu").state, CandidateState::loaded);
  configure("plugins: {stub_none: {disable: true}}\n");
  EXPECT_EQ(candidate_named(*make(), "stub_none").reason, Refusal::config_denied);
}

TEST_F(Sidecar, BrokenFileRefusesThePluginOnly) {
  install("stub_none");
  install("stub_cpu");
  write_file(dir_.path() / "plugins/libfg_stub_cpu.yaml", "prioritaet: 7\n");
  const auto registry = make();
  const Candidate c = candidate_named(*registry, "stub_cpu");
  EXPECT_EQ(c.reason, Refusal::bad_sidecar);
  EXPECT_THAT(c.text, ::testing::HasSubstr("libfg_stub_cpu.yaml:1: unknown key prioritaet"));
  EXPECT_EQ(registry->devices().size(), 1u);
}

}  // namespace
}  // namespace fg::core::testing
