// SPDX-License-Identifier: Apache-2.0
//
// The oracle's operators on inputs whose results are known by hand.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "conformance/reference/reference.hpp"

namespace fg::reference {
namespace {

Tensor f32(Shape shape, std::vector<Real> v) { return {Type::f32, std::move(shape), std::move(v)}; }
Tensor i64(Shape shape, std::vector<Real> v) { return {Type::i64, std::move(shape), std::move(v)}; }

Argument arg(Tensor t) {
  Argument a;
  a.kind = Argument::Kind::tensor;
  a.tensors = {std::move(t)};
  return a;
}
Argument arg(Real x, Type category = Type::i64) {
  Argument a;
  a.kind = Argument::Kind::number;
  a.number = x;
  a.category = category;
  return a;
}
Argument dims(std::vector<std::int64_t> d) {
  Argument a;
  a.kind = Argument::Kind::dims;
  a.dims = std::move(d);
  return a;
}
Argument none() { return {}; }

Operator named(std::string name, std::vector<std::string> tensors, std::vector<std::string> attributes,
               std::size_t outs = 1) {
  Operator op;
  op.name = std::move(name);
  op.kind = Kind::kernel;
  for (const std::string& t : tensors) op.args.push_back({t, true, false, false});
  for (const std::string& a : attributes) op.args.push_back({a, false, false, false});
  op.outs.assign(outs, {OutRule::same_as, Type::f32, 0});
  op.variants = {{"", Promote::none, {}, ""}};
  return op;
}

std::vector<Real> mids(const Output& out) {
  std::vector<Real> v;
  for (const Value& x : out.hard) v.push_back(x.mid);
  return v;
}

void expect_near(const Output& out, const std::vector<double>& want) {
  ASSERT_EQ(out.hard.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(out.hard[i].mid), want[i], 1e-12) << i;
    EXPECT_LE(out.hard[i].lo, out.hard[i].mid);
    EXPECT_GE(out.hard[i].hi, out.hard[i].mid);
  }
}

TEST(OracleOperators, Product) {
  const Operator op = named("mm", {"self", "mat2"}, {});
  const auto out = evaluate(Call(op, {arg(f32({2, 2}, {1, 2, 3, 4})), arg(f32({2, 2}, {5, 6, 7, 8}))}));
  EXPECT_EQ(mids(out[0]), (std::vector<Real>{19, 22, 43, 50}));
  EXPECT_TRUE(out[0].hard[0].point());
}

TEST(OracleOperators, ProductAsDeclared) {
  const Operator op = named("mm", {"self", "mat2"}, {});
  const std::vector<Argument> args{arg(f32({1, 2}, {2049, 0x1p-127L})), arg(f32({2, 1}, {1, 0x1p127L}))};
  EXPECT_TRUE(evaluate(Call(op, args))[0].hard[0].point());
  const Value flushing = evaluate(Call(op, args, {false, SumClass::standard}))[0].hard[0];
  EXPECT_EQ(flushing.lo, 2049);
  EXPECT_EQ(flushing.hi, 2050);
  const Value tf32 = evaluate(Call(op, args, {true, SumClass::tf32}))[0].hard[0];  // 2049 is read as 2048
  EXPECT_LE(tf32.lo, 2049);
  EXPECT_GT(tf32.lo, 2047);
  EXPECT_TRUE(evaluate(Call(op, args))[0].hard[0].point());
}

TEST(OracleOperators, ProductOfNothingIsZero) {
  const Operator op = named("mm", {"self", "mat2"}, {});
  const auto out = evaluate(Call(op, {arg(f32({2, 0}, {})), arg(f32({0, 1}, {}))}));
  EXPECT_EQ(mids(out[0]), (std::vector<Real>{0, 0}));
}

TEST(OracleOperators, AddmmIgnoresSelfWhenBetaIsZero) {
  const Operator op = named("addmm", {"self", "mat1", "mat2"}, {"beta", "alpha"});
  const auto out =
      evaluate(Call(op, {arg(f32({1}, {NAN})), arg(f32({1, 2}, {1, 2})), arg(f32({2, 1}, {3, 4})), arg(0), arg(2)}));
  EXPECT_EQ(mids(out[0]), (std::vector<Real>{22}));
}

TEST(OracleOperators, Softmax) {
  const Operator op = named("softmax", {"self"}, {"dim", "dtype"});
  const auto out = evaluate(Call(op, {arg(f32({3}, {0, std::log(2.0L), std::log(5.0L)})), arg(0)}));
  expect_near(out[0], {1.0 / 8, 2.0 / 8, 5.0 / 8});
  const auto masked = evaluate(Call(op, {arg(f32({2}, {-INFINITY, -INFINITY})), arg(0)}));
  EXPECT_EQ(masked[0].hard[0].nan, Nan::always);
}

TEST(OracleOperators, SoftmaxSumsToOne) {
  const Operator op = named("softmax", {"self"}, {"dim", "dtype"});
  const auto out = evaluate(Call(op, {arg(f32({5}, {1, -2, 3, 0.5L, 100})), arg(0)}));
  Real sum = 0;
  for (const Real x : mids(out[0])) sum += x;
  EXPECT_NEAR(static_cast<double>(sum), 1, 1e-15);
}

TEST(OracleOperators, LayerNorm) {
  const Operator op = named("layer_norm", {"input", "weight", "bias"}, {"normalized_shape", "eps"}, 3);
  const auto out = evaluate(Call(op, {arg(f32({1, 4}, {1, 2, 3, 4})), arg(f32({4}, {1, 1, 1, 2})),
                                      arg(f32({4}, {0, 0, 0, 1})), dims({4}), arg(0, Type::f64)}));
  const double r = 1 / std::sqrt(1.25);
  expect_near(out[0], {-1.5 * r, -0.5 * r, 0.5 * r, 3 * r + 1});
  expect_near(out[1], {2.5});
  expect_near(out[2], {r});
  EXPECT_EQ(out[1].shape, (Shape{1, 1}));
}

TEST(OracleOperators, RmsNorm) {
  const Operator op = named("rms_norm", {"input", "weight"}, {"normalized_shape", "eps"});
  const auto out = evaluate(Call(op, {arg(f32({2}, {3, 4})), none(), dims({2}), arg(0, Type::f64)}));
  expect_near(out[0], {3 / std::sqrt(12.5), 4 / std::sqrt(12.5)});
}

Operator attention() {
  return named("scaled_dot_product_attention", {"query", "key", "value", "attn_mask"},
               {"is_causal", "scale", "enable_gqa"});
}

TEST(OracleOperators, AttentionOfEqualScoresIsTheMean) {
  const auto out = evaluate(Call(attention(), {arg(f32({1, 1, 1, 2}, {0, 0})), arg(f32({1, 1, 2, 2}, {1, 2, 3, 4})),
                                               arg(f32({1, 1, 2, 2}, {10, 20, 30, 40}))}));
  expect_near(out[0], {20, 30});
}

TEST(OracleOperators, CausalAttentionSeesThePast) {
  Argument causal = arg(1, Type::boolean);
  const auto out = evaluate(Call(attention(), {arg(f32({1, 1, 2, 1}, {0, 0})), arg(f32({1, 1, 2, 1}, {0, 0})),
                                               arg(f32({1, 1, 2, 1}, {10, 20})), none(), causal}));
  expect_near(out[0], {10, 15});
}

TEST(OracleOperators, AttentionMaskAndGroups) {
  const Tensor mask{Type::boolean, {1, 2}, {0, 1}};
  const auto masked = evaluate(Call(attention(), {arg(f32({1, 1, 1, 1}, {1})), arg(f32({1, 1, 2, 1}, {5, 1})),
                                                  arg(f32({1, 1, 2, 1}, {10, 20})), arg(mask)}));
  expect_near(masked[0], {20});
  const auto grouped = evaluate(
      Call(attention(), {arg(f32({1, 2, 1, 1}, {1, 1})), arg(f32({1, 1, 1, 1}, {5})), arg(f32({1, 1, 1, 1}, {7}))}));
  expect_near(grouped[0], {7, 7});
}

TEST(OracleOperators, RotaryTurnsPairs) {
  const Operator op =
      named("apply_rotary_pos_emb", {"q", "k", "cos", "sin", "position_ids"}, {"rotary_interleaved"}, 2);
  const Tensor cosine = f32({2, 2}, {1, 1, 0, 0});  // position 1: a quarter turn
  const Tensor sine = f32({2, 2}, {0, 0, 1, 1});
  const Tensor q = f32({1, 1, 1, 4}, {1, 2, 3, 4});
  const auto halves = evaluate(Call(op, {arg(q), arg(q), arg(cosine), arg(sine), arg(i64({1, 1}, {1}))}));
  EXPECT_EQ(mids(halves[0]), (std::vector<Real>{-3, -4, 1, 2}));
  const auto neighbours =
      evaluate(Call(op, {arg(q), arg(q), arg(cosine), arg(sine), arg(i64({1, 1}, {1})), arg(1, Type::boolean)}));
  EXPECT_EQ(mids(neighbours[0]), (std::vector<Real>{-2, 1, -4, 3}));
  const auto by_position = evaluate(Call(op, {arg(q), arg(q), arg(cosine), arg(sine)}));
  EXPECT_EQ(mids(by_position[0]), (std::vector<Real>{1, 2, 3, 4}));
}

TEST(OracleOperators, SortIsStableAndNanIsGreatest) {
  const Operator op = named("sort", {"self"}, {"dim", "descending", "stable"}, 2);
  const Tensor x = f32({5}, {2, NAN, 1, 2, -INFINITY});
  const auto up = evaluate(Call(op, {arg(x)}));
  EXPECT_EQ(mids(up[1]), (std::vector<Real>{4, 2, 0, 3, 1}));
  const auto down = evaluate(Call(op, {arg(x), arg(0), arg(1, Type::boolean)}));
  EXPECT_EQ(mids(down[1]), (std::vector<Real>{1, 0, 3, 2, 4}));
}

// Of a device that flushes: the subnormals may have stayed where they were, or be zero.
TEST(OracleOperators, SortMayCompareSubnormalsAsZero) {
  const Operator op = named("sort", {"self"}, {"dim", "descending", "stable"}, 2);
  const std::vector<Argument> args{arg(f32({5}, {1, 0x1p-127L, 0, -0x1p-130L, -1})), arg(0)};
  const auto kept = evaluate(Call(op, args));
  EXPECT_EQ(mids(kept[1]), (std::vector<Real>{4, 3, 2, 1, 0}));
  EXPECT_TRUE(std::all_of(kept[1].hard.begin(), kept[1].hard.end(), [](const Value& v) { return v.point(); }));
  const auto flushing = evaluate(Call(op, args, {false, SumClass::standard}));
  const auto within = [](const Value& v, Real lo, Real hi) { return v.lo == lo && v.hi == hi; };
  EXPECT_TRUE(within(flushing[1].hard[0], 4, 4)) << "-1 is no subnormal";
  EXPECT_TRUE(within(flushing[1].hard[1], 1, 3)) << "the least, or the first of the zeros";
  EXPECT_TRUE(within(flushing[1].hard[3], 1, 3));
  EXPECT_TRUE(within(flushing[0].hard[1], -0x1p-130L, 0x1p-127L));
  EXPECT_TRUE(within(flushing[0].hard[0], -1, -1));
  EXPECT_TRUE(within(flushing[0].hard[4], 1, 1));
}

TEST(OracleOperators, IndexingMovesElements) {
  const auto rows = evaluate(Call(named("embedding", {"weight", "indices"}, {"padding_idx"}),
                                  {arg(f32({3, 2}, {1, 2, 3, 4, 5, 6})), arg(i64({2}, {2, 0}))}));
  EXPECT_EQ(mids(rows[0]), (std::vector<Real>{5, 6, 1, 2}));
  Operator gather = named("gather", {"self"}, {"dim"});
  gather.args.push_back({"index", true, false, false});
  const auto taken = evaluate(Call(gather, {arg(f32({2, 2}, {1, 2, 3, 4})), arg(1), arg(i64({2, 1}, {1, 0}))}));
  EXPECT_EQ(mids(taken[0]), (std::vector<Real>{2, 3}));
  const auto where = evaluate(Call(named("nonzero", {"self"}, {}), {arg(f32({2, 2}, {0, 7, NAN, -0.0L}))}));
  EXPECT_EQ(where[0].shape, (Shape{2, 2}));
  EXPECT_EQ(mids(where[0]), (std::vector<Real>{0, 1, 1, 0}));
}

Operator reduction(Monoid monoid, std::vector<std::string> epilogue, Promote promote = Promote::same) {
  Operator op = named("reduction", {"self"}, {"dim", "keepdim"});
  op.kind = Kind::reduce;
  op.monoid = monoid;
  op.args[0].promotes = true;
  op.outs.assign(epilogue.size(), {OutRule::promoted, Type::f32, -1});
  op.variants = {{"", promote, std::move(epilogue), "self"}};
  return op;
}

TEST(OracleOperators, Reductions) {
  const Tensor x = f32({2, 3}, {1, 5, 2, 5, NAN, 5});
  const auto greatest = evaluate(Call(reduction(Monoid::max, {"acc"}), {arg(x), dims({1})}));
  EXPECT_EQ(greatest[0].hard[0].mid, 5);
  EXPECT_EQ(greatest[0].hard[1].nan, Nan::always);
  const auto position = evaluate(Call(reduction(Monoid::argmax, {"position"}), {arg(x), dims({1})}));
  EXPECT_EQ(mids(position[0]), (std::vector<Real>{1, 1}));
  const Tensor small = f32({1, 3}, {0x1p-128L, -1, 0x1p-127L});
  const Operator argmax = reduction(Monoid::argmax, {"position"});
  EXPECT_EQ(mids(evaluate(Call(argmax, {arg(small), dims({1})}))[0]), (std::vector<Real>{2}));
  const Value among_zeros = evaluate(Call(argmax, {arg(small), dims({1})}, {false, SumClass::standard}))[0].hard[0];
  EXPECT_EQ(among_zeros.lo, 0);  // the first of two that compare as zero
  EXPECT_EQ(among_zeros.hi, 2);
  const auto moments = evaluate(Call(reduction(Monoid::welford, {"m2 / n", "mean"}), {arg(f32({4}, {1, 2, 3, 4}))}));
  expect_near(moments[0], {1.25});
  expect_near(moments[1], {2.5});
  const auto logs = evaluate(Call(reduction(Monoid::logsumexp, {"peak + log(total)"}), {arg(f32({2}, {0, 0}))}));
  expect_near(logs[0], {std::log(2.0)});
  const auto counted =
      evaluate(Call(reduction(Monoid::sum, {"acc"}, Promote::sum), {arg(Tensor{Type::boolean, {3}, {1, 0, 1}})}));
  EXPECT_EQ(mids(counted[0]), (std::vector<Real>{2}));
  EXPECT_EQ(counted[0].type, Type::i64);
}

TEST(OracleOperators, VarianceKnowsItsBoundForLargeMeans) {
  std::vector<Real> v;
  for (int i = 0; i < 1000; ++i) v.push_back(round_to(Type::f32, 10000 + i % 7));
  const auto out = evaluate(Call(reduction(Monoid::welford, {"m2 / n"}), {arg(f32({1000}, v))}));
  const Value& variance = out[0].hard[0];
  EXPECT_NEAR(static_cast<double>(variance.mid), 4, 0.01);
  EXPECT_LT(variance.hi - variance.mid, 20);  // n u kappa m2 and n u mean squared
}

TEST(OracleOperators, Promotion) {
  EXPECT_EQ(join(Type::f16, Type::bf16), Type::f32);
  EXPECT_EQ(join(Type::u8, Type::i8), Type::i16);
  EXPECT_EQ(join(Type::i64, Type::f16), Type::f16);
  EXPECT_EQ(join(Type::boolean, Type::u8), Type::u8);
  EXPECT_EQ(join(Type::f8_e5m2, Type::f32), std::nullopt);
}

TEST(OracleOperators, Views) {
  Operator op = named("slice", {"self"}, {"dim", "start", "end", "step"});
  op.kind = Kind::view;
  const View v =
      evaluate_view(Call(op, {arg(f32({2, 5}, std::vector<Real>(10, 0))), arg(1), arg(-4), arg(100), arg(2)}));
  EXPECT_EQ(v.shape, (Shape{2, 2}));
  EXPECT_EQ(v.source, (std::vector<std::int64_t>{1, 3, 6, 8}));
  Operator expand = named("expand", {"self"}, {"size"});
  expand.kind = Kind::view;
  const View e = evaluate_view(Call(expand, {arg(f32({2, 1}, {1, 2})), dims({2, -1, 3})}));
  EXPECT_EQ(e.source, (std::vector<std::int64_t>{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1}));
}

TEST(OracleOperators, UniformHasTheDocumentedBits) {
  const Operator op = named("uniform_", {"self"}, {"from", "to", "generator"});
  Argument generator;
  generator.kind = Argument::Kind::generator;
  generator.seed = 42;
  const Tensor self{Type::f32, {6}, std::vector<Real>(6, 0)};
  const auto out =
      evaluate(Call(op, {arg(self), arg(-2.5L, Type::f64), arg(static_cast<Real>(7.3), Type::f64), generator}));
  const std::uint32_t want[6] = {0x406072cc, 0x4005e5c0, 0xbfe4235e, 0x3f572740, 0x40e5bfa2, 0x3f348958};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto x = static_cast<float>(out[0].hard[i].mid);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &x, sizeof bits);
    EXPECT_EQ(bits, want[i]) << i;
  }
}

// Below a power of two numbers are twice as dense as above.
TEST(OracleOperators, UniformEndsAtTheNumberBelowTheBound) {
  const Operator op = named("uniform_", {"self"}, {"from", "to", "generator"});
  Argument generator;
  generator.kind = Argument::Kind::generator;
  generator.seed = 3;
  const auto extremes = [&](Real from, Real to) {
    const Tensor self{Type::bf16, {4000}, std::vector<Real>(4000, 0)};
    const auto out = evaluate(Call(op, {arg(self), arg(from, Type::f64), arg(to, Type::f64), generator}));
    std::pair<Real, Real> ends{out[0].hard[0].mid, out[0].hard[0].mid};
    for (const Value& v : out[0].hard) ends = {std::min(ends.first, v.mid), std::max(ends.second, v.mid)};
    return ends;
  };
  EXPECT_EQ(extremes(0, 1).second, 1 - 0x1p-8L);
  EXPECT_EQ(extremes(-2, -1).second, -1 - 0x1p-7L);
  EXPECT_EQ(extremes(-1 + 0x1p-12L, 0).first, -1 + 0x1p-8L);
}

TEST(OracleOperators, UniformStaysInItsInterval) {
  const Operator op = named("uniform_", {"self"}, {"from", "to", "generator"});
  Argument generator;
  generator.kind = Argument::Kind::generator;
  generator.seed = 5;
  for (const Type type : {Type::f64, Type::f32, Type::f16, Type::bf16}) {
    const Tensor self{type, {1000}, std::vector<Real>(1000, 0)};
    const auto out = evaluate(Call(op, {arg(self), arg(2, Type::f64), arg(3, Type::f64), generator}));
    for (const Value& v : out[0].hard) {
      EXPECT_GE(round_to(type, v.lo), 2);
      EXPECT_LT(round_to(type, v.hi), 3);
    }
  }
}

}  // namespace
}  // namespace fg::reference
