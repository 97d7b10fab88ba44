// SPDX-License-Identifier: Apache-2.0
#include "fg/ops.h"

// Nothing else is needed to compile it.
extern int fg_header_ops_h;
int fg_header_ops_h = FG_N_OPS;
