// SPDX-License-Identifier: Apache-2.0
//
// The C API on the cpu plugin: devices, tensors, calls, bound calls, expressions, exchange, files.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "fg/fg.h"
#include "fg/ops.h"

namespace {

struct Handle {
  fg_tensor_handle h = nullptr;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { fg_tensor_release(h); }
};

fg_error fresh() {
  fg_error e = FG_ERROR_INIT;
  return e;
}

void make(Handle& t, const std::vector<float>& x, std::vector<int64_t> shape) {
  fg_error err = fresh();
  ASSERT_EQ(fg_tensor_from_host(nullptr, FG_F32, static_cast<int32_t>(shape.size()), shape.data(), x.data(),
                                x.size() * 4, &t.h, &err),
            FG_OK)
      << err.message;
}
std::vector<float> read(fg_tensor_handle t) {
  std::vector<float> x(static_cast<std::size_t>(fg_tensor_numel(t)));
  EXPECT_EQ(fg_tensor_to_host(t, x.data(), x.size() * 4, nullptr), FG_OK);
  return x;
}

TEST(CApi, VersionAndNames) {
  EXPECT_STREQ(fg_version(), "0.1.0");
  EXPECT_STREQ(fg_status_name(FG_E_INVALID), "invalid");
  EXPECT_STREQ(fg_status_name(-999), "internal");
  EXPECT_STREQ(fg_reason_name(FG_R_SHAPE), "shape");
  EXPECT_STREQ(fg_reason_name(12345), "other");
}

TEST(CApi, Devices) {
  fg_error err = fresh();
  uint32_t n = 0;
  ASSERT_EQ(fg_device_count(&n, &err), FG_OK) << err.message;
  ASSERT_GE(n, 1u);
  fg_device_handle first = nullptr;
  ASSERT_EQ(fg_device_at(0, &first, &err), FG_OK);
  fg_device_handle cpu = nullptr;
  ASSERT_EQ(fg_device_find("cpu", &cpu, &err), FG_OK) << err.message;
  EXPECT_STREQ(fg_device_name(cpu), "cpu:0");
  EXPECT_STREQ(fg_device_vendor(cpu), "cpu");
  EXPECT_STREQ(fg_vendor_name(), "cpu");
  EXPECT_EQ(fg_device_name(nullptr), nullptr);
  fg_device_info info{};
  info.hdr.struct_size = sizeof(info);
  ASSERT_EQ(fg_device_get_info(cpu, &info, &err), FG_OK);
  EXPECT_NE(info.caps & FG_D_SYNCHRONOUS, 0u);
  EXPECT_EQ(fg_synchronize(cpu, &err), FG_OK);
  EXPECT_EQ(fg_device_at(999, &first, &err), FG_E_NOT_FOUND);
  EXPECT_EQ(fg_device_find("cqu", &cpu, &err), FG_E_NOT_FOUND);
  EXPECT_NE(std::string(err.message).find("cpu"), std::string::npos) << err.message;
}

TEST(CApi, TensorsAndAccessors) {
  Handle t;
  make(t, {1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(fg_tensor_ndim(t.h), 2);
  EXPECT_EQ(fg_tensor_shape(t.h)[1], 3);
  EXPECT_EQ(fg_tensor_stride(t.h)[0], 3);
  EXPECT_EQ(fg_tensor_dtype(t.h), FG_F32);
  EXPECT_EQ(fg_tensor_numel(t.h), 6);
  EXPECT_EQ(fg_tensor_is_dense(t.h), 1);
  EXPECT_NE(fg_tensor_data(t.h), nullptr);
  Handle view;
  ASSERT_EQ(fg_select(t.h, 1, 2, &view.h, nullptr), FG_OK);
  EXPECT_EQ(fg_tensor_byte_offset(view.h), 8u);
  EXPECT_EQ(read(view.h), (std::vector<float>{3, 6}));
  const std::vector<float> other{7, 8, 9, 10, 11, 12};
  ASSERT_EQ(fg_tensor_write(t.h, other.data(), 24, nullptr), FG_OK);
  EXPECT_EQ(read(view.h), (std::vector<float>{9, 12}));
  Handle same;
  ASSERT_EQ(fg_tensor_to_device(t.h, nullptr, &same.h, nullptr), FG_OK);
  EXPECT_EQ(same.h, t.h);
}

TEST(CApi, GenericCallInAllForms) {
  fg_error err = fresh();
  Handle x;
  make(x, {1, 2}, {2});
  const fg_value args[] = {fg_value_tensor(x.h), fg_value_int(3)};
  Handle y;
  ASSERT_EQ(fg_call("add", FG_FORM_FUNCTIONAL, args, 2, &y.h, 1, nullptr, &err), FG_OK) << err.message;
  EXPECT_EQ(read(y.h), (std::vector<float>{4, 5}));
  ASSERT_EQ(fg_call("mul", FG_FORM_OUT, args, 2, &y.h, 1, nullptr, &err), FG_OK) << err.message;
  EXPECT_EQ(read(y.h), (std::vector<float>{3, 6}));
  ASSERT_EQ(fg_call("sub", FG_FORM_INPLACE, args, 2, nullptr, 0, nullptr, &err), FG_OK) << err.message;
  EXPECT_EQ(read(x.h), (std::vector<float>{-2, -1}));
}

TEST(CApi, CompositesOnRequest) {
  fg_error err = fresh();
  Handle x;
  make(x, {0, 0}, {2});
  const fg_value args[] = {fg_value_tensor(x.h), fg_value_int(0)};
  Handle y;
  ASSERT_EQ(fg_call("softmax", FG_FORM_FUNCTIONAL | FG_CALL_COMPOSITE, args, 2, &y.h, 1, nullptr, &err), FG_OK)
      << err.message;
  EXPECT_EQ(read(y.h), (std::vector<float>{0.5f, 0.5f}));
  Handle z;
  EXPECT_EQ(fg_call("exp", FG_FORM_FUNCTIONAL | FG_CALL_COMPOSITE, args, 1, &z.h, 1, nullptr, &err), FG_E_INVALID);
}

TEST(CApi, BoundCalls) {
  fg_error err = fresh();
  Handle x, y, out;
  make(x, {1, 2, 3}, {3});
  make(y, {10, 20, 30}, {3});
  make(out, {0, 0, 0}, {3});
  const fg_value args[] = {fg_value_tensor(x.h), fg_value_tensor(y.h), fg_value_int(2)};
  fg_bound* bound = nullptr;
  ASSERT_EQ(fg_op_bind("add", args, 3, &out.h, 1, &bound, &err), FG_OK) << err.message;
  const fg_tensor_handle t[] = {out.h, x.h, y.h};
  ASSERT_EQ(fg_bound_run(bound, t, 3, &err), FG_OK) << err.message;
  EXPECT_EQ(read(out.h), (std::vector<float>{21, 42, 63}));
  const fg_tensor_handle swapped[] = {out.h, y.h, x.h};
  ASSERT_EQ(fg_bound_run(bound, swapped, 3, &err), FG_OK);
  EXPECT_EQ(read(out.h), (std::vector<float>{12, 24, 36}));
  Handle longer;
  make(longer, {1, 2, 3, 4}, {4});
  const fg_tensor_handle wrong[] = {out.h, longer.h, x.h};
  EXPECT_EQ(fg_bound_run(bound, wrong, 3, &err), FG_E_INVALID);
  EXPECT_EQ(err.arg_index, 1);
  EXPECT_EQ(fg_bound_run(bound, t, 2, &err), FG_E_INVALID);
  fg_bound_release(bound);
  fg_bound_release(nullptr);
}

TEST(CApi, BoundReductionKeepsItsDimensions) {
  fg_error err = fresh();
  Handle x, out;
  make(x, {1, 2, 3, 4}, {2, 2});
  make(out, {0, 0}, {2});
  fg_bound* bound = nullptr;
  {
    const int64_t dims[] = {1};
    const fg_value args[] = {fg_value_tensor(x.h), fg_value_dims(dims, 1)};
    ASSERT_EQ(fg_op_bind("sum", args, 2, &out.h, 1, &bound, &err), FG_OK) << err.message;
  }
  const fg_tensor_handle t[] = {out.h, x.h};
  ASSERT_EQ(fg_bound_run(bound, t, 2, &err), FG_OK) << err.message;
  EXPECT_EQ(read(out.h), (std::vector<float>{3, 7}));
  fg_bound_release(bound);
}

TEST(CApi, DlpackBothWays) {
  fg_error err = fresh();
  Handle x;
  make(x, {1, 2, 3}, {3});
  for (int versioned = 0; versioned < 2; ++versioned) {
    void* managed = nullptr;
    ASSERT_EQ(fg_tensor_to_dlpack(x.h, versioned, &managed, &err), FG_OK) << err.message;
    Handle back;
    ASSERT_EQ(fg_tensor_from_dlpack(managed, versioned, &back.h, &err), FG_OK) << err.message;
    // Shared where the plugin borrows memory, else copied.
    EXPECT_EQ(read(back.h), (std::vector<float>{1, 2, 3}));
  }
}

TEST(CApi, Memory) {
  fg_error err = fresh();
  fg_memory_info before{};
  before.hdr.struct_size = sizeof(before);
  ASSERT_EQ(fg_memory_stats(nullptr, &before, &err), FG_OK);
  fg_memory_info during = before;
  {
    Handle big;
    make(big, std::vector<float>(1 << 20), {1 << 20});
    ASSERT_EQ(fg_memory_stats(nullptr, &during, &err), FG_OK);
  }
  EXPECT_GE(during.in_use, before.in_use + (4u << 20));
  EXPECT_EQ(fg_memory_trim(nullptr, &err), FG_OK);
  fg_memory_info small{};
  small.hdr.struct_size = offsetof(fg_memory_info, in_use_peak);
  small.in_use_peak = 77;
  ASSERT_EQ(fg_memory_stats(nullptr, &small, &err), FG_OK);
  EXPECT_EQ(small.in_use_peak, 77u) << "written beyond the caller's struct";
}

TEST(CApi, AForkedChildIsTold) {
  Handle x;
  make(x, {1}, {1});
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    fg_tensor_handle out = nullptr;
    const bool told = fg_exp(x.h, &out, nullptr) == FG_E_FORKED && fg_synchronize(nullptr, nullptr) == FG_E_FORKED &&
                      fg_shutdown(nullptr) == FG_E_FORKED && out == nullptr;
    _exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(CApi, RegisteredOperatorsAreSorted) {
  const char* const* names = nullptr;
  uint32_t n = 0;
  ASSERT_EQ(fg_registered_ops(&names, &n, nullptr), FG_OK);
  ASSERT_GT(n, 30u);
  for (uint32_t i = 1; i < n; ++i) EXPECT_LT(std::strcmp(names[i - 1], names[i]), 0);
}

}  // namespace
