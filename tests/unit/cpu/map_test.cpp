// SPDX-License-Identifier: Apache-2.0
//
// Every operation of the expression language in every type, through the plugin's ABI.

#include <cmath>

#include "fg/abi/ops.h"
#include "fg/sdk/dtype.hpp"
#include "tests/unit/cpu/support.hpp"

namespace fg::test {
namespace {

// Around the vector, the block and the small path's limit.
constexpr std::int64_t kSizes[] = {1, 3, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1023, 1025, 4097, 9000};

struct Typed {
  std::uint16_t type;
  fg_dtype dtype;
};
constexpr Typed kNumbers[] = {{FG_CT_F32, FG_F32}, {FG_CT_F64, FG_F64}, {FG_CT_I32, FG_I32}, {FG_CT_I64, FG_I64}};

TEST(CpuMap, BinaryOperationsMatchInEveryTypeAndForm) {
  Plugin plugin;
  for (Typed t : kNumbers) {
    std::vector<std::uint16_t> ops{FG_EX_ADD,       FG_EX_SUB,       FG_EX_MUL,  FG_EX_MIN,      FG_EX_MAX,
                                   FG_EX_TRUNC_DIV, FG_EX_FLOOR_DIV, FG_EX_FMOD, FG_EX_REMAINDER};
    if (is_float(t.dtype))
      ops.insert(ops.end(), {FG_EX_DIV, FG_EX_ATAN2});
    else
      ops.insert(ops.end(), {FG_EX_AND, FG_EX_OR, FG_EX_XOR, FG_EX_POW, FG_EX_SHL, FG_EX_SHR});
    for (std::uint16_t op : ops) {
      for (int form = 0; form < 4; ++form) {
        SCOPED_TRACE("op " + std::to_string(op) + " type " + std::to_string(t.type) + " form " + std::to_string(form));
        ExprBuilder e;
        const auto a = (form & 1) != 0 ? e.scalar(0, t.type) : e.input(0, t.type);
        const auto b = (form & 2) != 0 ? e.scalar(1, t.type) : e.input(1, t.type);
        if (form == 3) (void)e.input(1, t.type);
        if (form == 2) (void)e.input(1, t.type);
        e.out(e.op(op, t.type, a, b));
        for (std::int64_t n : {5, 16, 100}) {
          Array x(t.dtype, {n}), y(t.dtype, {n}), r(t.dtype, {n});
          x.fill(1), y.fill(2);
          check_map(plugin, e, {&r}, {&x, &y}, {number(7), number(-3)}, op == FG_EX_ATAN2 ? 1 : 0);
        }
      }
    }
  }
}

TEST(CpuMap, IntegerArithmeticWrapsAndDividesByZeroToZero) {
  Plugin plugin;
  for (std::uint16_t op : {FG_EX_ADD, FG_EX_SUB, FG_EX_MUL, FG_EX_TRUNC_DIV, FG_EX_FLOOR_DIV, FG_EX_FMOD,
                           FG_EX_REMAINDER, FG_EX_NEG, FG_EX_ABS}) {
    for (Typed t : {kNumbers[2], kNumbers[3]}) {
      SCOPED_TRACE("op " + std::to_string(op));
      const std::int64_t low = t.type == FG_CT_I32 ? INT32_MIN : INT64_MIN, high = -(low + 1);
      const std::vector<std::int64_t> edges{low, low + 1, -1, 0, 1, 2, high - 1, high};
      Array x(t.dtype, {64}), y(t.dtype, {64}), r(t.dtype, {64});
      for (std::int64_t i = 0; i < 64; ++i) {
        x.set(i, Value{0, edges[static_cast<std::size_t>(i / 8)]});
        y.set(i, Value{0, edges[static_cast<std::size_t>(i % 8)]});
      }
      ExprBuilder e;
      const auto a = e.input(0, t.type), b = e.input(1, t.type);
      e.out(op == FG_EX_NEG || op == FG_EX_ABS ? e.op(op, t.type, a) : e.op(op, t.type, a, b));
      check_map(plugin, e, {&r}, {&x, &y});
    }
  }
}

TEST(CpuMap, UnaryOperationsMatch) {
  Plugin plugin;
  for (Typed t : kNumbers) {
    std::vector<std::uint16_t> ops{FG_EX_NEG, FG_EX_ABS, FG_EX_SIGN};
    if (is_float(t.dtype))
      ops.insert(ops.end(), {FG_EX_FLOOR, FG_EX_CEIL, FG_EX_TRUNC, FG_EX_ROUND, FG_EX_SQRT});
    else
      ops.push_back(FG_EX_NOT);
    for (std::uint16_t op : ops) {
      SCOPED_TRACE("op " + std::to_string(op) + " type " + std::to_string(t.type));
      ExprBuilder e;
      e.out(e.op(op, t.type, e.input(0, t.type)));
      for (std::int64_t n : kSizes) {
        Array x(t.dtype, {n}), r(t.dtype, {n});
        x.fill(static_cast<std::uint64_t>(n));
        check_map(plugin, e, {&r}, {&x});
      }
    }
  }
}

TEST(CpuMap, ComparisonsAndSelectionMatch) {
  Plugin plugin;
  for (Typed t : {kNumbers[0], kNumbers[1], kNumbers[2], kNumbers[3], Typed{FG_CT_BOOL, FG_BOOL}}) {
    for (std::uint16_t op : {FG_EX_EQ, FG_EX_NE, FG_EX_LT, FG_EX_LE, FG_EX_GT, FG_EX_GE}) {
      for (int form = 0; form < 3; ++form) {
        SCOPED_TRACE("op " + std::to_string(op) + " type " + std::to_string(t.type));
        ExprBuilder compare, select;
        for (ExprBuilder* e : {&compare, &select}) {
          const auto x = e->input(0, t.type), y = e->input(1, t.type), s = e->scalar(0, t.type);
          const auto c = e->op(op, FG_CT_BOOL, form == 1 ? s : x, form == 2 ? s : y);
          e->out(e == &compare ? c : e->op(FG_EX_WHERE, t.type, c, form == 1 ? s : x, form == 2 ? s : y));
        }
        for (std::int64_t n : {7, 64, 301}) {
          Array x(t.dtype, {n}), y(t.dtype, {n}), r(FG_BOOL, {n}), w(t.dtype, {n});
          x.fill(3), y.fill(4);
          if (is_float(t.dtype)) x.set(0, Value{NAN, 0}), y.set(n - 1, Value{NAN, 0});
          check_map(plugin, compare, {&r}, {&x, &y}, {number(1)});
          check_map(plugin, select, {&w}, {&x, &y}, {number(1)});
        }
      }
    }
  }
}

// One dimension is cut at the bound and each side computed by itself; every bound, and shapes that are not cut.
TEST(CpuMap, ChoicesByIndexMatchOnBothSides) {
  Plugin plugin;
  ExprBuilder e;
  const auto x = e.input(0, FG_CT_I64), at = e.index(0), bound = e.scalar(0, FG_CT_I64);
  const auto before = e.op(FG_EX_LT, FG_CT_BOOL, at, bound);
  const auto near = e.op(FG_EX_WHERE, FG_CT_I64, before, x, e.op(FG_EX_MUL, FG_CT_I64, at, bound));
  e.out(e.op(FG_EX_ADD, FG_CT_I64, near, e.op(FG_EX_WHERE, FG_CT_I64, before, bound, x)));
  for (const std::int64_t bound_at : {-3, 0, 1, 700, 2999, 3000, 5000}) {
    for (const std::int64_t step : {1, -2}) {
      Array in(FG_I64, {3000}, {step}), out(FG_I64, {3000}, {2});
      in.fill(7);
      check_map(plugin, e, {&out}, {&in}, {number(bound_at)});
    }
    Array in(FG_I64, {40, 30}), out(FG_I64, {40, 30});
    in.fill(8);
    check_map(plugin, e, {&out}, {&in}, {number(bound_at / 100)});
  }
}

TEST(CpuMap, BoolLogicMatches) {
  Plugin plugin;
  for (std::uint16_t op : {FG_EX_ADD, FG_EX_MUL, FG_EX_MIN, FG_EX_MAX, FG_EX_AND, FG_EX_OR, FG_EX_XOR, FG_EX_NOT}) {
    ExprBuilder e;
    const auto a = e.input(0, FG_CT_BOOL), b = e.input(1, FG_CT_BOOL);
    e.out(e.op(op, FG_CT_BOOL, a, b));
    Array x(FG_BOOL, {133}), y(FG_BOOL, {133}), r(FG_BOOL, {133});
    x.fill(5), y.fill(6);
    check_map(plugin, e, {&r}, {&x, &y});
  }
}

TEST(CpuMap, NanWinsInMinAndMax) {
  Plugin plugin;
  for (std::uint16_t op : {FG_EX_MIN, FG_EX_MAX}) {
    ExprBuilder e;
    const auto a = e.input(0, FG_CT_F32), b = e.input(1, FG_CT_F32);
    e.out(e.op(op, FG_CT_F32, a, b));
    Array x(FG_F32, {40}), y(FG_F32, {40}), r(FG_F32, {40});
    x.fill(1), y.fill(2);
    for (std::int64_t i : {0, 17, 39}) x.set(i, Value{NAN, 0});
    for (std::int64_t i : {0, 3, 38}) y.set(i, Value{NAN, 0});
    check_map(plugin, e, {&r}, {&x, &y});
  }
}

TEST(CpuMap, EveryStorageTypeIsReadAndWritten) {
  Plugin plugin;
  for (const DtypeName& from : kDtypes) {
    for (const DtypeName& to : kDtypes) {
      SCOPED_TRACE(std::string(from.name) + " to " + std::string(to.name));
      ExprBuilder e;
      e.out(e.input(0, compute_type(from.dtype)));
      for (std::int64_t n : {1, 70, 1500}) {
        Array x(from.dtype, {n}), r(to.dtype, {n});
        x.fill(8);
        if (n > 1 && is_float(from.dtype) && from.dtype != FG_F8_E4M3FN) {
          x.set(0, Value{NAN, 0}), x.set(1, Value{INFINITY, 0}), x.set(2, Value{-INFINITY, 0}), x.set(3, Value{300, 0});
          x.set(n - 1, Value{-300.7, 0});
        }
        check_map(plugin, e, {&r}, {&x});
      }
    }
  }
}

TEST(CpuMap, CastsFollowTheContract) {
  Plugin plugin;
  const Typed all[] = {kNumbers[0], kNumbers[1], kNumbers[2], kNumbers[3], {FG_CT_BOOL, FG_BOOL}};
  for (Typed from : all) {
    for (Typed to : all) {
      SCOPED_TRACE(std::to_string(from.type) + " to " + std::to_string(to.type));
      ExprBuilder e;
      e.out(e.op(FG_EX_CAST, to.type, e.input(0, from.type)));
      Array x(from.dtype, {100}), r(to.dtype, {100});
      x.fill(9);
      const double edges[] = {NAN,     INFINITY, -INFINITY, 2147483648.0, -2147483649.0, 0x1p63,
                              -0x1p63, 1e30,     0.5,       -0.5,         2147483520.0};
      for (std::int64_t i = 0; i < 11 && is_float(from.dtype); ++i) x.set(9 * i, Value{edges[i], 0});
      check_map(plugin, e, {&r}, {&x});
    }
  }
}

TEST(CpuMap, FusedPairsRoundTwice) {
  Plugin plugin;
  for (Typed t : kNumbers) {
    for (int shape = 0; shape < 8; ++shape) {
      SCOPED_TRACE("type " + std::to_string(t.type) + " shape " + std::to_string(shape));
      ExprBuilder e;
      const auto a = e.input(0, t.type), b = e.input(1, t.type), c = e.input(2, t.type), s = e.scalar(0, t.type);
      const auto m = e.op(FG_EX_MUL, t.type, (shape & 1) != 0 ? s : a, b);
      const auto other = (shape & 2) != 0 ? e.scalar(1, t.type) : c;
      e.out((shape & 4) != 0 ? e.op(FG_EX_SUB, t.type, other, m) : e.op(FG_EX_ADD, t.type, m, other));
      Array x(t.dtype, {100}), y(t.dtype, {100}), z(t.dtype, {100}), r(t.dtype, {100});
      x.fill(1), y.fill(2), z.fill(3);
      for (std::int64_t i = 0; i < 100; ++i) x.set(i, Value{x.get(i).f / 3, x.get(i).i});
      check_map(plugin, e, {&r}, {&x, &y, &z}, {number(1.1), number(0.3)});
    }
  }
}

TEST(CpuMap, FmaIsWithinOneRounding) {
  Plugin plugin;
  ExprBuilder e;
  const auto a = e.input(0, FG_CT_F32), b = e.input(1, FG_CT_F32), c = e.input(2, FG_CT_F32);
  e.out(e.op(FG_EX_FMA, FG_CT_F32, a, b, c));
  Array x(FG_F32, {100}), y(FG_F32, {100}), z(FG_F32, {100}), r(FG_F32, {100});
  x.fill_nonzero(1), y.fill_nonzero(1), z.fill(3);
  check_map(plugin, e, {&r}, {&x, &y, &z}, {}, 1);
}

TEST(CpuMap, ScalarsAloneFillTheOutput) {
  Plugin plugin;
  for (const DtypeName& to : kDtypes) {
    ExprBuilder e;
    const auto s = e.scalar(0, FG_CT_F64), two = e.constant(2, FG_CT_F64);
    e.out(e.op(FG_EX_MUL, FG_CT_F64, s, two));
    Array r(to.dtype, {1234});
    check_map(plugin, e, {&r}, {}, {number(10.5)});
  }
}

TEST(CpuMap, SeveralOutputsMayOverwriteTheInputs) {
  Plugin plugin;
  ExprBuilder swap;  // out0 = b, out1 = a, written over a and b
  const auto a = swap.input(0, FG_CT_F32), b = swap.input(1, FG_CT_F32);
  swap.out(b).out(a);
  for (std::int64_t n : {10, 5000}) {
    Array x(FG_F32, {n}), y(FG_F32, {n});
    x.fill(1), y.fill(2);
    check_map(plugin, swap, {&x, &y}, {&x, &y});
  }
  ExprBuilder both;
  const auto c = both.input(0, FG_CT_F32), d = both.input(1, FG_CT_F32);
  both.out(both.op(FG_EX_ADD, FG_CT_F32, c, d))
      .out(both.op(FG_EX_SUB, FG_CT_F32, c, d))
      .out(both.op(FG_EX_LT, FG_CT_BOOL, c, d));
  Array x(FG_F32, {3000}), y(FG_F32, {3000}), m(FG_BOOL, {3000});
  x.fill(1), y.fill(2);
  check_map(plugin, both, {&x, &y, &m}, {&x, &y});
}

TEST(CpuMap, LongProgramsReuseScratch) {
  Plugin plugin;
  ExprBuilder e;
  auto v = e.input(0, FG_CT_F32);
  const auto x0 = v;
  for (int i = 0; i < 300; ++i)
    v = e.op(i % 3 == 0 ? FG_EX_MAX : FG_EX_ADD, FG_CT_F32, v, i % 2 == 0 ? x0 : e.op(FG_EX_NEG, FG_CT_F32, v));
  e.out(v);
  Array x(FG_F32, {2000}), r(FG_F32, {2000});
  x.fill(1);
  check_map(plugin, e, {&r}, {&x});
}

TEST(CpuMap, RefusesWhatItCannotRun) {
  Plugin plugin;
  Array x(FG_F32, {4}), r(FG_F32, {4});
  ExprBuilder unknown;
  unknown.out(unknown.op(200, FG_CT_F32, unknown.input(0, FG_CT_F32)));
  EXPECT_EQ(plugin.map(unknown, {&r}, {&x}), FG_E_UNSUPPORTED);
  EXPECT_EQ(plugin.error.reason, FG_R_EXPRESSION);
  ExprBuilder private_op;
  private_op.out(private_op.op(0x4000, FG_CT_F32, private_op.input(0, FG_CT_F32)));
  EXPECT_EQ(plugin.map(private_op, {&r}, {&x}), FG_E_UNSUPPORTED);
  ExprBuilder forward;
  (void)forward.input(0, FG_CT_F32);
  forward.out(forward.op(FG_EX_ADD, FG_CT_F32, 0, 1));
  EXPECT_EQ(plugin.map(forward, {&r}, {&x}), FG_E_UNSUPPORTED);
  ExprBuilder mixed;
  const auto a = mixed.input(0, FG_CT_F32), b = mixed.constant(1, FG_CT_F64);
  mixed.out(mixed.op(FG_EX_ADD, FG_CT_F32, a, b));
  EXPECT_EQ(plugin.map(mixed, {&r}, {&x}), FG_E_UNSUPPORTED);
  ExprBuilder wrong_input;
  wrong_input.out(wrong_input.input(0, FG_CT_F64));
  EXPECT_EQ(plugin.map(wrong_input, {&r}, {&x}), FG_E_UNSUPPORTED);
  ExprBuilder huge;
  auto sum = huge.input(0, FG_CT_F32);
  std::vector<std::uint32_t> parts;
  for (int i = 0; i < 400; ++i) parts.push_back(huge.op(FG_EX_EXP, FG_CT_F32, sum));
  for (std::uint32_t p : parts) sum = huge.op(FG_EX_ADD, FG_CT_F32, sum, p);
  huge.out(sum);
  EXPECT_EQ(plugin.map(huge, {&r}, {&x}), FG_E_UNSUPPORTED);
  EXPECT_EQ(plugin.error.reason, FG_R_LIMIT);
}

}  // namespace
}  // namespace fg::test
