// SPDX-License-Identifier: Apache-2.0
//
// Shapes and attribute checks against what ATen does, one line a case.
#include "core/catalogue/shape_rules.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/catalogue/case_line.hpp"
#include "core/catalogue/rule_text.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

// "mm self=2x3 mat2=3x4" -> "[2, 4]", several outputs joined by a blank, or the error's text.
std::string shapes(std::string_view call, Symbols* symbols = nullptr) {
  const std::size_t blank = call.find(' ');
  const OpInfo* op = find_op(call.substr(0, blank));
  if (op == nullptr) return "no such operator";
  const auto values = parse_case(*op, blank == std::string_view::npos ? "" : call.substr(blank));
  if (!values) return values.error().message;
  Shape outs[4];
  const auto done = infer_case(*op, *values, std::span(outs, op->outs.size()), symbols);
  if (!done) return done.error().message;
  std::string text;
  for (std::size_t i = 0; i < op->outs.size(); ++i) text += (i == 0 ? "" : " ") + shape_text(outs[i].dims());
  return text;
}

struct Row {
  const char* call;
  const char* expected;
};

class ShapeRules : public testing::TestWithParam<Row> {};

TEST_P(ShapeRules, AsAten) { EXPECT_EQ(shapes(GetParam().call), GetParam().expected) << GetParam().call; }

INSTANTIATE_TEST_SUITE_P(Map, ShapeRules,
                         testing::ValuesIn(std::initializer_list<Row>{
                             {"add self=2x3 other=2x3", "[2, 3]"},
                             {"add self=[] other=[]", "[]"},
                             {"add self=4x1x3 other=5x1", "[4, 5, 3]"},
                             {"add self=5x1 other=4x1x3", "[4, 5, 3]"},
                             {"add self=0x1 other=1x3", "[0, 3]"},
                             {"add self=2x3 other=#2.5", "[2, 3]"},
                             {"add self=#1 other=#2", "[]"},
                             {"add self=2x3 other=4", "add: other of shape [4] does not broadcast with [2, 3]"},
                             {"add self=2 other=0", "add: other of shape [0] does not broadcast with [2]"},
                             {"add self=2x3", "add: other is missing, expected a tensor"},
                             {"where condition=3x1 self=4 other=2x1x1", "[2, 3, 4]"},
                             {"where condition=#1 self=4 other=4",
                              "'condition=#1' has the wrong value, expected a shape such as 4x8 or []"},
                             {"copy_ self=2x3 src=3", "[2, 3]"},
                             {"copy_ self=2x3 src=[]", "[2, 3]"},
                             {"copy_ self=3 src=2x3", "copy_: src of shape [2, 3] does not broadcast with [3]"},
                             {"copy_ self=1 src=2", "copy_: src of shape [2] does not broadcast with [1]"},
                             {"full size=[2,0,3] fill_value=1.5", "[2, 0, 3]"},
                             {"full size=[] fill_value=1", "[]"},
                             {"full size=[2,-1] fill_value=1", "full: size has -1 at position 1, expected at least 0"},
                         }));

INSTANTIATE_TEST_SUITE_P(
    Arange, ShapeRules,
    testing::ValuesIn(std::initializer_list<Row>{
        {"arange end=5", "[5]"},
        {"arange start=1 end=6 step=2", "[3]"},
        {"arange start=5 end=0 step=-2", "[3]"},
        {"arange start=0 end=0", "[0]"},
        {"arange start=0 end=1 step=0.3", "[4]"},
        {"arange end=2.5", "[3]"},
        {"arange end=2.5 dtype=i64", "[2]"},
        {"arange start=-9223372036854775808 end=9223372036854775807 step=9223372036854775807", "[3]"},
        {"arange start=1 end=0",
         "arange: the range 1 to 0 by 1 has no end, expected the sign of step to lead from start to end"},
        {"arange end=5 step=0", "arange: step is 0, expected another number"},
        {"arange end=inf", "arange: end is inf, expected a finite number"},
        {"arange end=nan", "arange: end is nan, expected a finite number"},
        {"arange start=1", "arange: end is missing, expected a number"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Reduce, ShapeRules,
    testing::ValuesIn(std::initializer_list<Row>{
        {"sum self=2x3x4", "[]"},
        {"sum self=2x3x4 dim=[]", "[]"},
        {"sum self=2x3x4 dim=[1]", "[2, 4]"},
        {"sum self=2x3x4 dim=[0,-1] keepdim=true", "[1, 3, 1]"},
        {"sum self=2x3x4 keepdim=true", "[1, 1, 1]"},
        {"sum self=[] dim=[0]", "[]"},
        {"sum self=[] dim=[-1] keepdim=true", "[]"},
        {"sum self=0x3 dim=[0]", "[3]"},
        {"sum self=2x3 dim=[1,-1]", "sum: dimension 1 appears twice in dim"},
        {"sum self=2x3 dim=[2]", "sum: dim is 2, expected -2 to 1 for a tensor of 2 dimensions"},
        {"sum self=[] dim=[1]", "sum: dim is 1, expected -1 to 0 for a tensor of 0 dimensions"},
        {"amax self=0x3 dim=[1]", "[0]"},
        {"amax self=0x3 dim=[0]", "amax: dimension 0 of self has length 0, expected at least 1 to reduce over it"},
        {"amax self=0x3", "amax: dimension 0 of self has length 0, expected at least 1 to reduce over it"},
        {"argmax self=2x3", "[]"},
        {"argmax self=2x3 keepdim=true", "[1, 1]"},
        {"argmax self=2x3 dim=-1", "[2]"},
        {"argmax self=2x0 dim=0", "[0]"},
        {"argmax self=0", "argmax: dimension 0 of self has length 0, expected at least 1 to reduce over it"},
        {"var_mean self=2x3 dim=[1]", "[2] [2]"},
        {"cumsum self=2x3 dim=-1", "[2, 3]"},
        {"cumsum self=[] dim=0", "[]"},
        {"cumsum self=2x3 dim=2", "cumsum: dim is 2, expected -2 to 1 for a tensor of 2 dimensions"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Patterns, ShapeRules,
    testing::ValuesIn(std::initializer_list<Row>{
        {"mm self=2x3 mat2=3x4", "[2, 4]"},
        {"mm self=2x0 mat2=0x4", "[2, 4]"},
        {"mm self=3x5 mat2=4x2", "mm: self has 5 columns, mat2 has 4 rows"},
        {"mm self=3 mat2=3x2", "mm: self has 1 dimension, expected 2 (m, k)"},
        {"bmm self=2x3x4 mat2=2x4x5", "[2, 3, 5]"},
        {"bmm self=3x3x4 mat2=1x4x5", "bmm: self has 3 matrices, mat2 has 1 matrix"},
        {"addmm self=4 mat1=2x3 mat2=3x4", "[2, 4]"},
        {"addmm self=[] mat1=2x3 mat2=3x4", "[2, 4]"},
        {"addmm self=2x1 mat1=2x3 mat2=3x4", "[2, 4]"},
        {"addmm self=3x4 mat1=2x3 mat2=3x4", "addmm: self of shape [3, 4] does not broadcast to [2, 4]"},
        {"addmm self=1x2x4 mat1=2x3 mat2=3x4", "addmm: self of shape [1, 2, 4] does not broadcast to [2, 4]"},
        {"baddbmm self=4 batch1=2x3x5 batch2=2x5x4", "[2, 3, 4]"},
        {"addbmm self=[] batch1=2x3x5 batch2=2x5x4", "[3, 4]"},
        {"linear input=2x3x5 weight=4x5 bias=4", "[2, 3, 4]"},
        {"linear input=5 weight=4x5", "[4]"},
        {"linear input=[] weight=4x5", "linear: input has 0 dimensions, expected at least 1 (..., k)"},
        {"dot self=3 tensor=3", "[]"},
        {"dot self=3 tensor=4", "dot: self has 3 elements, tensor has 4"},
        {"dot self=3x1 tensor=3", "dot: self has 2 dimensions, expected 1"},
        {"kron self=2x3 other=4x5", "[8, 15]"},
        {"kron self=2 other=3x4x5", "[3, 4, 10]"},
        {"kron self=[] other=[]", "[]"},
        {"kron self=1x1x1x1x1x1x1x1x1 other=2", "kron: an operand has 9 dimensions, expected at most 8"},
        {"embedding weight=10x4 indices=2x3", "[2, 3, 4]"},
        {"embedding weight=10x4 indices=[]", "[4]"},
        {"embedding weight=10 indices=2", "embedding: weight has 1 dimension, expected 2 (v, d)"},
        {"sort self=2x3", "[2, 3] [2, 3]"},
        {"sort self=[]", "[] []"},
        {"sort self=2x3 dim=2", "sort: dim is 2, expected -2 to 1 for a tensor of 2 dimensions"},
        {"softmax self=2x3 dim=-3", "softmax: dim is -3, expected -2 to 1 for a tensor of 2 dimensions"},
        {"softmax self=[] dim=0", "[]"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Index, ShapeRules,
    testing::ValuesIn(std::initializer_list<Row>{
        {"gather self=3x4 dim=1 index=2x9", "[2, 9]"},
        {"gather self=3x4 dim=0 index=9x4", "[9, 4]"},
        {"gather self=3x4 dim=0 index=2x5", "gather: index has length 5 in dimension 1, self has 4"},
        {"gather self=3x4 dim=0 index=2", "gather: index has 1 dimensions, self has 2"},
        {"gather self=3x4 dim=0 index=0", "[0]"},
        {"gather self=[] dim=0 index=3", "[3]"},
        {"gather self=3 dim=0 index=[]", "[]"},
        {"gather self=3x4 dim=2 index=2x3", "gather: dim is 2, expected -2 to 1 for a tensor of 2 dimensions"},
        {"cat tensors=2x3;4x3", "[6, 3]"},
        {"cat tensors=2x3;2x1 dim=-1", "[2, 4]"},
        {"cat tensors=0;2x3;0", "[2, 3]"},
        {"cat tensors=0;0", "[0]"},
        {"cat tensors=2x3;0x3", "[2, 3]"},
        {"cat tensors=2x3;4x2",
         "cat: tensor 1 has shape [4, 2], tensor 0 has [2, 3], expected the same except in dimension 0"},
        {"cat tensors=2x3;3",
         "cat: tensor 1 has shape [3], tensor 0 has [2, 3], expected the same except in dimension 0"},
        {"cat tensors=[]", "cat: tensor 0 has no dimensions, expected at least 1"},
        {"cat tensors=2x3 dim=2", "cat: dim is 2, expected -2 to 1 for a tensor of 2 dimensions"},
        {"stack tensors=2x3;2x3 dim=-1", "[2, 3, 2]"},
        {"stack tensors=[];[];[]", "[3]"},
        {"stack tensors=2x3;2x4", "stack: tensor 1 has shape [2, 4], tensor 0 has [2, 3], expected the same"},
        {"stack tensors=2 dim=2", "stack: dim is 2, expected -2 to 1 for a tensor of 2 dimensions"},
        {"hstack tensors=2x3;2x4", "[2, 7]"},
        {"hstack tensors=[];3", "[4]"},
        {"vstack tensors=3;2x3", "[3, 3]"},
        {"vstack tensors=3;2x4",
         "vstack: tensor 1 has shape [2, 4], tensor 0 has [3], expected the same except in dimension 0"},
        {"repeat self=2x3 repeats=[2,1,4]", "[2, 2, 12]"},
        {"repeat self=2x3 repeats=[2]", "repeat: repeats has 1 numbers, expected at least the 2 dimensions of self"},
        {"tile self=2x3x4 dims=[5]", "[2, 3, 20]"},
        {"repeat_interleave self=2x3 repeats=4 dim=1", "[2, 12]"},
        {"repeat_interleave self=2x3 repeats=2", "[12]"},
        {"repeat_interleave self=2x3 repeats=2 output_size=11",
         "repeat_interleave: output_size is 11, the result has length 12"},
        {"roll self=2x3 shifts=[1,2]", "roll: shifts has 2 numbers, expected 1"},
        {"roll self=2x3 shifts=[1,2] dims=[0,-2]", "roll: dimension 0 appears twice in dims"},
        {"constant_pad_nd self=2x3 pad=[1,2,-1,0]", "[1, 6]"},
        {"constant_pad_nd self=2x3 pad=[1]",
         "constant_pad_nd: pad has 1 numbers, expected two for each of at most 2 dimensions"},
        {"constant_pad_nd self=2x3 pad=[-2,-2]", "constant_pad_nd: pad takes -2 and -2 from a dimension of length 3"},
        {"eye n=3 m=5", "[3, 5]"},
        {"fill self=2x3 value=[]", "[2, 3]"},
        {"fill self=2x3 value=3", "fill: value has shape [3], expected a number or a tensor without dimensions"},
        {"tril_indices row=20 col=21 offset=7", "[2, 329]"},
        {"tril_indices row=3 col=4 offset=-9", "[2, 0]"},
        {"triu_indices row=20 col=21 offset=-7", "[2, 342]"},
        {"triu_indices row=3 col=4 offset=-9", "[2, 12]"},
        {"diag self=3 diagonal=-2", "[5, 5]"},
        {"diag self=3x5 diagonal=3", "[2]"},
        {"diag self=2x2x2", "diag: self has 3 dimensions, expected 1 or 2"},
        {"diag_embed self=2x3 offset=1 dim1=0 dim2=2", "[4, 2, 4]"},
        {"diag_embed self=2x3 dim1=1 dim2=-2", "diag_embed: dim1 and dim2 are both dimension 1, expected two"},
        {"nonzero self=2x3", "[6, 2]"},
        {"nonzero self=[]", "[1, 0]"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Norm, ShapeRules,
    testing::ValuesIn(std::initializer_list<Row>{
        {"layer_norm input=2x3x4 normalized_shape=[4]", "[2, 3, 4] [2, 3, 1] [2, 3, 1]"},
        {"layer_norm input=2x3x4 normalized_shape=[3,4] weight=3x4 bias=3x4", "[2, 3, 4] [2, 1, 1] [2, 1, 1]"},
        {"layer_norm input=0x4 normalized_shape=[4]", "[0, 4] [0, 1] [0, 1]"},
        {"layer_norm input=2x3 normalized_shape=[]",
         "layer_norm: normalized_shape is empty, expected at least 1 length"},
        {"layer_norm input=2x3 normalized_shape=[2]",
         "layer_norm: normalized_shape is [2], input has shape [2, 3], expected its last dimensions"},
        {"layer_norm input=2x3 normalized_shape=[3] weight=2",
         "layer_norm: weight has shape [2], expected normalized_shape [3]"},
        {"layer_norm input=2x3 normalized_shape=[3] bias=1x3",
         "layer_norm: bias has shape [1, 3], expected normalized_shape [3]"},
        {"rms_norm input=2x3 normalized_shape=[3] weight=3", "[2, 3]"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Attention, ShapeRules,
    testing::ValuesIn(std::initializer_list<Row>{
        {"scaled_dot_product_attention query=2x8x5x16 key=2x8x7x16 value=2x8x7x32", "[2, 8, 5, 32]"},
        {"scaled_dot_product_attention query=5x16 key=7x16 value=7x16", "[5, 16]"},
        {"scaled_dot_product_attention query=2x8x5x16 key=2x2x7x16 value=2x2x7x16 enable_gqa=true", "[2, 8, 5, 16]"},
        {"scaled_dot_product_attention query=2x8x5x16 key=2x2x7x16 value=2x2x7x16",
         "scaled_dot_product_attention: query has 8 and key 2 heads, expected as many"},
        {"scaled_dot_product_attention query=2x8x5x16 key=2x3x7x16 value=2x3x7x16 enable_gqa=true",
         "scaled_dot_product_attention: query has 8 and key 3 heads, expected a multiple"},
        {"scaled_dot_product_attention query=2x8x5x16 key=2x8x7x16 value=2x8x6x16",
         "scaled_dot_product_attention: key has 7 positions, value has 6"},
        {"scaled_dot_product_attention query=2x8x5x16 key=2x8x7x8 value=2x8x7x8",
         "scaled_dot_product_attention: query has 16 channels, key has 8"},
        {"scaled_dot_product_attention query=1x1x5x16 key=1x1x7x16 value=1x1x7x16 attn_mask=5x7", "[1, 1, 5, 16]"},
        {"scaled_dot_product_attention query=1x1x5x16 key=1x1x7x16 value=1x1x7x16 attn_mask=7x5",
         "scaled_dot_product_attention: attn_mask of shape [7, 5] does not broadcast to [1, 1, 5, 7]"},
        {"scaled_dot_product_attention query=5x4 key=5x4 value=5x4 attn_mask=5x5 is_causal=true",
         "scaled_dot_product_attention: attn_mask is given and is_causal is true, expected one of the two"},
        {"apply_rotary_pos_emb q=2x9x8x16 k=2x9x2x16 cos=32x8 sin=32x8", "[2, 9, 8, 16] [2, 9, 2, 16]"},
        {"apply_rotary_pos_emb q=9x8x16 k=9x8x16 cos=32x8 sin=32x8 position_ids=9", "[9, 8, 16] [9, 8, 16]"},
        {"apply_rotary_pos_emb q=9x8x16 k=9x8x16 cos=32x8 sin=32x8",
         "apply_rotary_pos_emb: position_ids is missing and q has 3 dimensions, expected 4 (batch, position, heads, "
         "channels)"},
        {"apply_rotary_pos_emb q=2x33x8x16 k=2x33x8x16 cos=32x8 sin=32x8",
         "apply_rotary_pos_emb: q has 33 positions, cos has 32 rows"},
        {"apply_rotary_pos_emb q=9x8x15 k=9x8x15 cos=32x8 sin=32x8 position_ids=9",
         "apply_rotary_pos_emb: q has 15 channels, expected an even number"},
        {"apply_rotary_pos_emb q=9x8x16 k=9x8x16 cos=32x16 sin=32x16 position_ids=9",
         "apply_rotary_pos_emb: cos has shape [32, 16], expected [positions, 8]"},
    }));

TEST(Attributes, Mistakes) {
  const OpInfo& add = *find_op("add");
  const auto message = [&](const OpInfo& op, std::vector<fg_value> args) {
    const auto r = check_attributes(op, args);
    return r ? std::string("ok") : r.error().message;
  };
  fg_tensor_handle t = reinterpret_cast<fg_tensor_handle>(&t);
  EXPECT_EQ(message(add, {fg_value_tensor(t), fg_value_tensor(t)}), "ok");
  EXPECT_EQ(message(add, {fg_value_tensor(t), fg_value_tensor(nullptr)}), "add: other is NULL");
  EXPECT_EQ(message(add, {fg_value_tensor(t), fg_value_string("x")}),
            "add: other is a text, expected a tensor or a number");
  EXPECT_EQ(message(add, {fg_value_tensor(t), fg_value_int(1), fg_value_int(1), fg_value_int(1)}),
            "add takes at most 3 arguments, 4 were given");
  EXPECT_EQ(message(*find_op("div"), {fg_value_tensor(t), fg_value_tensor(t), fg_value_string("flor")}),
            "div: rounding_mode is 'flor', expected one of none, trunc, floor, did you mean 'floor'?");
  EXPECT_EQ(message(*find_op("div"), {fg_value_tensor(t), fg_value_tensor(t), fg_value_int(3)}),
            "div: rounding_mode is 3, expected one of none, trunc, floor");
  EXPECT_EQ(message(*find_op("to"), {fg_value_tensor(t), fg_value_dtype(7)}), "to: dtype is 7, which is no dtype");
  EXPECT_EQ(message(*find_op("slice"),
                    {fg_value_tensor(t), fg_value_int(0), fg_value_none(), fg_value_none(), fg_value_int(0)}),
            "slice: step is 0, expected at least 1");
  EXPECT_EQ(message(*find_op("sum"), {fg_value_tensor(t), fg_value_int(0)}),
            "sum: dim is an integer, expected a list of integers");
  EXPECT_EQ(message(*find_op("sort"), {fg_value_tensor(t), fg_value_float(0)}),
            "sort: dim is a floating number, expected an integer");
  EXPECT_EQ(message(*find_op("cat"), {fg_value_tensors(nullptr, 2)}), "cat: tensors is NULL");
  const auto r = check_attributes(add, std::vector<fg_value>{fg_value_tensor(t), fg_value_string("x")});
  EXPECT_EQ(r.error().arg_index, 1);
}

TEST(Attributes, UniformNeedsAnInterval) {
  const OpInfo& op = *find_op("uniform_");
  fg_tensor_handle t = reinterpret_cast<fg_tensor_handle>(&t);
  const auto check = [&](fg_value from, fg_value to) {
    return check_attributes(op, std::vector<fg_value>{fg_value_tensor(t), from, to});
  };
  EXPECT_TRUE(limits_values(op));
  EXPECT_TRUE(check(fg_value_none(), fg_value_none()));
  EXPECT_TRUE(check(fg_value_int(-2), fg_value_float(-2)));
  const auto above = check(fg_value_float(2.5), fg_value_int(1));
  ASSERT_FALSE(above);
  EXPECT_EQ(above.error().status, FG_E_INVALID);
  EXPECT_EQ(above.error().message.rfind("uniform_: from is 2.5 and to is 1, expected", 0), 0u) << above.error().message;
  EXPECT_FALSE(check(fg_value_int(2), fg_value_none())) << "the default of to is 1";
  const double inf = std::numeric_limits<double>::infinity();
  for (const auto& [from, to] :
       {std::pair{std::nan(""), 1.0}, {0.0, std::nan("")}, {-inf, 0.0}, {0.0, inf}, {inf, inf}, {-1e308, 1e308}}) {
    const auto r = check(fg_value_float(from), fg_value_float(to));
    ASSERT_FALSE(r) << from << " to " << to;
    EXPECT_EQ(r.error().status, FG_E_INVALID);
  }
}

TEST(Flops, FollowTheShapes) {
  Symbols s;
  EXPECT_EQ(shapes("mm self=2x3 mat2=3x4", &s), "[2, 4]");
  EXPECT_EQ(flops(*find_op("mm"), s, 8), 2 * 2 * 3 * 4);
  EXPECT_EQ(shapes("scaled_dot_product_attention query=2x8x5x16 key=2x8x7x16 value=2x8x7x32", &s), "[2, 8, 5, 32]");
  EXPECT_EQ(flops(*find_op("scaled_dot_product_attention"), s, 0), 2.0 * 2 * 8 * 5 * 7 * (16 + 32));
}

TEST(Catalogue, IsSortedAndFound) {
  const auto ops = catalogue();
  ASSERT_GE(ops.size(), 50u);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    EXPECT_EQ(ops[i].index, i);
    if (i > 0) {
      EXPECT_LT(ops[i - 1].name, ops[i].name);
    }
    EXPECT_EQ(find_op(ops[i].name), &ops[i]);
    EXPECT_EQ(find_op(ops[i].uid), &ops[i]);
  }
  EXPECT_EQ(find_op("ad"), nullptr);
  EXPECT_EQ(find_op("zzz"), nullptr);
  EXPECT_EQ(find_op(std::uint64_t{1}), nullptr);
}

// Every line of the catalogue is one that the rules accept.
TEST(Catalogue, CasesAreValid) {
  for (const OpInfo& op : catalogue()) {
    std::vector<std::string_view> lines(op.bench.begin(), op.bench.end());
    for (const CaseLine& c : op.cases) lines.push_back(c.text);
    for (const std::string_view line : lines) {
      if (op.kind == Kind::view) continue;
      const std::string got = shapes(std::string(op.name) + " " + std::string(line));
      EXPECT_TRUE(got.starts_with('[')) << op.name << " " << line << ": " << got;
    }
  }
}

}  // namespace
}  // namespace fg::core
