// SPDX-License-Identifier: Apache-2.0
//
// Which kernel computes a product, in which shape.  The rules, which are what a device is shipped with, stand in
// product_plan.cpp; what a tuner may choose instead in product_tuning.cpp.

#ifndef FG_PLUGINS_GPU_PRODUCT_PLAN_HPP_
#define FG_PLUGINS_GPU_PRODUCT_PLAN_HPP_

#include <vector>

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

// How a kernel of matrix units reads an operand: lines of whole 16-byte pieces that begin at multiples of 16 bytes,
// along k or across it.  What is not so becomes so in the workspace, with zeros behind each line (product_pack); lines
// across k are turned on the way, since tiles of any width and product_rows read lines along k.
struct MatrixSide {
  BufferRef at;
  bool along = true, packed = false, turned = false;
  std::int64_t lines = 0, length = 0, batches = 1;
  std::int64_t line = 0, step = 0, batch = 0;  // Strides in elements of memory: of its lines, in one, of matrices.

  // Lines that begin where lines of a cache do: half again as fast as others.
  std::int64_t pitch() const { return (length + 63) / 64 * 64; }
  std::int64_t read_line() const { return packed ? pitch() : line; }
  std::int64_t read_batch() const { return packed && batch != 0 ? lines * pitch() : batch; }
  std::uint64_t bytes() const { return packed ? static_cast<std::uint64_t>(2 * batches * lines * pitch()) : 0; }
};

// What becomes of a sum: itself, alpha times it, or that and beta * self.
enum class Finish : std::uint8_t { plain, scaled, with_self };
Finish finish_of(const Product& p);

struct ProductPlan {
  Product p;  // As it will be computed: transposed where out has few columns.
  bool by_rows = false;
  const MatrixTile* matrix = nullptr;  // The kernel of matrix units that is taken, and how it reads.
  MatrixSide side_a, side_b;
  std::int64_t strip_m = 0, strip_n = 0;  // The last rows and columns, which product_rows computes beside it.
  TileShape tile{};
  RowShape row{};
  int rows = 0;  // Of a that product_rows holds, at least p.m.
  Reading a, b;
  std::int64_t tiles_m = 1, tiles_n = 1;
  std::int64_t splits = 1, split_k = 0;  // Parts of k, summed by product_join.
  bool wide = false;
  // Bytes of the workspace: side_a where it is packed, side_b from b_at, the sums of the parts of k from parts_at.
  std::uint64_t b_at = 0, parts_at = 0, space = 0;

  std::int64_t main_m() const { return p.m - strip_m; }
  std::int64_t main_n() const { return p.n - strip_n; }
  std::int64_t results() const { return p.batch * p.m * p.n; }
  std::int64_t groups() const { return p.batch * tiles_m * tiles_n * splits; }
};

// What is chosen instead of by rule; 0: by rule.  What does not suit the product at hand is by rule too.
struct ProductChoice {
  std::int64_t kernel = 0;                       // 1 product_rows, kTileKernel + shape, kMatrixKernel + tile
  std::int64_t parts = 0;                        // Of k.
  std::int64_t lanes = 0, width = 0, ahead = 0;  // Of product_rows: RowShape.
  bool strips = true;                            // Whether tiles of matrix units may leave edges to product_rows.
};
inline constexpr std::int64_t kRowsKernel = 1, kTileKernel = 2, kMatrixKernel = 16, kMostKernels = 48;

// The product as it will be computed, and how its operands are read.
ProductPlan begin_plan(const Product& product, const Features& features);
// `tiles`: which of features.matrix may be taken, a bit each.
void finish_plan(ProductPlan& plan, const Features& features, std::uint32_t tiles, const ProductChoice& choice);
inline ProductPlan plan_product(const Product& product, const Features& features, std::uint32_t tiles = 0,
                                const ProductChoice& choice = {}) {
  ProductPlan plan = begin_plan(product, features);
  finish_plan(plan, features, tiles, choice);
  return plan;
}

// The number of the kernel that a plan has, and those that suit a begun one.
std::int64_t kernel_of(const ProductPlan& plan, const Features& features);
std::vector<std::int64_t> kernels_for(const ProductPlan& begun, const Features& features, std::uint32_t tiles);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_PRODUCT_PLAN_HPP_
