// SPDX-License-Identifier: Apache-2.0
//
// The named kernels through the plugin's ABI: signatures, workspace, absent tensors, errors.

#include "fg/abi/plugin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "fg/abi/ops.h"
#include "fg/sdk/op_uid.hpp"
#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

fg_status no_option(void*, const char*, char*, std::size_t*) noexcept { return FG_E_NOT_FOUND; }

fg_tensor desc(Array& a) {
  fg_tensor t{};
  t.buffer = reinterpret_cast<fg_buffer*>(&a);  // Not read: the memory is flat.
  t.ptr = a.data();
  t.shape = a.shape().data();
  t.stride = a.stride().data();
  t.dtype = a.dtype();
  t.ndim = a.ndim();
  return t;
}
fg_tensor absent() { return fg_tensor{}; }

struct Op {
  std::uint64_t uid, schema_hash;
};
#define FG_TEST_OP(OP) \
  Op { FG_OP_##OP##_UID, FG_OP_##OP##_SCHEMA_HASH }

// Parameters with their header filled in.
template <class P>
P params() {
  P p{};
  p.hdr.struct_size = sizeof(P);
  return p;
}

class NamedKernels : public ::testing::Test {
 protected:
  NamedKernels() {
    host_.hdr.struct_size = sizeof host_;
    host_.config_get = no_option;
    error.hdr.struct_size = sizeof error;
    fg_query offer{};
    offer.hdr.struct_size = sizeof offer;
    offer.epoch = FG_ABI_EPOCH;
    offer.host = &host_;
    EXPECT_EQ(fg_plugin_query_v1(&offer, &api, &error), FG_OK) << error.message;
    EXPECT_EQ(api->create(&host_, nullptr, &instance, &error), FG_OK) << error.message;
    EXPECT_EQ(api->stream_create(instance, 0, 0, &stream_, &error), FG_OK) << error.message;
  }
  ~NamedKernels() override {
    api->stream_destroy(stream_);
    api->destroy(instance, nullptr);
  }

  fg_status run(Op op, const void* p, std::vector<fg_tensor> t, std::size_t n_out) {
    fg_sig sig{};
    sig.hdr.struct_size = sizeof sig;
    sig.op_uid = op.uid;
    sig.schema_hash = op.schema_hash;
    sig.schema_version = 1;
    sig.n_out = static_cast<std::uint16_t>(n_out);
    sig.n_in = static_cast<std::uint16_t>(t.size() - n_out);
    sig.t = t.data();
    sig.params = p;
    fg_kernel* kernel = nullptr;
    if (const fg_status s = api->prepare(instance, &sig, &kernel, &error); s != FG_OK) return s;
    fg_launch l{};
    l.t = t.data();
    l.params = p;
    l.stream = stream_;
    l.n_out = sig.n_out;
    l.n_in = sig.n_in;
    l.err = &error;
    const fg_status s = launch(kernel, l);
    kernel->release(kernel);
    return s;
  }

  // Gives exactly the bytes asked for, at the offset of one cache line.
  fg_status launch(fg_kernel* kernel, fg_launch& l) {
    std::uint64_t bytes = kernel->ws_fixed;
    if (kernel->workspace != nullptr) {
      if (const fg_status s = kernel->workspace(kernel, &l, &bytes); s != FG_OK) return s;
    }
    if (bytes == 0) return kernel->launch(kernel, &l);
    void* ptr = nullptr;
    EXPECT_EQ(api->mem_alloc(instance, 0, FG_MEM_DEVICE, bytes + 64, 64, &l.ws, &ptr, &error), FG_OK) << error.message;
    std::memset(ptr, 0xFF, bytes + 64);
    l.ws_offset = 64;
    l.ws_bytes = bytes;
    const fg_status s = kernel->launch(kernel, &l);
    EXPECT_EQ(api->mem_free(instance, l.ws, nullptr, 0), FG_OK);
    return s;
  }

  const fg_api* api = nullptr;
  fg_instance* instance = nullptr;
  fg_error error{};

 private:
  fg_host host_{};
  fg_stream* stream_ = nullptr;
};

TEST_F(NamedKernels, AreClaimedWithTheCataloguesRows) {
  const fg_op_claim* first = nullptr;
  std::uint32_t n = 0, stride = 0;
  ASSERT_EQ(api->claims(instance, 0, &first, &n, &stride), FG_OK);
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto* c =
        reinterpret_cast<const fg_op_claim*>(reinterpret_cast<const std::byte*>(first) + std::size_t{i} * stride);
    names.emplace_back(c->name);
    EXPECT_EQ(c->op_uid, sdk::op_uid(c->name)) << c->name;
    // These leave other layouts to the composites.
    static const std::set<std::string> kDenseOnly{"cross_entropy_loss", "fused_experts", "group_norm", "grouped_topk",
                                                  "topk_softmax"};
    EXPECT_EQ(c->layouts, kDenseOnly.count(names.back()) != 0 ? FG_LAYOUT_DENSE : FG_LAYOUT_ANY) << c->name;
    EXPECT_GT(c->n_rows, 0u) << c->name;
  }
  for (const char* name : {"mm", "bmm", "addmm", "softmax", "layer_norm", "rms_norm", "scaled_dot_product_attention",
                           "embedding", "gather", "cat", "sort", "nonzero", "apply_rotary_pos_emb", "uniform_"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

TEST_F(NamedKernels, RefuseWhatTheyDoNotClaim) {
  Array a(FG_BOOL, {2, 2}), out(FG_BOOL, {2, 2});
  const auto p = params<fg_mm_params>();
  EXPECT_EQ(run(FG_TEST_OP(MM), &p, {desc(out), desc(a), desc(a)}, 1), FG_E_UNSUPPORTED);
  EXPECT_EQ(error.reason, FG_R_DTYPE);
}

TEST_F(NamedKernels, MmOfEveryDtypeAndNoElements) {
  const auto p = params<fg_mm_params>();
  for (const fg_dtype dtype : {FG_F64, FG_F32, FG_F16, FG_BF16, FG_I64, FG_I32, FG_I16, FG_I8, FG_U8}) {
    Array a(dtype, {3, 4}, Layout::transposed), b(dtype, {4, 5}, Layout::negative), out(dtype, {3, 5}, Layout::gaps);
    a.fill([](std::int64_t i) { return static_cast<double>(i); });
    b.fill([](std::int64_t i) { return static_cast<double>(i % 3); });
    ASSERT_EQ(run(FG_TEST_OP(MM), &p, {desc(out), desc(a), desc(b)}, 1), FG_OK) << error.message;
    for (std::int64_t i = 0; i < 15; ++i) {
      double sum = 0;
      for (std::int64_t k = 0; k < 4; ++k) sum += a.get(i / 5 * 4 + k) * b.get(k * 5 + i % 5);
      EXPECT_EQ(out.get(i), sum);
    }
  }
  Array a(FG_F32, {3, 0}), b(FG_F32, {0, 2}), out(FG_F32, {3, 2}), none(FG_F32, {0, 2}), empty(FG_F32, {0, 0});
  ASSERT_EQ(run(FG_TEST_OP(MM), &p, {desc(out), desc(a), desc(b)}, 1), FG_OK);
  for (const double x : out.values()) EXPECT_EQ(x, 0);
  fg_tensor nowhere = desc(none);
  nowhere.ptr = nullptr;
  nowhere.buffer = nullptr;
  EXPECT_EQ(run(FG_TEST_OP(MM), &p, {nowhere, desc(empty), desc(b)}, 1), FG_OK);
}

TEST_F(NamedKernels, AddmmBroadcastsSelfAndDoesNotReadItWhenBetaIsZero) {
  Array self(FG_F32, {5}), a(FG_F32, {3, 4}), b(FG_F32, {4, 5}), out(FG_F32, {3, 5});
  a.fill([](std::int64_t) { return 1; });
  b.fill([](std::int64_t) { return 2; });
  self.fill([](std::int64_t i) { return static_cast<double>(i); });
  auto p = params<fg_addmm_params>();
  p.alpha = {{.i = 3}, FG_SCALAR_INT, 0};
  p.beta = {{.f = 0.5}, FG_SCALAR_FLOAT, 0};
  ASSERT_EQ(run(FG_TEST_OP(ADDMM), &p, {desc(out), desc(self), desc(a), desc(b)}, 1), FG_OK) << error.message;
  for (std::int64_t i = 0; i < 15; ++i) EXPECT_EQ(out.get(i), 24 + 0.5 * static_cast<double>(i % 5));
  self.fill([](std::int64_t) { return std::numeric_limits<double>::quiet_NaN(); });
  p.beta = {{.f = 0}, FG_SCALAR_FLOAT, 0};
  ASSERT_EQ(run(FG_TEST_OP(ADDMM), &p, {desc(out), desc(self), desc(a), desc(b)}, 1), FG_OK) << error.message;
  for (const double x : out.values()) EXPECT_EQ(x, 24);
}

TEST_F(NamedKernels, BmmWithARepeatedMatrix) {
  Array a(FG_F32, {2, 3, 4}), b(FG_F32, {2, 4, 5}, Layout::repeated), out(FG_F32, {2, 3, 5});
  a.fill([](std::int64_t i) { return static_cast<double>(i % 5); });
  b.fill([](std::int64_t i) { return static_cast<double>(i % 20 % 3); });
  const auto p = params<fg_bmm_params>();
  ASSERT_EQ(run(FG_TEST_OP(BMM), &p, {desc(out), desc(a), desc(b)}, 1), FG_OK) << error.message;
  for (std::int64_t i = 0; i < 30; ++i) {
    double sum = 0;
    for (std::int64_t k = 0; k < 4; ++k) sum += a.get(i / 5 * 4 + k) * b.get(i / 15 * 20 + k * 5 + i % 5);
    EXPECT_EQ(out.get(i), sum);
  }
}

TEST_F(NamedKernels, NormsWithAndWithoutWeights) {
  Array x(FG_F32, {2, 3, 4}), y(FG_F32, {2, 3, 4}), mean(FG_F32, {2, 1, 1}), rstd(FG_F32, {2, 1, 1}), w(FG_F32, {3, 4}),
      s(FG_F32, {2, 3, 4});
  x.fill([](std::int64_t i) { return i % 2 == 0 ? 1 : 3; });
  w.fill([](std::int64_t) { return 2; });
  auto p = params<fg_layer_norm_params>();
  const std::int64_t normalized[] = {3, 4};
  p.normalized_shape = normalized;
  p.n_normalized_shape = 2;
  p.eps = 0;
  ASSERT_EQ(run(FG_TEST_OP(LAYER_NORM), &p, {desc(y), desc(mean), desc(rstd), desc(x), desc(w), absent()}, 3), FG_OK)
      << error.message;
  for (std::int64_t i = 0; i < 24; ++i) EXPECT_EQ(y.get(i), i % 2 == 0 ? -2 : 2);
  EXPECT_EQ(mean.get(0), 2);
  EXPECT_EQ(rstd.get(1), 1);
  auto r = params<fg_rms_norm_params>();
  r.normalized_shape = normalized;
  r.n_normalized_shape = 2;
  r.eps = 4;
  ASSERT_EQ(run(FG_TEST_OP(RMS_NORM), &r, {desc(y), desc(x), absent()}, 1), FG_OK) << error.message;
  for (std::int64_t i = 0; i < 24; ++i) EXPECT_NEAR(y.get(i), (i % 2 == 0 ? 1 : 3) / 3.0, 1e-6);
  auto m = params<fg_softmax_params>();
  m.dim = 1;
  ASSERT_EQ(run(FG_TEST_OP(SOFTMAX), &m, {desc(s), desc(x)}, 1), FG_OK) << error.message;
  for (const double v : s.values()) EXPECT_NEAR(v, 1 / 3.0, 1e-6);
}

TEST_F(NamedKernels, AttentionAveragesWhatTheMaskShows) {
  // One query head pair per key head, equal scores: the result is the mean of the visible values.
  Array q(FG_F32, {1, 4, 3, 8}), k(FG_F32, {1, 2, 5, 8}), v(FG_F32, {1, 2, 5, 2}), mask(FG_BOOL, {5}),
      out(FG_F32, {1, 4, 3, 2});
  q.fill([](std::int64_t) { return 0; });
  k.fill([](std::int64_t i) { return static_cast<double>(i % 7); });
  v.fill([](std::int64_t i) { return static_cast<double>(i); });
  mask.fill([](std::int64_t i) { return i == 1 || i == 4; });
  auto p = params<fg_scaled_dot_product_attention_params>();
  p.enable_gqa = 1;
  ASSERT_EQ(run(FG_TEST_OP(SCALED_DOT_PRODUCT_ATTENTION), &p, {desc(out), desc(q), desc(k), desc(v), desc(mask)}, 1),
            FG_OK)
      << error.message;
  for (std::int64_t i = 0; i < out.count(); ++i) {
    const std::int64_t key_head = i / 12;  // heads 0, 1 share key head 0
    EXPECT_NEAR(out.get(i), static_cast<double>(key_head * 10 + i % 2) + 5, 1e-5);
  }
  p.is_causal = 1;
  ASSERT_EQ(run(FG_TEST_OP(SCALED_DOT_PRODUCT_ATTENTION), &p, {desc(out), desc(q), desc(k), desc(v), absent()}, 1),
            FG_OK)
      << error.message;
  for (std::int64_t i = 0; i < out.count(); ++i) {
    const std::int64_t query = i / 2 % 3;
    EXPECT_NEAR(out.get(i), static_cast<double>(i / 12 * 10 + i % 2) + static_cast<double>(query), 1e-5);
  }
}

TEST_F(NamedKernels, AttentionOfTwoDimensions) {
  Array q(FG_F16, {20, 4}), k(FG_F16, {3, 4}), v(FG_F16, {3, 6}), out(FG_F16, {20, 6});
  q.fill([](std::int64_t) { return 0; });
  k.fill([](std::int64_t) { return 1; });
  v.fill([](std::int64_t i) { return static_cast<double>(i / 6); });
  const auto p = params<fg_scaled_dot_product_attention_params>();
  ASSERT_EQ(run(FG_TEST_OP(SCALED_DOT_PRODUCT_ATTENTION), &p, {desc(out), desc(q), desc(k), desc(v), absent()}, 1),
            FG_OK)
      << error.message;
  for (const double x : out.values()) EXPECT_EQ(x, 1);
}

TEST_F(NamedKernels, EmbeddingNamesTheBadIndexAndWritesNothing) {
  Array weight(FG_BF16, {5, 3}), indices(FG_I32, {2, 4}), out(FG_BF16, {2, 4, 3});
  weight.fill([](std::int64_t i) { return static_cast<double>(i); });
  indices.fill([](std::int64_t i) { return static_cast<double>(i % 5); });
  auto p = params<fg_embedding_params>();
  ASSERT_EQ(run(FG_TEST_OP(EMBEDDING), &p, {desc(out), desc(weight), desc(indices)}, 1), FG_OK) << error.message;
  for (std::int64_t i = 0; i < 24; ++i) EXPECT_EQ(out.get(i), static_cast<double>(i / 3 % 5 * 3 + i % 3));
  const std::vector<double> before = out.values();
  indices.set(6, -2);
  indices.set(7, 5);
  EXPECT_EQ(run(FG_TEST_OP(EMBEDDING), &p, {desc(out), desc(weight), desc(indices)}, 1), FG_E_INVALID);
  EXPECT_EQ(error.reason, FG_R_BOUNDS);
  EXPECT_EQ(error.arg_index, 2);
  EXPECT_STREQ(error.message, "embedding: indices[1, 2] is -2, weight has 5 rows, expected 0 <= index < 5");
  EXPECT_EQ(out.values(), before);
}

TEST_F(NamedKernels, GatherChecksItsIndex) {
  Array self(FG_F32, {3, 4}), index(FG_I64, {2, 4}), out(FG_F32, {2, 4});
  self.fill([](std::int64_t i) { return static_cast<double>(i); });
  index.fill([](std::int64_t i) { return static_cast<double>(i % 3); });
  auto p = params<fg_gather_params>();
  ASSERT_EQ(run(FG_TEST_OP(GATHER), &p, {desc(out), desc(self), desc(index)}, 1), FG_OK) << error.message;
  for (std::int64_t i = 0; i < 8; ++i) EXPECT_EQ(out.get(i), static_cast<double>(i % 3 * 4 + i % 4));
  index.set(5, 3);
  EXPECT_EQ(run(FG_TEST_OP(GATHER), &p, {desc(out), desc(self), desc(index)}, 1), FG_E_INVALID);
  EXPECT_STREQ(error.message, "gather: index[1, 1] is 3, self has length 3 in dimension 0, expected 0 <= index < 3");
  Array number(FG_F32, {}), at(FG_I64, {}), one(FG_F32, {});
  number.set(0, 7);
  at.set(0, 0);
  ASSERT_EQ(run(FG_TEST_OP(GATHER), &p, {desc(one), desc(number), desc(at)}, 1), FG_OK) << error.message;
  EXPECT_EQ(one.get(0), 7);
}

TEST_F(NamedKernels, CatOfMixedLayoutsSkipsEmptyOnes) {
  Array a(FG_I16, {2, 3}, Layout::transposed), none(FG_I16, {0}), b(FG_I16, {2, 1}, Layout::negative),
      out(FG_I16, {2, 4}, Layout::gaps);
  a.fill([](std::int64_t i) { return static_cast<double>(i); });
  b.fill([](std::int64_t i) { return static_cast<double>(100 + i); });
  auto p = params<fg_cat_params>();
  p.dim = 1;
  ASSERT_EQ(run(FG_TEST_OP(CAT), &p, {desc(out), desc(a), desc(none), desc(b)}, 1), FG_OK) << error.message;
  EXPECT_EQ(out.values(), (std::vector<double>{0, 1, 2, 100, 3, 4, 5, 101}));
  EXPECT_TRUE(out.gaps_untouched());
}

TEST_F(NamedKernels, SortAndNonzero) {
  Array self(FG_F32, {4, 3}), values(FG_F32, {4, 3}), indices(FG_I64, {4, 3}), rows(FG_I64, {12, 2}), count(FG_I64, {});
  self.fill([](std::int64_t i) { return static_cast<double>(i * 5 % 7); });
  auto p = params<fg_sort_params>();
  p.dim = 0;
  p.descending = 1;
  ASSERT_EQ(run(FG_TEST_OP(SORT), &p, {desc(values), desc(indices), desc(self)}, 2), FG_OK) << error.message;
  for (std::int64_t i = 3; i < 12; ++i) EXPECT_LE(values.get(i), values.get(i - 3));
  for (std::int64_t i = 0; i < 12; ++i)
    EXPECT_EQ(values.get(i), self.get(static_cast<std::int64_t>(indices.get(i)) * 3 + i % 3));
  const auto q = params<fg_nonzero_params>();
  ASSERT_EQ(run(FG_TEST_OP(NONZERO), &q, {desc(rows), desc(count), desc(self)}, 2), FG_OK) << error.message;
  EXPECT_EQ(count.get(0), 10);  // elements 0 and 7 are zero
  EXPECT_EQ(rows.get(0), 0);
  EXPECT_EQ(rows.get(1), 1);
  Array empty(FG_F32, {0, 2}), no_rows(FG_I64, {0, 2});
  ASSERT_EQ(run(FG_TEST_OP(NONZERO), &q, {desc(no_rows), desc(count), desc(empty)}, 2), FG_OK) << error.message;
  EXPECT_EQ(count.get(0), 0);
  Array number(FG_BOOL, {}), one_row(FG_I64, {1, 0});
  number.set(0, 1);
  ASSERT_EQ(run(FG_TEST_OP(NONZERO), &q, {desc(one_row), desc(count), desc(number)}, 2), FG_OK) << error.message;
  EXPECT_EQ(count.get(0), 1);
}

TEST_F(NamedKernels, RotaryWithoutPositionsUsesTheIndexAndChecksThemWhenGiven) {
  Array q(FG_F32, {1, 3, 2, 4}), k(FG_F32, {1, 3, 1, 4}), cos(FG_F32, {5, 2}), sin(FG_F32, {5, 2}),
      qe(FG_F32, q.shape()), ke(FG_F32, k.shape());
  q.fill([](std::int64_t) { return 1; });
  k.fill([](std::int64_t) { return 1; });
  cos.fill([](std::int64_t i) { return static_cast<double>(i / 2); });
  sin.fill([](std::int64_t) { return 0; });
  const auto p = params<fg_apply_rotary_pos_emb_params>();
  ASSERT_EQ(run(FG_TEST_OP(APPLY_ROTARY_POS_EMB), &p,
                {desc(qe), desc(ke), desc(q), desc(k), desc(cos), desc(sin), absent()}, 2),
            FG_OK)
      << error.message;
  for (std::int64_t i = 0; i < 24; ++i) EXPECT_EQ(qe.get(i), static_cast<double>(i / 8));
  for (std::int64_t i = 0; i < 12; ++i) EXPECT_EQ(ke.get(i), static_cast<double>(i / 4));
  Array ids(FG_I64, {1, 3});
  ids.fill([](std::int64_t i) { return i == 2 ? 5 : 1; });
  EXPECT_EQ(run(FG_TEST_OP(APPLY_ROTARY_POS_EMB), &p,
                {desc(qe), desc(ke), desc(q), desc(k), desc(cos), desc(sin), desc(ids)}, 2),
            FG_E_INVALID);
  EXPECT_STREQ(error.message, "apply_rotary_pos_emb: position_ids[0, 2] is 5, cos has 5 rows, expected 0 <= index < 5");
}

TEST_F(NamedKernels, UniformGivesThePagesNumbersAndRefusesNonsense) {
  Array self(FG_F32, {6});
  auto p = params<fg_uniform_params>();
  p.from = -2.5;
  p.to = 7.3;
  p.seed = 42;
  ASSERT_EQ(run(FG_TEST_OP(UNIFORM), &p, {desc(self)}, 1), FG_OK) << error.message;
  const std::uint32_t want[] = {0x406072CC, 0x4005E5C0, 0xBFE4235E,
                                0x3F572740, 0x40E5BFA2, 0x3F348958};  // docs/random.md
  for (int i = 0; i < 6; ++i) EXPECT_EQ(std::bit_cast<std::uint32_t>(static_cast<float>(self.get(i))), want[i]) << i;
  for (const auto& [from, to] : {std::pair{2.0, 1.0},
                                 {0.0, std::numeric_limits<double>::infinity()},
                                 {std::nan(""), 1.0},
                                 {-1.7e308, 1.7e308}}) {
    p.from = from;
    p.to = to;
    EXPECT_EQ(run(FG_TEST_OP(UNIFORM), &p, {desc(self)}, 1), FG_E_INVALID) << from << " " << to;
  }
}

}  // namespace
}  // namespace fg::cpu::testing
