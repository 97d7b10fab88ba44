// SPDX-License-Identifier: Apache-2.0
//
// The plugin's table beyond operators: negotiation, device, memory, timelines, claims, queries, and
// what it answers to broken calls.

#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

#include "fg/abi/ext/memory.h"
#include "fg/abi/ops.h"
#include "fg/sdk/op_uid.hpp"
#include "tests/unit/cpu/support.hpp"

namespace fg::test {
namespace {

using Clock = std::chrono::steady_clock;

fg_error fresh_error() {
  fg_error e{};
  e.hdr.struct_size = sizeof e;
  return e;
}

TEST(CpuPlugin, RefusesOffersItCannotServe) {
  fg_query offer{};
  offer.hdr.struct_size = sizeof offer;
  offer.epoch = FG_ABI_EPOCH + 1;
  const fg_api* api = nullptr;
  fg_error err = fresh_error();
  EXPECT_EQ(fg_plugin_query_v1(&offer, &api, &err), FG_E_ABI);
  EXPECT_STREQ(err.message, "offered epoch 2, expected 1");
  offer.epoch = FG_ABI_EPOCH;
  offer.minor_min = 7;
  EXPECT_EQ(fg_plugin_query_v1(&offer, &api, &err), FG_E_ABI);
  offer.minor_min = 0;
  offer.hdr.must_understand = 1;
  EXPECT_EQ(fg_plugin_query_v1(&offer, &api, nullptr), FG_E_UNSUPPORTED);
  EXPECT_EQ(fg_plugin_query_v1(nullptr, &api, nullptr), FG_E_INVALID);
  EXPECT_EQ(api, nullptr);
}

TEST(CpuPlugin, CreateChecksOptionsAndCriticalExtensions) {
  Plugin plugin;
  fg_host host{};
  host.hdr.struct_size = sizeof host;
  const fg_ext known_by_nobody{FG_EXT_CRITICAL | 5, sizeof(fg_ext), nullptr}, harmless{5, sizeof(fg_ext), nullptr};
  fg_instance* instance = nullptr;
  fg_error err = fresh_error();
  EXPECT_EQ(plugin.api->create(&host, &known_by_nobody, &instance, &err), FG_E_UNSUPPORTED);
  EXPECT_EQ(err.reason, FG_R_UNKNOWN_BIT);
  ASSERT_EQ(plugin.api->create(&host, &harmless, &instance, &err), FG_OK);
  EXPECT_EQ(plugin.api->destroy(instance, &err), FG_OK);
  for (const char* text : {"two", "-1", "99999", "3x", ""}) {
    static const char* value;
    value = text;
    host.config_get = [](void*, const char*, char* buf, std::size_t* len) noexcept -> fg_status {
      std::snprintf(buf, *len, "%s", value);
      return FG_OK;
    };
    EXPECT_EQ(plugin.api->create(&host, nullptr, &instance, &err), FG_E_INVALID) << text;
  }
}

TEST(CpuPlugin, DescribesTheDevice) {
  Plugin plugin;
  fg_device_info d{};
  d.hdr.struct_size = sizeof d;
  ASSERT_EQ(plugin.api->device_info(plugin.instance, 0, &d), FG_OK);
  EXPECT_EQ(d.hdr.struct_size, sizeof d);
  EXPECT_GT(std::strlen(d.name), 0u);
  EXPECT_EQ(d.type, static_cast<std::uint32_t>(FG_DEVICE_CPU));
  EXPECT_EQ(d.caps, static_cast<std::uint64_t>(FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_F64 | FG_D_DENORMALS |
                                               FG_D_SYNCHRONOUS));
  EXPECT_GE(d.alloc_align, 64u);
  EXPECT_GT(d.mem_total, d.mem_free / 2);
  EXPECT_EQ(plugin.api->device_info(plugin.instance, 1, &d), FG_E_NOT_FOUND);
  fg_device_info again{};
  again.hdr.struct_size = sizeof again;
  ASSERT_EQ(plugin.api->device_info(plugin.instance, 0, &again), FG_OK);
  EXPECT_EQ(std::memcmp(d.uuid, again.uuid, sizeof d.uuid), 0);
  // An older caller's struct ends earlier: nothing beyond it is written.
  fg_device_info old{};
  old.hdr.struct_size = offsetof(fg_device_info, driver);
  old.driver[0] = 'x';
  ASSERT_EQ(plugin.api->device_info(plugin.instance, 0, &old), FG_OK);
  EXPECT_EQ(old.driver[0], 'x');
  EXPECT_STREQ(old.name, d.name);
}

class CpuMemory : public testing::Test {
 protected:
  fg_buffer* alloc(std::uint64_t bytes, std::uint64_t align = 0) {
    fg_buffer* b = nullptr;
    EXPECT_EQ(plugin.api->mem_alloc(plugin.instance, 0, FG_MEM_DEVICE, bytes, align, &b, &ptr, &plugin.error), FG_OK);
    return b;
  }
  void free(fg_buffer* b) { EXPECT_EQ(plugin.api->mem_free(plugin.instance, b, nullptr, 0), FG_OK); }
  fg_test_counts counts() {
    fg_test_counts c{};
    c.hdr.struct_size = sizeof c;
    const auto* t = static_cast<const fg_test_table*>(plugin.api->get_table(plugin.instance, FG_TABLE_TEST));
    EXPECT_EQ(t->counts(plugin.instance, &c), FG_OK);
    return c;
  }
  Plugin plugin;
  void* ptr = nullptr;
};

TEST_F(CpuMemory, IsAlignedCountedAndFreed) {
  const fg_test_counts before = counts();
  for (std::uint64_t align : {std::uint64_t{0}, std::uint64_t{64}, std::uint64_t{4096}}) {
    for (std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{1000}, std::uint64_t{5} << 20}) {
      fg_buffer* b = alloc(bytes, align);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(ptr) % std::max<std::uint64_t>(64, align), 0u);
      std::memset(ptr, 1, bytes);
      EXPECT_EQ(counts().buffers, before.buffers + 1);
      EXPECT_EQ(counts().bytes, before.bytes + bytes);
      free(b);
    }
  }
  EXPECT_EQ(counts().bytes, before.bytes);
}

TEST_F(CpuMemory, RefusesBadRequests) {
  fg_buffer* b = nullptr;
  const auto ask = [&](std::uint32_t device, std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) {
    return plugin.api->mem_alloc(plugin.instance, device, kind, bytes, align, &b, &ptr, &plugin.error);
  };
  EXPECT_EQ(ask(0, FG_MEM_DEVICE, 0, 0), FG_E_INVALID);
  EXPECT_EQ(ask(0, FG_MEM_DEVICE, 8, 3), FG_E_INVALID);
  EXPECT_EQ(plugin.error.reason, FG_R_ALIGNMENT);
  EXPECT_EQ(ask(4, FG_MEM_DEVICE, 8, 0), FG_E_NOT_FOUND);
  EXPECT_EQ(ask(0, 9, 8, 0), FG_E_UNSUPPORTED);
  EXPECT_EQ(ask(0, FG_MEM_DEVICE, UINT64_MAX - 5, 0), FG_E_OOM_DEVICE);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_EQ(ask(0, FG_MEM_DEVICE, std::uint64_t{1} << 50, 0), FG_E_OOM_DEVICE);
#endif
  EXPECT_EQ(b, nullptr);
  EXPECT_EQ(plugin.api->mem_free(plugin.instance, nullptr, nullptr, 0), FG_OK);
}

TEST_F(CpuMemory, FailsOnDemand) {
  const auto* t = static_cast<const fg_test_table*>(plugin.api->get_table(plugin.instance, FG_TABLE_TEST));
  ASSERT_EQ(t->fail_alloc_after(plugin.instance, 2), FG_OK);
  free(alloc(8));
  fg_buffer* b = nullptr;
  EXPECT_EQ(plugin.api->mem_alloc(plugin.instance, 0, 0, 8, 0, &b, &ptr, nullptr), FG_E_OOM_DEVICE);
  ASSERT_EQ(t->fail_alloc_after(plugin.instance, -1), FG_OK);
  free(alloc(8));
  EXPECT_EQ(plugin.api->get_table(plugin.instance, "fg.batch/1"), nullptr);
}

TEST_F(CpuMemory, BorrowsHostMemoryWithoutOwningIt) {
  const auto* t = static_cast<const fg_memory_table*>(plugin.api->get_table(plugin.instance, FG_TABLE_MEMORY));
  ASSERT_NE(t, nullptr);
  std::byte memory[64] = {};
  fg_foreign_mem m{};
  m.hdr.struct_size = sizeof m;
  m.kind = FG_FOREIGN_ADDRESS;
  m.handle[0] = reinterpret_cast<std::uintptr_t>(memory);
  m.offset = 16;
  m.bytes = 32;
  fg_buffer* borrowed = nullptr;
  void* address = nullptr;
  fg_error err = fresh_error();
  ASSERT_EQ(t->import_mem(plugin.instance, 0, &m, &borrowed, &address, &err), FG_OK) << err.message;
  EXPECT_EQ(address, memory + 16);
  void* mapped = nullptr;
  EXPECT_EQ(t->map(plugin.instance, borrowed, 8, 24, 3, &mapped, &err), FG_OK);
  EXPECT_EQ(mapped, memory + 24);
  EXPECT_EQ(t->map(plugin.instance, borrowed, 8, 25, 3, &mapped, &err), FG_E_INVALID);
  EXPECT_EQ(t->unmap(plugin.instance, borrowed, mapped, &err), FG_OK);
  EXPECT_EQ(plugin.api->mem_free(plugin.instance, borrowed, nullptr, 0), FG_OK);
  for (const auto& spoil :
       {+[](fg_foreign_mem& f) { f.handle[0] = 0; }, +[](fg_foreign_mem& f) { f.bytes = 0; },
        +[](fg_foreign_mem& f) { f.bytes = UINT64_MAX; }, +[](fg_foreign_mem& f) { f.kind = FG_FOREIGN_FD; },
        +[](fg_foreign_mem& f) { f.hdr.must_understand = 1; }}) {
    fg_foreign_mem bad = m;
    spoil(bad);
    EXPECT_LT(t->import_mem(plugin.instance, 0, &bad, &borrowed, &address, &err), 0);
  }
  EXPECT_EQ(t->import_mem(plugin.instance, 0, nullptr, &borrowed, &address, nullptr), FG_E_INVALID);
}

TEST_F(CpuMemory, CopiesAndFillsWithinBounds) {
  constexpr std::uint64_t n = 3 << 20;
  fg_buffer* a = alloc(n);
  auto* pa = static_cast<unsigned char*>(ptr);
  fg_buffer* b = alloc(n);
  auto* pb = static_cast<unsigned char*>(ptr);
  ASSERT_EQ(plugin.api->fill(plugin.stream, a, 0, n, 0x04030201, nullptr), FG_OK);
  std::memset(pb, 0, n);
  ASSERT_EQ(plugin.api->copy(plugin.stream, b, 5, a, 1, n - 5, nullptr), FG_OK);
  for (std::uint64_t k = 0; k < n - 5; ++k) ASSERT_EQ(pb[5 + k], pa[1 + k]);
  EXPECT_EQ(pb[4], 0);
  fg_error& err = plugin.error;
  EXPECT_EQ(plugin.api->copy(plugin.stream, b, n, a, 0, 1, &err), FG_E_INVALID);
  EXPECT_EQ(err.reason, FG_R_BOUNDS);
  EXPECT_EQ(plugin.api->copy(plugin.stream, b, 0, a, UINT64_MAX, 2, &err), FG_E_INVALID);
  EXPECT_EQ(plugin.api->copy(plugin.stream, a, 0, a, 10, 20, &err), FG_E_INVALID);
  EXPECT_EQ(err.reason, FG_R_ALIAS);
  EXPECT_EQ(plugin.api->copy(plugin.stream, a, n, b, n, 0, &err), FG_OK);
  EXPECT_EQ(plugin.api->fill(plugin.stream, a, 2, 4, 0, &err), FG_E_INVALID);
  EXPECT_EQ(plugin.api->fill(plugin.stream, a, 0, 6, 0, &err), FG_E_INVALID);
  EXPECT_EQ(plugin.api->fill(nullptr, a, 0, 4, 0, &err), FG_E_INVALID);
  free(a), free(b);
}

class CpuTimeline : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(plugin.api->timeline_create(plugin.instance, 3, &t, &plugin.error), FG_OK); }
  void TearDown() override { EXPECT_EQ(plugin.api->timeline_destroy(t), FG_OK); }
  Plugin plugin;
  fg_timeline* t = nullptr;
};

TEST_F(CpuTimeline, OnlyGrows) {
  std::uint64_t v = 0;
  EXPECT_EQ(plugin.api->timeline_read(t, &v, nullptr), FG_OK);
  EXPECT_EQ(v, 3u);
  EXPECT_EQ(plugin.api->host_signal(t, 3), FG_E_INVALID);
  EXPECT_EQ(plugin.api->stream_signal(plugin.stream, t, 8), FG_OK);
  EXPECT_EQ(plugin.api->host_signal(t, 5), FG_E_INVALID);
  EXPECT_EQ(plugin.api->host_wait(t, 8, 0, nullptr), FG_OK);
  EXPECT_EQ(plugin.api->stream_wait(plugin.stream, t, 8), FG_OK);
  EXPECT_EQ(plugin.api->host_wait(t, 9, 0, nullptr), FG_NOT_READY);
}

TEST_F(CpuTimeline, WaitsAsLongAsAsked) {
  for (std::int64_t ms : {1, 20}) {
    const auto start = Clock::now();
    EXPECT_EQ(plugin.api->host_wait(t, 4, ms * 1'000'000, &plugin.error), FG_E_TIMEOUT);
    const auto waited = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    EXPECT_GE(waited, static_cast<double>(ms));
    EXPECT_LE(waited, static_cast<double>(ms) * 1.1 + 250);  // the contract says 1 ms; the machine may be busy
  }
}

TEST_F(CpuTimeline, WakesManyWaiters) {
  std::vector<std::thread> waiters;
  std::atomic<int> woken{0};
  for (int k = 0; k < 4; ++k) {
    waiters.emplace_back([&] {
      if (plugin.api->host_wait(t, 10, -1, nullptr) == FG_OK) ++woken;
    });
  }
  EXPECT_EQ(plugin.api->host_signal(t, 9), FG_OK);
  EXPECT_EQ(plugin.api->host_signal(t, 10), FG_OK);
  for (std::thread& w : waiters) w.join();
  EXPECT_EQ(woken, 4);
}

TEST_F(CpuTimeline, PoisonWakesWithAnError) {
  ASSERT_EQ(plugin.api->host_signal(t, UINT64_MAX), FG_OK);
  EXPECT_EQ(plugin.api->host_wait(t, 10, -1, &plugin.error), FG_E_DEVICE_LOST);
  EXPECT_EQ(plugin.error.reason, FG_R_STREAM);
  EXPECT_EQ(plugin.api->host_signal(t, 11), FG_E_DEVICE_LOST);
}

struct MapCall {
  ExprBuilder e;
  fg_map_params params{};
  Array x{FG_F32, {4}}, r{FG_F32, {4}};
  std::vector<fg_tensor> t;
  fg_sig sig{};
  fg_launch launch{};
  explicit MapCall(Plugin& plugin) {
    e.out(e.op(FG_EX_NEG, FG_CT_F32, e.input(0, FG_CT_F32)));
    params.hdr.struct_size = sizeof params;
    params.program = e.get();
    t = {r.desc(), x.desc()};
    sig.hdr.struct_size = sizeof sig;
    sig.op_uid = FG_OP_MAP_UID;
    sig.schema_hash = FG_OP_MAP_SCHEMA_HASH;
    sig.schema_version = 1;
    sig.n_out = sig.n_in = 1;
    sig.t = t.data();
    sig.params = &params;
    launch.t = t.data();
    launch.params = &params;
    launch.stream = plugin.stream;
    launch.n_out = launch.n_in = 1;
    launch.err = &plugin.error;
  }
};

TEST(CpuOperators, ClaimsAreConstantAndComplete) {
  Plugin plugin;
  const fg_op_claim *first = nullptr, *again = nullptr;
  std::uint32_t n = 0, stride = 0;
  ASSERT_EQ(plugin.api->claims(plugin.instance, 0, &first, &n, &stride), FG_OK);
  ASSERT_EQ(plugin.api->claims(plugin.instance, 0, &again, &n, &stride), FG_OK);
  EXPECT_EQ(first, again);
  int engines = 0;
  for (std::uint32_t k = 0; k < n; ++k) {
    const auto* c =
        reinterpret_cast<const fg_op_claim*>(reinterpret_cast<const char*>(first) + k * std::size_t{stride});
    EXPECT_EQ(c->op_uid, sdk::op_uid(c->name)) << c->name;
    EXPECT_GT(c->n_rows, 0u) << c->name;
    engines += c->op_uid == FG_OP_MAP_UID || c->op_uid == FG_OP_REDUCE_UID || c->op_uid == FG_OP_SCAN_UID;
  }
  EXPECT_EQ(engines, 3);
  EXPECT_EQ(plugin.api->claims(plugin.instance, 1, &first, &n, &stride), FG_E_NOT_FOUND);
}

TEST(CpuOperators, QueriesArePureAndSayWhy) {
  Plugin plugin;
  MapCall call(plugin);
  fg_verdict v{};
  v.hdr.struct_size = sizeof v;
  for (int k = 0; k < 100; ++k) {
    ASSERT_EQ(plugin.api->query(plugin.instance, &call.sig, &v), FG_OK);
    EXPECT_EQ(v.code, FG_OK);
    EXPECT_EQ(v.score, 1000u);
  }
  call.sig.op_uid = 1;
  ASSERT_EQ(plugin.api->query(plugin.instance, &call.sig, &v), FG_OK);
  EXPECT_EQ(v.code, FG_E_UNSUPPORTED);
  EXPECT_EQ(v.reason, static_cast<fg_reason>(FG_R_UNKNOWN_OP));
  EXPECT_GT(std::strlen(v.why), 0u);
  call.sig.op_uid = FG_OP_MAP_UID;
  call.sig.schema_hash = 1;
  ASSERT_EQ(plugin.api->query(plugin.instance, &call.sig, &v), FG_OK);
  EXPECT_EQ(v.reason, static_cast<fg_reason>(FG_R_SCHEMA));
  fg_verdict small{};
  small.hdr.struct_size = FG_END(fg_verdict, code);
  small.score = 77;
  ASSERT_EQ(plugin.api->query(plugin.instance, &call.sig, &small), FG_OK);
  EXPECT_EQ(small.score, 77u);
}

TEST(CpuOperators, PrepareRefusesWhatItDoesNotUnderstand) {
  Plugin plugin;
  const auto status = [&](auto change) {
    MapCall call(plugin);
    change(call);
    fg_kernel* k = nullptr;
    const fg_status s = plugin.api->prepare(plugin.instance, &call.sig, &k, &plugin.error);
    if (s == FG_OK) k->release(k);
    return s;
  };
  static const fg_ext critical{FG_EXT_CRITICAL | 1, sizeof(fg_ext), nullptr}, harmless{1, sizeof(fg_ext), nullptr};
  EXPECT_EQ(status([](MapCall&) {}), FG_OK);
  EXPECT_EQ(status([](MapCall& c) { c.sig.hdr.must_understand = 4; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.sig.hdr.next = &critical; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.sig.hdr.next = &harmless; }), FG_OK);
  EXPECT_EQ(status([](MapCall& c) { c.sig.hdr.struct_size = 24; }), FG_E_ABI);
  EXPECT_EQ(status([](MapCall& c) { c.sig.zero = 1; }), FG_E_INVALID);
  EXPECT_EQ(status([](MapCall& c) { c.sig.want_flags = FG_K_CAPTURABLE; }), FG_OK);
  EXPECT_EQ(status([](MapCall& c) { c.sig.want_flags = 1u << 9; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.sig.want_flags = FG_K_INPLACE_OK; }), FG_OK);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].zero = 1; }), FG_E_INVALID);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].flags = 1u << 20; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].dtype = FG_BLOCK(2); }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].ndim = 12; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].ndim = -1; }), FG_E_INVALID);
  EXPECT_EQ(status([](MapCall& c) { c.params.hdr.must_understand = 1; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.params.program = nullptr; }), FG_E_INVALID);
  EXPECT_EQ(status([](MapCall& c) { c.sig.params = nullptr; }), FG_E_INVALID);
}

TEST(CpuOperators, LaunchChecksItsArguments) {
  Plugin plugin;
  MapCall call(plugin);
  fg_kernel* k = nullptr;
  ASSERT_EQ(plugin.api->prepare(plugin.instance, &call.sig, &k, &plugin.error), FG_OK);
  EXPECT_STREQ(k->name, FG_OP_MAP);
  EXPECT_EQ(k->kernel_uid, FG_OP_MAP_UID);
  const auto status = [&](auto change) {
    MapCall c(plugin);
    change(c);
    return k->launch(k, &c.launch);
  };
  EXPECT_EQ(status([](MapCall&) {}), FG_OK);
  EXPECT_EQ(status([](MapCall& c) { c.launch.flags = 7; }), FG_OK);
  EXPECT_EQ(status([](MapCall& c) { c.launch.flags = 1u << 16; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.t[0].zero = 1; }), FG_E_INVALID);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].flags = 1u << 31; }), FG_E_UNSUPPORTED);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].flags = FG_T_READONLY | FG_T_DENSE | FG_T_OVERLAPS_OTHER; }), FG_OK);
  EXPECT_EQ(status([](MapCall& c) { c.launch.n_in = 0; }), FG_E_INVALID);
  EXPECT_EQ(status([](MapCall& c) { c.launch.params = nullptr; }), FG_E_INVALID);
  EXPECT_EQ(status([](MapCall& c) { c.t[1].ptr = nullptr; }), FG_E_INVALID);
  ExprBuilder other;
  other.out(other.input(0, FG_CT_F32));
  EXPECT_EQ(status([&](MapCall& c) { c.params.program = other.get(); }), FG_E_INVALID);
  k->release(k);
}

TEST(CpuOperators, KernelsAreCounted) {
  Plugin plugin;
  const auto* table = static_cast<const fg_test_table*>(plugin.api->get_table(plugin.instance, FG_TABLE_TEST));
  fg_test_counts c{};
  c.hdr.struct_size = sizeof c;
  MapCall call(plugin);
  fg_kernel* k = nullptr;
  ASSERT_EQ(plugin.api->prepare(plugin.instance, &call.sig, &k, nullptr), FG_OK);
  table->counts(plugin.instance, &c);
  EXPECT_EQ(c.kernels, 1u);
  EXPECT_EQ(c.streams, 1u);
  k->release(k);
  table->counts(plugin.instance, &c);
  EXPECT_EQ(c.kernels, 0u);
}

}  // namespace
}  // namespace fg::test
