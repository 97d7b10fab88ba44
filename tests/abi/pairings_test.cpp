// SPDX-License-Identifier: Apache-2.0
//
// A reduced model of growth: a core and a plugin, each of minor 0 or 1, and a call whose parameter
// `scale` came with minor 1.  Neglecting it would change the result, so the sender sets its bit in
// must_understand whenever it matters.  Every pairing is either right or refused.

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "fg/abi/status.h"

namespace {

// --- the interface at 1.0 and at 1.1; hdr and the reading macros are the real ones ---
namespace v10 {
struct Params {
  fg_hdr hdr;
  const int* x;
  int n;
  int zero;  // a struct that grows has no padding at its end: a later member would be read from it
};
struct Table {
  fg_hdr hdr;
  fg_status (*sum)(const Params*, int* out);
};
}  // namespace v10
namespace v11 {
constexpr std::uint32_t kScaleMatters = 1u;
struct Params {
  fg_hdr hdr;
  const int* x;
  int n;
  int zero;
  int scale;  // since 1.1; 1 when absent
  int zero2;
};
struct Table {
  fg_hdr hdr;
  fg_status (*sum)(const Params*, int* out);
  fg_status (*prefetch)(int n);  // since 1.1; absent: the core does without
};
}  // namespace v11

// --- plugins ---
fg_status sum_of_plugin_1_0(const v10::Params* p, int* out) {
  if (p->hdr.must_understand != 0) return FG_E_UNSUPPORTED;  // knows no bit
  *out = 0;
  for (int i = 0; i < p->n; ++i) *out += p->x[i];
  return FG_OK;
}
// What the rules of other plugin systems allow: size is looked at, meaning is not.
fg_status sum_without_the_rule(const v10::Params* p, int* out) {
  v10::Params heedless = *p;
  heedless.hdr.must_understand = 0;
  return sum_of_plugin_1_0(&heedless, out);
}
int g_prefetched = 0;
fg_status prefetch_of_plugin_1_1(int n) {
  g_prefetched += n;
  return FG_OK;
}
fg_status sum_of_plugin_1_1(const v11::Params* p, int* out) {
  if ((p->hdr.must_understand & ~v11::kScaleMatters) != 0) return FG_E_UNSUPPORTED;
  const int scale = FG_GET(v11::Params, p, scale, 1);
  *out = 0;
  for (int i = 0; i < p->n; ++i) *out += p->x[i] * scale;
  return FG_OK;
}

const v10::Table kPlugin10{{sizeof(v10::Table), 0, nullptr}, &sum_of_plugin_1_0};
const v10::Table kHeedless{{sizeof(v10::Table), 0, nullptr}, &sum_without_the_rule};
const v11::Table kPlugin11{{sizeof(v11::Table), 0, nullptr}, &sum_of_plugin_1_1, &prefetch_of_plugin_1_1};

// --- cores: each sees only memory, in the layout it was compiled with ---
constexpr std::array<int, 3> kX{1, 1, 1};

struct Outcome {
  fg_status status;
  int result;
};

template <class Plugin>
Outcome core_1_0(const Plugin& plugin) {
  const auto* table = reinterpret_cast<const v10::Table*>(&plugin);
  const v10::Params p{{sizeof p, 0, nullptr}, kX.data(), 3, 0};
  Outcome o{FG_E_ABI, 0};
  if (FG_HAS(v10::Table, table, sum)) o.status = table->sum(&p, &o.result);
  return o;
}

template <class Plugin>
Outcome core_1_1(const Plugin& plugin, int scale) {
  const auto* table = reinterpret_cast<const v11::Table*>(&plugin);
  const v11::Params p{{sizeof p, scale == 1 ? 0 : v11::kScaleMatters, nullptr}, kX.data(), 3, 0, scale, 0};
  if (FG_HAS(v11::Table, table, prefetch)) table->prefetch(p.n);
  Outcome o{FG_E_ABI, 0};
  if (FG_HAS(v11::Table, table, sum)) o.status = table->sum(&p, &o.result);
  return o;
}

void expect(const Outcome& o, fg_status status, std::optional<int> result) {
  EXPECT_EQ(o.status, status);
  EXPECT_EQ(o.result, result.value_or(o.result));
}

TEST(Pairings, OldCoreIsServedByOldAndNewPlugins) {
  expect(core_1_0(kPlugin10), FG_OK, 3);
  expect(core_1_0(kPlugin11), FG_OK, 3);
}

TEST(Pairings, NewCoreAndNewPluginUseTheNewMember) {
  g_prefetched = 0;
  expect(core_1_1(kPlugin11, 1), FG_OK, 3);
  expect(core_1_1(kPlugin11, 2), FG_OK, 6);
  EXPECT_EQ(g_prefetched, 6);
}

TEST(Pairings, OldPluginRefusesWhatItWouldNeglect) {
  g_prefetched = 0;
  expect(core_1_1(kPlugin10, 1), FG_OK, 3);
  expect(core_1_1(kPlugin10, 2), FG_E_UNSUPPORTED, std::nullopt);
  EXPECT_EQ(g_prefetched, 0) << "the absent function was not called";
}

TEST(Pairings, WithoutTheRuleTheResultWouldBeWrong) { expect(core_1_1(kHeedless, 2), FG_OK, 3); }

}  // namespace
