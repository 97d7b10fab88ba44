// SPDX-License-Identifier: Apache-2.0
//
// Short words for calls in the tests of dispatch.

#ifndef FG_TESTS_UNIT_DISPATCH_CALLS_HPP_
#define FG_TESTS_UNIT_DISPATCH_CALLS_HPP_

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "core/dispatch/call.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/plan.hpp"
#include "tests/unit/fake/fake_device.hpp"

namespace fg::test {

using core::Form;
using core::Tensor;

inline fg_value v(const Tensor& t) { return fg_value_tensor(t.get()); }
inline fg_value v(int i) { return fg_value_int(i); }
inline fg_value v(double x) { return fg_value_float(x); }
inline fg_value v(bool b) { return fg_value_bool(b); }
inline fg_value v(fg_value x) { return x; }
inline fg_value v(const std::vector<std::int64_t>& d) {
  return fg_value_dims(d.data(), static_cast<std::uint32_t>(d.size()));
}

inline const core::OpInfo& op(std::string_view name) {
  const core::OpInfo* found = core::find_op(name);
  if (found == nullptr) throw std::runtime_error("no operator " + std::string(name));
  return *found;
}

template <class... Args>
Result<std::vector<Tensor>> run(std::string_view name, const Args&... args) {
  const std::array<fg_value, sizeof...(Args)> list{v(args)...};
  std::array<fg_tensor_handle, core::kMaxOutputs> made{};
  const std::size_t n = op(name).outs.size();
  FG_TRY(core::call(op(name), list, Form::functional, {made.data(), n}));
  std::vector<Tensor> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(Tensor::adopt(made[i]));
  return out;
}
// The first result; throws the error's message.
template <class... Args>
Tensor get(std::string_view name, const Args&... args) {
  auto r = run(name, args...);
  if (!r) throw std::runtime_error(r.error().message);
  return (*r)[0];
}
template <class... Args>
Result<void> run_out(std::string_view name, const Tensor& out, const Args&... args) {
  const std::array<fg_value, sizeof...(Args)> list{v(args)...};
  fg_tensor_handle given[1] = {out.get()};
  return core::call(op(name), list, Form::out, given);
}
template <class... Args>
Result<void> run_inplace(std::string_view name, const Args&... args) {
  const std::array<fg_value, sizeof...(Args)> list{v(args)...};
  return core::call(op(name), list, Form::inplace, {});
}

inline std::vector<std::int64_t> shape_of(const Tensor& t) { return {t.shape().begin(), t.shape().end()}; }

// A fake device and no complaint of it at the end.
class DispatchTest : public testing::Test {
 protected:
  ~DispatchTest() override {
    for (const std::string& c : fake().complaints()) ADD_FAILURE() << c;
  }
  // Made once and never destroyed: tensors, streams and kernels refer to devices until the process ends.
  static FakeDevice& fake() {
    static FakeDevice* d = new FakeDevice({.named = {"bmm", "mm", "nonzero", "cat"}});
    return *d;
  }
  core::Device* device() { return fake().device(); }
  Tensor f32(std::vector<std::int64_t> shape, const std::vector<float>& x) {
    return tensor_of(device(), FG_F32, std::move(shape), x);
  }
  Tensor i64(std::vector<std::int64_t> shape, const std::vector<std::int64_t>& x) {
    return tensor_of(device(), FG_I64, std::move(shape), x);
  }
  Tensor i32(std::vector<std::int64_t> shape, const std::vector<std::int32_t>& x) {
    return tensor_of(device(), FG_I32, std::move(shape), x);
  }
};

// `r` failed with this status and reason, and the message has `text`.
template <class T>
void expect_error(const Result<T>& r, fg_status status, fg_reason reason, std::string_view text) {
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().status, status) << r.error().message;
  EXPECT_EQ(r.error().reason, reason) << r.error().message;
  EXPECT_NE(r.error().message.find(text), std::string::npos) << r.error().message;
}

}  // namespace fg::test

#endif  // FG_TESTS_UNIT_DISPATCH_CALLS_HPP_
