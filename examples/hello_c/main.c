// SPDX-License-Identifier: Apache-2.0
//
// A first program in C11: the same library without C++.

#include <fg/fg.h>
#include <fg/ops.h>
#include <stdio.h>

static int failed(const char* what, fg_status status, const fg_error* err) {
  if (status >= 0) return 0;
  fprintf(stderr, "%s: %s: %s\n", what, fg_status_name(status), err->message);
  return 1;
}

int main(void) {
  fg_error err = FG_ERROR_INIT;
  const float data[6] = {1, 2, 3, 4, 5, 6};
  const int64_t shape[2] = {2, 3};
  fg_tensor_handle x = NULL, y = NULL, total = NULL;

  // A typed function, then the generic door.
  int bad = failed("tensor", fg_tensor_from_host(NULL, FG_F32, 2, shape, data, sizeof(data), &x, &err), &err);
  bad = bad || failed("add", fg_add(fg_value_tensor(x), fg_value_int(1), fg_value_none(), &y, &err), &err);
  const fg_value args[1] = {fg_value_tensor(y)};
  bad = bad || failed("sum", fg_call("sum", FG_FORM_FUNCTIONAL, args, 1, &total, 1, NULL, &err), &err);

  fg_scalar s = {{0}, FG_SCALAR_NONE, 0};
  bad = bad || failed("item", fg_tensor_item(total, &s, &err), &err);
  if (!bad) printf("fg %s on %s: sum(x + 1) = %g\n", fg_version(), fg_device_name(fg_tensor_device(x)), s.v.f);

  fg_tensor_release(total);
  fg_tensor_release(y);
  fg_tensor_release(x);
  return bad;
}
