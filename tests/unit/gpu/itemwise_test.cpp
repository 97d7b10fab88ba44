// SPDX-License-Identifier: Apache-2.0
//
// When one work-item may do its part of two launches, one after the other.

#include "plugins/gpu/itemwise.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {
namespace {

using Dims = std::vector<std::int64_t>;

struct Memory : fg_buffer {};
Memory g_a, g_b;

struct View {
  Memory* memory = &g_a;
  Dims shape{4, 6}, stride{6, 1};
  std::uint64_t offset = 0;
  fg_dtype dtype = FG_F32;
};

std::optional<ItemWise> describe(const View& out, const View& in, const ItemOrder& order = {24, 1, 1}) {
  std::vector<fg_tensor> t;
  for (const View* v : {&out, &in}) {
    fg_tensor one{};
    one.buffer = v->memory;
    one.byte_offset = v->offset;
    one.shape = v->shape.data();
    one.stride = v->stride.data();
    one.ndim = static_cast<std::int32_t>(v->shape.size());
    one.dtype = v->dtype;
    t.push_back(one);
  }
  return itemwise(t, 1, order);
}

// Whether a launch that reads `next_in` and writes `next_out` may follow one that does so with the others.
bool follows(const View& out, const View& in, const View& next_out, const View& next_in) {
  return may_follow(*describe(out, in), *describe(next_out, next_in));
}

const View kA{}, kFarA{&g_a, {4, 6}, {6, 1}, 96}, kB{&g_b}, kFarB{&g_b, {4, 6}, {6, 1}, 96};

TEST(ItemWise, WhatWasWrittenIsReadByTheSameWorkItem) {
  EXPECT_TRUE(follows(kA, kB, kFarA, kA));
  EXPECT_TRUE(follows(kA, kB, kA, kB)) << "written twice";
  EXPECT_TRUE(follows(kA, kB, kB, kA)) << "and what was read is written";
  EXPECT_TRUE(follows(kA, kA, kA, kA)) << "in place";
  EXPECT_TRUE(follows(kA, kB, kFarA, kFarB)) << "apart";
}

TEST(ItemWise, OtherElementsOfWhatWasWrittenAreNot) {
  View later = kA;
  later.offset = 4;
  EXPECT_FALSE(follows(kA, kB, kFarB, later)) << "one element on";
  EXPECT_FALSE(follows(kA, kB, later, kB)) << "written in part";
  EXPECT_FALSE(follows(kFarA, kA, later, kB)) << "read in part before it is written";
  View turned = kA;
  turned.stride = {1, 4};
  EXPECT_FALSE(follows(kA, kB, kFarA, turned));
  View repeated = kA;
  repeated.stride = {0, 1};
  EXPECT_FALSE(follows(kA, kB, kFarA, repeated));
  EXPECT_TRUE(follows(kFarA, repeated, kB, repeated)) << "reading alone orders nothing";
  View backwards = kA;
  backwards.offset = 23 * 4;
  backwards.stride = {-6, -1};
  EXPECT_FALSE(follows(kA, kB, kFarA, backwards));
  View bits = kA;
  bits.dtype = FG_I32;
  EXPECT_FALSE(follows(kA, kB, kFarA, bits)) << "another dtype";
}

TEST(ItemWise, ElementsBeforeTheFirstCount) {
  const View backwards{&g_a, {4, 6}, {-6, 1}, 96 + 18 * 4};  // Bytes 96 to 192.
  EXPECT_TRUE(follows(kA, kB, kB, backwards));
  EXPECT_FALSE(follows(kFarA, kB, kB, backwards));
}

TEST(ItemWise, AShapeMaySayTheSameInOtherWords) {
  const View line{&g_a, {24}, {1}}, blocks{&g_a, {2, 1, 12}, {12, 5, 1}};
  EXPECT_TRUE(follows(kA, kB, line, line));
  EXPECT_TRUE(follows(kA, kB, blocks, blocks));
  const View apart{&g_a, {4, 6}, {8, 1}};
  EXPECT_FALSE(follows(kA, kB, apart, apart));
}

TEST(ItemWise, TheElementsMustBeSharedOutAlike) {
  const auto before = describe(kA, kB);
  EXPECT_TRUE(may_follow(*before, *describe(kA, kB)));
  for (const ItemOrder& order : {ItemOrder{25, 1, 1}, ItemOrder{24, 4, 1}, ItemOrder{24, 1, 2}})
    EXPECT_FALSE(may_follow(*before, *describe(kA, kB, order)));
}

TEST(ItemWise, ElementsThatSeveralWorkItemsWriteHaveNone) {
  View repeated = kA;
  repeated.stride = {0, 1};
  EXPECT_FALSE(describe(repeated, kB));
  View overlapping = kA;
  overlapping.stride = {3, 1};
  EXPECT_FALSE(describe(overlapping, kB));
  View turned = kA;
  turned.stride = {1, 4};
  EXPECT_TRUE(describe(turned, kB));
}

}  // namespace
}  // namespace fg::gpu
