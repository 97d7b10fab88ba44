// SPDX-License-Identifier: Apache-2.0
//
// Chains without a device: what may be overwritten when, and that the blocks are models of something.

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "conformance/cases/operators.hpp"
#include "conformance/model/blocks.hpp"
#include "conformance/reference/reference.hpp"

namespace fg::conformance {
namespace {

using reference::Real;
using reference::Tensor;
using reference::Type;

Tensor ones(reference::Shape shape) {
  const auto n = static_cast<std::size_t>(reference::numel(shape));
  return {Type::f32, std::move(shape), std::vector<Real>(n, 1)};
}

ValueId add(Chain& c, ValueId x, ValueId y) {
  return c.link("add", {LinkArg::tensor("self", x), LinkArg::tensor("other", y)});
}

TEST(Chain, MemoryIsFreeOnceNoViewIsReadAnyMore) {
  Chain c;
  const ValueId x = c.given(ones({2, 3}));
  const ValueId a = add(c, x, x);  // link 0
  const ValueId turned =
      c.link("transpose", {LinkArg::tensor("self", a), LinkArg::integer("dim0", 0), LinkArg::integer("dim1", 1)});
  const ValueId b = add(c, a, x);            // link 2
  const ValueId d = add(c, turned, turned);  // link 3
  add(c, b, b);                              // link 4
  EXPECT_FALSE(c.is_free_after(a, 2)) << "its view is read by link 3";
  EXPECT_TRUE(c.is_free_after(a, 3));
  EXPECT_TRUE(c.is_free_after(turned, 3)) << "the same memory";
  EXPECT_FALSE(c.is_free_after(b, 3));
  EXPECT_TRUE(c.is_free_after(b, 4));
  EXPECT_FALSE(c.is_free_after(d, 4)) << "a result that nobody reads is one of the chain's";
  EXPECT_FALSE(c.is_free_after(x, 4)) << "weights stay";
}

TEST(Chain, NamesThatDoNotExistAreMistakes) {
  Chain c;
  const ValueId x = c.given(ones({2}));
  EXPECT_THROW(c.link("ad", {LinkArg::tensor("self", x)}), std::logic_error);
  EXPECT_THROW(c.link("add", {LinkArg::tensor("input", x)}), std::logic_error);
}

// The values of a chain as the oracle has them.
std::vector<Tensor> values_of(const Chain& chain) {
  std::vector<Tensor> values(chain.values().size());
  for (ValueId v = 0; v < values.size(); ++v) {
    if (chain.values()[v].given) values[v] = chain.values()[v].given->first;
  }
  for (const Link& link : chain.links()) {
    std::vector<reference::Argument> args;
    for (const LinkArg& a : link.args) {
      args.push_back(a.value);
      for (const ValueId v : a.of) args.back().tensors.push_back(values[v]);
    }
    const auto outs = reference::evaluate(reference::Call(oracle_operator(*link.op), std::move(args)));
    for (std::size_t j = 0; j < outs.size(); ++j) {
      Tensor& t = values[link.first + j];
      t = {outs[j].type, outs[j].shape, {}};
      for (const reference::Value& x : outs[j].hard) t.v.push_back(reference::store(t.type, x.mid, true));
    }
  }
  return values;
}

// A block that dies out or explodes would hide what its links do.
void expect_alive(const Chain& chain) {
  const std::vector<Tensor> values = values_of(chain);
  for (const Link& link : chain.links()) {
    Real squares = 0;
    for (const Real x : values[link.first].v) squares += x * x;
    const Real mean = std::sqrt(squares / static_cast<Real>(values[link.first].v.size()));
    EXPECT_GT(mean, 0.02) << link.op->name;
    EXPECT_LT(mean, 20) << link.op->name;
  }
}

TEST(Blocks, KeepTheirNumbersNearOne) {
  for (const Type type : {Type::f32, Type::f16, Type::bf16}) {
    expect_alive(llama_block(
        {.type = type, .batch = 2, .tokens = 5, .past = 0, .heads = 4, .kv_heads = 2, .head = 8, .ffn = 48}));
    expect_alive(llama_block(
        {.type = type, .batch = 2, .tokens = 1, .past = 6, .heads = 4, .kv_heads = 2, .head = 8, .ffn = 48}));
    expect_alive(bert_block({.type = type, .batch = 2, .tokens = 7, .heads = 4, .head = 8, .ffn = 48}));
  }
}

}  // namespace
}  // namespace fg::conformance
