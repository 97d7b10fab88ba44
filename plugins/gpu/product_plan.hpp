// SPDX-License-Identifier: Apache-2.0
//
// Which kernel computes a product, in which shape: all numbers that a tuner may change stand in product_plan.cpp.

#ifndef FG_PLUGINS_GPU_PRODUCT_PLAN_HPP_
#define FG_PLUGINS_GPU_PRODUCT_PLAN_HPP_

#include "plugins/gpu/product.hpp"
#include "plugins/gpu/reading.hpp"

namespace fg::gpu {

// product_tile: a group's part of out, its slices along k, a work-item's part, and the runs in which that lies.
struct TileShape {
  int m, n, k, item_m, item_n, run_m, run_n;
  int group() const { return m / item_m * (n / item_n); }
};

// product_rows.  `width`: columns of a work-item, 0 for those of a piece along n.
struct RowShape {
  int group, lanes_n, width, ahead, chains;
  int lanes_k() const { return group / lanes_n; }
};

struct ProductPlan {
  Product p;  // As it will be computed: transposed where out has few columns.
  bool by_rows = false;
  TileShape tile{};
  RowShape row{};
  int rows = 0;  // Of a that product_rows holds, at least p.m.
  Reading a, b;
  std::int64_t tiles_m = 1, tiles_n = 1;
  std::int64_t splits = 1, split_k = 0;  // Parts of k, summed by product_join.
  bool wide = false;

  std::int64_t results() const { return p.batch * p.m * p.n; }
  std::int64_t groups() const { return p.batch * tiles_m * tiles_n * splits; }
};

ProductPlan plan_product(const Product& product, const Features& features);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_PRODUCT_PLAN_HPP_
