// SPDX-License-Identifier: Apache-2.0
//
// The C headers are C11, and a C program gets through a call.

#include <fg/fg.h>
#include <fg/ops.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                      \
  do {                                                        \
    if (!(condition)) {                                       \
      fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      return 1;                                               \
    }                                                         \
  } while (0)

int main(void) {
  fg_error err = FG_ERROR_INIT;
  const float data[3] = {1, 2, 3};
  const int64_t shape[1] = {3};
  fg_tensor_handle x = NULL;
  fg_tensor_handle y = NULL;
  CHECK(fg_tensor_from_host(NULL, FG_F32, 1, shape, data, sizeof(data), &x, &err) == FG_OK);
  CHECK(fg_mul(fg_value_tensor(x), fg_value_float(0.5), &y, &err) == FG_OK);
  float back[3] = {0, 0, 0};
  CHECK(fg_tensor_to_host(y, back, sizeof(back), &err) == FG_OK);
  CHECK(back[0] == 0.5f && back[1] == 1.0f && back[2] == 1.5f);
  CHECK(fg_tensor_to_host(y, back, 4, &err) == FG_E_INVALID);
  CHECK(err.code == FG_E_INVALID && err.reason == FG_R_BOUNDS && strlen(err.message) > 0);
  CHECK(fg_tensor_to_host(NULL, back, 4, NULL) == FG_E_INVALID);
  fg_tensor_release(y);
  fg_tensor_release(x);
  fg_tensor_release(NULL);
  CHECK(fg_shutdown(&err) == FG_OK);
  x = NULL;
  CHECK(fg_tensor_empty(NULL, FG_F32, 1, shape, &x, &err) == FG_E_STATE);
  CHECK(x == NULL);
  return 0;
}
