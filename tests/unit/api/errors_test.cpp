// SPDX-License-Identifier: Apache-2.0
//
// Every function of the C API with wrong arguments: an answer, never a crash.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "fg/fg.h"
#include "fg/ops.h"

namespace {

struct Case {
  const char* name;
  fg_status status;
  fg_reason reason;
  std::function<fg_status(fg_error*)> call;
};

fg_tensor_handle sample() {
  static fg_tensor_handle t = [] {
    const float x[2] = {1, 2};
    const int64_t shape[1] = {2};
    fg_tensor_handle made = nullptr;
    EXPECT_EQ(fg_tensor_from_host(nullptr, FG_F32, 1, shape, x, 8, &made, nullptr), FG_OK);
    return made;
  }();
  return t;
}

const int64_t kShape[1] = {2};
const int64_t kNegative[1] = {-2};
const int64_t kHuge[2] = {int64_t{1} << 40, int64_t{1} << 40};
const float kData[2] = {1, 2};
fg_tensor_handle g_out = nullptr;

const std::vector<Case>& cases() {
  constexpr fg_status kInvalid = FG_E_INVALID;
  constexpr fg_reason kNull = FG_R_NULL_POINTER;
  static const std::vector<Case> kCases{
      {"device_count", kInvalid, kNull, [](fg_error* e) { return fg_device_count(nullptr, e); }},
      {"device_at", kInvalid, kNull, [](fg_error* e) { return fg_device_at(0, nullptr, e); }},
      {"device_find", kInvalid, kNull, [](fg_error* e) { return fg_device_find(nullptr, nullptr, e); }},
      {"device_current", kInvalid, kNull, [](fg_error* e) { return fg_device_current(nullptr, e); }},
      {"device_get_info", kInvalid, kNull, [](fg_error* e) { return fg_device_get_info(nullptr, nullptr, e); }},
      {"vendor_push", kInvalid, kNull, [](fg_error* e) { return fg_vendor_push(nullptr, e); }},
      {"vendor_pop", FG_E_STATE, FG_R_OTHER, [](fg_error* e) { return fg_vendor_pop(e); }},
      {"empty: out", kInvalid, kNull,
       [](fg_error* e) { return fg_tensor_empty(nullptr, FG_F32, 1, kShape, nullptr, e); }},
      {"empty: shape", kInvalid, kNull,
       [](fg_error* e) { return fg_tensor_empty(nullptr, FG_F32, 1, nullptr, &g_out, e); }},
      {"empty: rank", kInvalid, FG_R_RANK,
       [](fg_error* e) { return fg_tensor_empty(nullptr, FG_F32, 17, kShape, &g_out, e); }},
      {"empty: negative rank", kInvalid, FG_R_RANK,
       [](fg_error* e) { return fg_tensor_empty(nullptr, FG_F32, -1, kShape, &g_out, e); }},
      {"empty: negative size", kInvalid, FG_R_SHAPE,
       [](fg_error* e) { return fg_tensor_empty(nullptr, FG_F32, 1, kNegative, &g_out, e); }},
      {"empty: dtype", kInvalid, FG_R_DTYPE,
       [](fg_error* e) { return fg_tensor_empty(nullptr, 12345, 1, kShape, &g_out, e); }},
      {"from_host: bytes", kInvalid, FG_R_BOUNDS,
       [](fg_error* e) { return fg_tensor_from_host(nullptr, FG_F32, 1, kShape, kData, 7, &g_out, e); }},
      {"from_host: data", kInvalid, kNull,
       [](fg_error* e) { return fg_tensor_from_host(nullptr, FG_F32, 1, kShape, nullptr, 8, &g_out, e); }},
      {"to_host: t", kInvalid, kNull, [](fg_error* e) { return fg_tensor_to_host(nullptr, nullptr, 0, e); }},
      {"to_host: data", kInvalid, kNull, [](fg_error* e) { return fg_tensor_to_host(sample(), nullptr, 8, e); }},
      {"to_host: bytes", kInvalid, FG_R_BOUNDS,
       [](fg_error* e) {
         float x[4];
         return fg_tensor_to_host(sample(), x, 16, e);
       }},
      {"write: bytes", kInvalid, FG_R_BOUNDS, [](fg_error* e) { return fg_tensor_write(sample(), kData, 4, e); }},
      {"to_device", kInvalid, kNull, [](fg_error* e) { return fg_tensor_to_device(sample(), nullptr, nullptr, e); }},
      {"item: shape", kInvalid, FG_R_SHAPE,
       [](fg_error* e) {
         fg_scalar s;
         return fg_tensor_item(sample(), &s, e);
       }},
      {"call: name", kInvalid, kNull,
       [](fg_error* e) { return fg_call(nullptr, 0, nullptr, 0, nullptr, 0, nullptr, e); }},
      {"call: unknown", FG_E_NOT_FOUND, FG_R_UNKNOWN_OP,
       [](fg_error* e) { return fg_call("ad", 0, nullptr, 0, nullptr, 0, nullptr, e); }},
      {"call: args", kInvalid, kNull, [](fg_error* e) { return fg_call("add", 0, nullptr, 2, &g_out, 1, nullptr, e); }},
      {"call: outs", kInvalid, kNull,
       [](fg_error* e) { return fg_call("add", 0, nullptr, 0, nullptr, 1, nullptr, e); }},
      {"call: form", kInvalid, FG_R_PARAMETER,
       [](fg_error* e) { return fg_call("add", 9, nullptr, 0, nullptr, 0, nullptr, e); }},
      {"call: missing", kInvalid, FG_R_PARAMETER,
       [](fg_error* e) { return fg_call("add", 0, nullptr, 0, &g_out, 1, nullptr, e); }},
      {"typed: tensor", kInvalid, FG_R_PARAMETER, [](fg_error* e) { return fg_exp(nullptr, &g_out, e); }},
      {"typed: out", kInvalid, kNull, [](fg_error* e) { return fg_exp(sample(), nullptr, e); }},
      {"bind: name", kInvalid, kNull,
       [](fg_error* e) { return fg_op_bind(nullptr, nullptr, 0, nullptr, 0, nullptr, e); }},
      {"bind: out", kInvalid, kNull, [](fg_error* e) { return fg_op_bind("add", nullptr, 0, nullptr, 0, nullptr, e); }},
      {"bind: unknown", FG_E_NOT_FOUND, FG_R_UNKNOWN_OP,
       [](fg_error* e) {
         fg_bound* b = nullptr;
         return fg_op_bind("ad", nullptr, 0, nullptr, 0, &b, e);
       }},
      {"bound_run", kInvalid, kNull, [](fg_error* e) { return fg_bound_run(nullptr, nullptr, 0, e); }},
      {"map: text", kInvalid, kNull, [](fg_error* e) { return fg_map(nullptr, nullptr, nullptr, 1, 0, &g_out, e); }},
      {"map: none", kInvalid, FG_R_LIMIT, [](fg_error* e) { return fg_map("1", nullptr, nullptr, 0, 0, &g_out, e); }},
      {"enable", kInvalid, kNull, [](fg_error* e) { return fg_enable(nullptr, e); }},
      {"set_fallback", kInvalid, FG_R_PARAMETER, [](fg_error* e) { return fg_set_fallback(3, e); }},
      {"stats", kInvalid, kNull, [](fg_error* e) { return fg_stats(nullptr, e); }},
      {"fallbacks", kInvalid, kNull, [](fg_error* e) { return fg_fallbacks(nullptr, nullptr, e); }},
      {"memory_stats", kInvalid, kNull, [](fg_error* e) { return fg_memory_stats(nullptr, nullptr, e); }},
      {"to_dlpack", kInvalid, kNull, [](fg_error* e) { return fg_tensor_to_dlpack(nullptr, 0, nullptr, e); }},
      {"from_dlpack", kInvalid, kNull, [](fg_error* e) { return fg_tensor_from_dlpack(nullptr, 0, &g_out, e); }},
      {"npy_load", kInvalid, kNull, [](fg_error* e) { return fg_npy_load(nullptr, nullptr, &g_out, e); }},
      {"npy_save", kInvalid, kNull, [](fg_error* e) { return fg_npy_save("x.npy", nullptr, e); }},
      {"safetensors_open", kInvalid, kNull, [](fg_error* e) { return fg_safetensors_open(nullptr, nullptr, e); }},
      {"safetensors_get_info", kInvalid, kNull,
       [](fg_error* e) { return fg_safetensors_get_info(nullptr, 0, nullptr, e); }},
      {"safetensors_read", kInvalid, kNull,
       [](fg_error* e) { return fg_safetensors_read(nullptr, "x", nullptr, &g_out, e); }},
      {"safetensors_save", kInvalid, kNull,
       [](fg_error* e) { return fg_safetensors_save("x", nullptr, nullptr, 1, e); }},
      {"set_log_level", kInvalid, FG_R_PARAMETER, [](fg_error* e) { return fg_set_log_level(9, e); }},
      {"trace_start", kInvalid, kNull, [](fg_error* e) { return fg_trace_start(nullptr, e); }},
      {"trace_stop", FG_E_STATE, FG_R_OTHER, [](fg_error* e) { return fg_trace_stop(e); }},
      {"registered_ops", kInvalid, kNull, [](fg_error* e) { return fg_registered_ops(nullptr, nullptr, e); }},
  };
  return kCases;
}

TEST(Errors, EveryFunctionAnswersWrongArguments) {
  for (const Case& c : cases()) {
    fg_error err = FG_ERROR_INIT;
    EXPECT_EQ(c.call(&err), c.status) << c.name << ": " << err.message;
    EXPECT_EQ(err.reason, c.reason) << c.name << ": " << err.message;
    EXPECT_NE(err.message[0], '\0') << c.name;
    EXPECT_EQ(c.call(nullptr), c.status) << c.name << " without a record";
    EXPECT_EQ(g_out, nullptr) << c.name << " wrote its output";
  }
}

TEST(Errors, ByteCountsBeyondTheAddressSpace) {
  fg_error err = FG_ERROR_INIT;
  EXPECT_EQ(fg_tensor_empty(nullptr, FG_F64, 2, kHuge, &g_out, &err), FG_E_INVALID) << err.message;
}

TEST(Errors, ASmallRecordIsNotOverrun) {
  struct {
    fg_error e;
    char guard[8];
  } s{};
  s.e.hdr.struct_size = offsetof(fg_error, message) + 8;
  std::fill(std::begin(s.e.message), std::end(s.e.message), 'x');
  EXPECT_EQ(fg_call("no_such_operator", 0, nullptr, 0, nullptr, 0, nullptr, &s.e), FG_E_NOT_FOUND);
  EXPECT_EQ(std::string(s.e.message), "no oper");
  EXPECT_EQ(s.e.message[8], 'x');
}

}  // namespace
