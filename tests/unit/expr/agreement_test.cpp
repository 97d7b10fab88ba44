// SPDX-License-Identifier: Apache-2.0
//
// Random expressions through the whole road (text, dispatch, the CPU plugin's engine) against the
// evaluator, to the bit.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/to_text.hpp"
#include "fg/fg.h"
#include "tests/unit/expr/grower.hpp"

namespace fg::expr {
namespace {

struct Release {
  void operator()(fg_tensor_handle t) const { fg_tensor_release(t); }
};
using Handle = std::unique_ptr<std::remove_pointer_t<fg_tensor_handle>, Release>;

template <class T>
constexpr fg_dtype dtype_of() {
  if constexpr (std::is_same_v<T, float>) return FG_F32;
  if constexpr (std::is_same_v<T, double>) return FG_F64;
  return sizeof(T) == 4 ? FG_I32 : FG_I64;
}

template <class T>
Value value_of(T x) {
  constexpr std::uint16_t kType = compute_type(dtype_of<T>());
  if constexpr (std::is_floating_point_v<T>) return Value::of_float(static_cast<double>(x), kType);
  return Value::of_int(static_cast<std::int64_t>(x), kType);
}

template <class T>
T number() {
  if constexpr (std::is_floating_point_v<T>) {
    constexpr T kInf = std::numeric_limits<T>::infinity();
    const std::vector<T> known = {T(0),
                                  T(-0.0),
                                  T(1),
                                  T(-1),
                                  T(0.5),
                                  T(3),
                                  T(-7.25),
                                  std::numeric_limits<T>::denorm_min(),
                                  T(1e30),
                                  T(-3e38),
                                  kInf,
                                  -kInf,
                                  std::numeric_limits<T>::quiet_NaN(),
                                  T(2.5),
                                  T(88)};
    return *rc::gen::elementOf(known);
  } else {
    const std::vector<T> known = {
        0, 1, -1, 2, -2, 31, 32, -33, 63, 64, 12345, std::numeric_limits<T>::max(), std::numeric_limits<T>::min()};
    return *rc::gen::elementOf(known);
  }
}

template <class T>
Handle tensor_of(const std::vector<T>& data) {
  fg_tensor_handle t = nullptr;
  const auto n = static_cast<std::int64_t>(data.size());
  RC_ASSERT(fg_tensor_from_host(nullptr, dtype_of<T>(), 1, &n, data.data(), data.size() * sizeof(T), &t, nullptr) ==
            FG_OK);
  return Handle(t);
}

template <class T>
std::vector<T> run(const std::string& text, const std::vector<T>& x, const std::vector<T>& y,
                   const std::vector<std::uint8_t>& b, T s) {
  const Handle tx = tensor_of(x), ty = tensor_of(y);
  fg_tensor_handle tb = nullptr;
  const auto n = static_cast<std::int64_t>(b.size());
  RC_ASSERT(fg_tensor_from_host(nullptr, FG_BOOL, 1, &n, b.data(), b.size(), &tb, nullptr) == FG_OK);
  const Handle keeps_b(tb);
  const char* const names[] = {"x", "y", "b", "s"};
  std::array<fg_value, 4> args{};
  for (int k = 0; k < 3; ++k) args[static_cast<std::size_t>(k)].tag = FG_V_TENSOR;
  args[0].v.tensor = tx.get();
  args[1].v.tensor = ty.get();
  args[2].v.tensor = tb;
  args[3].tag = std::is_floating_point_v<T> ? FG_V_FLOAT : FG_V_INT;
  if constexpr (std::is_floating_point_v<T>) {
    args[3].v.f = static_cast<double>(s);
  } else {
    args[3].v.i = static_cast<std::int64_t>(s);
  }
  fg_error err{};
  err.hdr.struct_size = sizeof(err);
  fg_tensor_handle out = nullptr;
  if (fg_map(text.c_str(), names, args.data(), 4, dtype_of<T>(), &out, &err) != FG_OK)
    RC_FAIL(text + ": " + err.message);
  const Handle keeps_out(out);
  std::vector<T> result(x.size());
  RC_ASSERT(fg_tensor_to_host(out, result.data(), result.size() * sizeof(T), &err) == FG_OK);
  return result;
}

template <class T>
void agrees() {
  constexpr std::uint16_t kType = compute_type(dtype_of<T>());
  const Parsed parsed = Grower(Growth::exact, kType).grow(*rc::gen::inRange(1, 5));
  Typing t;
  t.common = kType;
  t.names = {Binding::promoted(dtype_of<T>(), dtype_of<T>()), Binding::promoted(dtype_of<T>(), dtype_of<T>()),
             Binding::promoted(FG_BOOL, dtype_of<T>()), Binding::number(kType)};
  t.out = {kType};
  const Result<Program> program = lower(parsed, t);
  RC_PRE(static_cast<bool>(program));
  const std::string text = to_text(parsed);
  const auto n = static_cast<std::size_t>(*rc::gen::inRange(1, 100));
  std::vector<T> x(n), y(n);
  std::vector<std::uint8_t> b(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = number<T>();
    y[i] = number<T>();
    b[i] = static_cast<std::uint8_t>(i % 3 == 0);
  }
  const T s = T(3);  // The core refuses negative powers of integers and division by a number 0.
  const std::vector<T> got = run(text, x, y, b, s);
  fg_scalar scalar{};
  scalar.kind = FG_SCALAR_INT;
  scalar.v.i = 3;
  for (std::size_t i = 0; i < n; ++i) {
    const std::array<Value, 3> in = {value_of(x[i]), value_of(y[i]), Value::of_bool(b[i] != 0)};
    const Value want = evaluate(program->view(), in, {&scalar, 1})[0];
    if (same(value_of(got[i]), want)) continue;
    RC_FAIL(text + " at " + std::to_string(x[i]) + ", " + std::to_string(y[i]) + " gave " + std::to_string(got[i]) +
            ", expected " + std::to_string(want.f) + " or " + std::to_string(want.i));
  }
}

TEST(Agreement, OfTheCpuEngineInF32) { EXPECT_TRUE(rc::check(agrees<float>)); }
TEST(Agreement, OfTheCpuEngineInF64) { EXPECT_TRUE(rc::check(agrees<double>)); }
TEST(Agreement, OfTheCpuEngineInI32) { EXPECT_TRUE(rc::check(agrees<std::int32_t>)); }
TEST(Agreement, OfTheCpuEngineInI64) { EXPECT_TRUE(rc::check(agrees<std::int64_t>)); }

}  // namespace
}  // namespace fg::expr
