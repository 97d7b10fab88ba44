// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/product_plan.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

// Of a GPU, from large to small: the first that fills it is taken; then that of a processor, where a work-item's
// columns fill vectors; then those that only a tuner takes.
constexpr TileShape kShapes[] = {{128, 128, 16, 8, 8, 4, 4},
                                 {64, 64, 16, 4, 4, 4, 4},
                                 {32, 128, 32, 8, 16, 8, 16},
                                 {128, 64, 16, 8, 4, 4, 4},
                                 {32, 32, 16, 4, 4, 4, 4}};
constexpr std::span<const TileShape> kTiles(kShapes, 2), kSoftwareTiles(kShapes + 2, 1);
// b contiguous along k, along n.
constexpr RowShape kRowsAlongK{256, 8, 1, 4, 1}, kRowsAlongN{256, 4, 0, 8, 1};
constexpr RowShape kSoftwareRowsAlongK{8, 8, 1, 16, 16}, kSoftwareRowsAlongN{8, 8, 16, 1, 1};

constexpr std::int64_t kFewRows = 16;         // Up to here b is streamed.
constexpr std::int64_t kSoftwareFewRows = 4;  // Beyond, compilers take seconds.
constexpr std::int64_t kRowGroups = 2;        // Groups of product_rows that fill a compute unit.
constexpr std::int64_t kLeastTileK = 256;     // Of a split of product_tile.
constexpr std::int64_t kLeastRowSteps = 4;    // Steps of a work-item of product_rows in a split.

// Matrix units.
constexpr std::int64_t kLeastMatrixK = 16;
constexpr std::int64_t kFewMatrixRows = 1;                        // Up to here b is streamed by product_rows even so.
constexpr std::int64_t kLeastPackedMacs = std::int64_t{1} << 21;  // Fewer do not pay for operands that must be packed.
constexpr std::int64_t kMostMatrixSplits = 16;
constexpr double kStripsPay = 0.92;  // Of the time without them.
// Multiply-adds a nanosecond and compute unit of product_rows, b far away; of a strip whose lines lie across k.
constexpr double kRowsSpeed = 25, kStripSpeed = 6;
// Nanoseconds: what a group does besides its slices, as elements of k; a launch; bytes that sums of parts move in one.
constexpr double kFillK = 192, kLaunchNs = 5500, kJoinBytes = 1500;

Product transposed(Product p) {
  std::swap(p.m, p.n);
  const Operand a = p.a;
  p.a = transposed(p.b);
  p.b = transposed(a);
  p.out = transposed(p.out);
  p.self = transposed(p.self);
  return p;
}

// A dimension of one element has no stride.
void settle(Operand& x, std::int64_t batch, std::int64_t rows, std::int64_t cols) {
  if (batch <= 1) x.batch = 0;
  if (rows <= 1) x.row = 0;
  if (cols <= 1) x.col = 0;
}

std::int64_t reach(const Operand& x, std::int64_t batch, std::int64_t rows, std::int64_t cols) {
  return (batch - 1) * x.batch + (rows - 1) * x.row + (cols - 1) * x.col;
}

// `wanted` parts of k, but none shorter than `least`, in whole slices of `step`.  More where loops may not be as long:
// a work-item has less than two rounds for each of k.
void split_k(ProductPlan& plan, const Features& f, std::int64_t wanted, std::int64_t least, std::int64_t step) {
  const std::int64_t needed = f.most_rounds == 0 ? 1 : ceil_div(2 * plan.p.k, f.most_rounds);
  plan.splits = std::max(needed, std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(plan.p.k / least, 1)));
  plan.split_k = std::max<std::int64_t>(ceil_div(ceil_div(plan.p.k, plan.splits), step), 1) * step;
}

void plan_tiles(ProductPlan& plan, const Features& f, std::span<const TileShape> shapes, std::int64_t parts) {
  const Product& p = plan.p;
  const std::int64_t bytes = dtype_bytes(sum_dtype(p.dtype));
  for (const TileShape& t : shapes) {
    plan.tile = t;
    plan.tiles_m = ceil_div(p.m, t.m);
    plan.tiles_n = ceil_div(p.n, t.n);
    while (plan.tile.k * (t.m + t.n + 2 * kSlicePad) * bytes > static_cast<std::int64_t>(f.local_bytes))
      plan.tile.k /= 2;
    // 8-byte sums of the largest tile do not fit into registers.
    if (plan.groups() >= f.compute_units && bytes * t.item_m * t.item_n <= 256) break;
  }
  const std::int64_t wanted = f.compute_units / std::max<std::int64_t>(plan.groups(), 1);
  split_k(plan, f, parts != 0 ? parts : wanted, parts != 0 ? plan.tile.k : kLeastTileK, plan.tile.k);
}

RowShape row_shape(const ProductPlan& plan, const Features& f, const ProductChoice& choice) {
  RowShape row = plan.b.along ? (f.software ? kSoftwareRowsAlongK : kRowsAlongK)
                              : (f.software ? kSoftwareRowsAlongN : kRowsAlongN);
  if (!plan.b.along && row.width == 0) row.width = plan.b.vec;
  if (choice.lanes != 0) row.lanes_n = static_cast<int>(std::min<std::int64_t>(choice.lanes, row.group));
  if (choice.width != 0 && (plan.b.along || f.software)) row.width = static_cast<int>(choice.width);
  if (choice.ahead != 0) row.ahead = static_cast<int>(choice.ahead);
  // Few columns (dot has one) leave more work-items for k.
  while (plan.b.along && row.lanes_n > 1 && row.lanes_n * row.width > plan.p.n) row.lanes_n /= 2;
  return row;
}

void plan_rows(ProductPlan& plan, const Features& f, const ProductChoice& choice) {
  const Product& p = plan.p;
  plan.by_rows = true;
  plan.row = row_shape(plan, f, choice);
  plan.rows = 1;
  while (plan.rows < p.m) plan.rows *= 2;
  plan.tiles_n = ceil_div(p.n, plan.row.lanes_n * plan.row.width);
  // As if pieces were whole: the workspace may not depend on where an operand begins.
  const std::int64_t piece = 16 / dtype_bytes(p.dtype), step = plan.row.lanes_k() * (plan.b.along ? piece : 1);
  const std::int64_t tiles = ceil_div(p.n, plan.row.lanes_n * (plan.b.along || f.software ? plan.row.width : piece));
  const std::int64_t wanted = kRowGroups * f.compute_units / std::max<std::int64_t>(p.batch * tiles, 1);
  split_k(plan, f, choice.parts != 0 ? choice.parts : wanted, choice.parts != 0 ? step : step * kLeastRowSteps, step);
}

// Sums may depend on strides, but not on where an operand begins.
bool is_packed_by_strides(Lines x, fg_dtype dtype) {
  x.at.byte_offset = 0;
  return reading_of(x, dtype).vec == 1;
}

MatrixSide side_of(const Lines& x, std::int64_t batches, fg_dtype dtype) {
  const Reading r = reading_of(x, dtype);
  MatrixSide s{x.at,   r.along,  r.vec == 1, false, x.count, x.length, x.batch == 0 ? 1 : batches,
               x.step, x.stride, x.batch};
  if (r.along) return s;
  std::swap(s.line, s.step);
  s.turned = s.along = is_packed_by_strides(x, dtype);
  if (!s.turned) std::swap(s.lines, s.length);
  return s;
}

double matrix_ns(const ProductPlan& plan, const MatrixTile& t, double speed, const Features& f) {
  const Product& p = plan.p;
  const std::int64_t groups = p.batch * plan.splits * plan.tiles_m * plan.tiles_n;
  const std::int64_t each = ceil_div(groups, f.compute_units);  // Groups of the busiest compute unit.
  // A group that has a unit to itself leaves some of it unused.
  double ns_each = 1 / speed, shares = static_cast<double>(each);
  if (each == 1 && t.speed_alone != 0) {
    ns_each = 1 / t.speed_alone;
  } else if (each < t.resident) {
    shares = 0.5 * static_cast<double>(each + t.resident);
  }
  const double ns = shares * t.m * t.n * (static_cast<double>(plan.split_k) + kFillK) * ns_each;
  if (plan.splits == 1) return ns;
  return ns + kLaunchNs + static_cast<double>(plan.results() * (plan.splits * 8 + 2)) / kJoinBytes;
}

double speed_of(const MatrixTile& t, const MatrixSide& b) {
  return b.along && t.speed_along != 0 ? t.speed_along : t.speed;
}

bool has_whole(const Product& p, const MatrixTile& t) { return !t.whole || (p.m >= t.m && p.n >= t.n); }

double rows_ns(const Product& p, const Features& f) {
  const auto rows = static_cast<double>(std::bit_ceil(static_cast<std::uint64_t>(std::min(p.m, p.n))));
  return rows * static_cast<double>(p.batch * std::max(p.m, p.n) * p.k) / (kRowsSpeed * f.compute_units);
}

// The rows (columns) behind whole tiles, where they are so few that product_rows could compute them.
std::int64_t strip_of(std::int64_t extent, int tile) {
  const std::int64_t rest = extent % tile;
  return extent > tile && rest <= kFewRows ? rest : 0;
}

// Few lines by all lines of `streamed`, which product_rows reads in pieces where those are whole or k may
// be rounded up (product.cpp).
double strip_ns(const Product& p, const MatrixSide& few, const MatrixSide& streamed, const Features& f) {
  const bool pieces = !streamed.along || few.along || p.k % 8 == 0;
  return kLaunchNs + rows_ns(p, f) * (pieces ? 1 : kRowsSpeed / kStripSpeed);
}

double strips_ns(const ProductPlan& plan, const Features& f) {
  Product rows = plan.p, columns = plan.p;
  rows.m = plan.strip_m, columns.n = plan.strip_n;
  return (rows.m != 0 ? strip_ns(rows, plan.side_a, plan.side_b, f) : 0) +
         (columns.n != 0 ? strip_ns(columns, plan.side_b, plan.side_a, f) : 0);
}

// `plan` by tile t in the parts of k, from `first` to `last`, that are expected to take the least time, which is
// returned.
double plan_parts(ProductPlan& plan, const MatrixTile& t, double speed, const Features& f, std::int64_t first,
                  std::int64_t last) {
  ProductPlan tried = plan;
  tried.matrix = &t;
  tried.tiles_m = ceil_div(plan.main_m(), t.m);
  tried.tiles_n = ceil_div(plan.main_n(), t.n);
  const double strips = strips_ns(plan, f);
  double least = 0;
  for (std::int64_t wanted = first; wanted <= last; ++wanted) {
    tried.split_k = ceil_div(ceil_div(plan.p.k, wanted), t.k) * t.k;
    tried.splits = ceil_div(plan.p.k, tried.split_k);
    const double ns = strips + matrix_ns(tried, t, speed, f);
    if (wanted == first || ns < least) plan = tried, least = ns;
  }
  return least;
}

// The tile, the strips and the parts of k that are expected to take the least time, which is returned.  `chosen`:
// whatever the tile's is.
double plan_matrix_tiles(ProductPlan& plan, const Features& f, const Product& p, std::uint32_t tiles, bool chosen,
                         const ProductChoice& choice) {
  ProductPlan begun = plan;
  begun.p = p;
  double least = 0;
  for (std::size_t i = 0; i < f.matrix.size(); ++i) {
    const MatrixTile& t = f.matrix[i];
    if ((tiles >> i & 1u) == 0 || t.dtype != p.dtype || !has_whole(p, t)) continue;
    if (!chosen && !t.few_rows && std::min(p.m, p.n) <= kFewRows) continue;
    const double speed = speed_of(t, begun.side_b);
    if (speed == 0) continue;
    const auto take = [&](std::int64_t strip_m, std::int64_t strip_n, std::int64_t first, std::int64_t last) {
      ProductPlan tried = begun;
      tried.strip_m = strip_m, tried.strip_n = strip_n;
      const double pays = strip_m + strip_n != 0 ? 1 / kStripsPay : 1;
      const double ns = pays * plan_parts(tried, t, speed, f, first, last);
      if (plan.matrix == nullptr || ns < least) plan = tried, least = ns;
    };
    const std::int64_t slots = std::int64_t{t.resident} * f.compute_units;
    const std::int64_t most = p.batch * ceil_div(p.m, t.m) * ceil_div(p.n, t.n) >= 2 * slots
                                  ? 1
                                  : std::clamp<std::int64_t>(p.k / kLeastTileK, 1, kMostMatrixSplits);
    take(0, 0, choice.parts != 0 ? choice.parts : 1, choice.parts != 0 ? choice.parts : most);
    if (choice.parts > 1 || !choice.strips) continue;
    const std::int64_t rest_m = strip_of(p.m, t.m), rest_n = strip_of(p.n, t.n);
    if (rest_m != 0) take(rest_m, 0, 1, 1);
    if (rest_n != 0) take(0, rest_n, 1, 1);
    if (rest_m != 0 && rest_n != 0) take(rest_m, rest_n, 1, 1);
  }
  return least;
}

bool suits_matrix(const Product& p, const Features& f, std::uint32_t tiles) {
  constexpr std::int64_t kMost = (std::int64_t{1} << 31) - 65536;  // The kernels count elements of a dimension in i32.
  return tiles != 0 && !f.software && (p.dtype == FG_F16 || p.dtype == FG_BF16) && p.k >= kLeastMatrixK &&
         std::max({p.m, p.n, p.k}) < kMost;
}

Lines lines_of_a(const Product& p) { return {p.a.at, p.m, p.a.row, p.k, p.a.col, p.a.batch}; }
Lines lines_of_b(const Product& p) { return {p.b.at, p.n, p.b.col, p.k, p.b.row, p.b.batch}; }

// Neighbours of out are written together.
Product as_matrix_product(const Product& p) { return p.out.row == 1 && p.out.col != 1 ? transposed(p) : p; }

// `chosen`: whatever time it is expected to take.
bool plan_matrix(ProductPlan& plan, const Features& f, std::uint32_t tiles, bool chosen, const ProductChoice& choice) {
  if (!suits_matrix(plan.p, f, tiles)) return false;
  const Product p = as_matrix_product(plan.p);
  const std::int64_t few = std::min(p.m, p.n);
  const Lines a = lines_of_a(p), b = lines_of_b(p);
  const bool packs = is_packed_by_strides(a, p.dtype) || is_packed_by_strides(b, p.dtype);
  if (!chosen && few <= kFewMatrixRows) return false;
  if (!chosen && packs && (few <= kFewRows || p.batch * p.m * p.n < ceil_div(kLeastPackedMacs, p.k))) return false;
  ProductPlan best = plan;
  best.side_a = side_of(a, p.batch, p.dtype);
  best.side_b = side_of(b, p.batch, p.dtype);
  const double ns = plan_matrix_tiles(best, f, p, tiles, chosen, choice);
  if (best.matrix == nullptr || (!chosen && few <= kFewRows && ns > rows_ns(p, f))) return false;
  plan = best;
  return true;
}

std::int64_t few_rows(const Features& f) { return f.software ? kSoftwareFewRows : kFewRows; }

// By the kernel of that number, where it suits.
bool plan_kernel(ProductPlan& plan, const Features& f, std::uint32_t tiles, const ProductChoice& choice) {
  if (choice.kernel >= kMatrixKernel)
    return plan_matrix(plan, f, tiles & 1u << (choice.kernel - kMatrixKernel), true, choice);
  if (choice.kernel == kRowsKernel && plan.p.m <= few_rows(f)) {
    plan_rows(plan, f, choice);
    return true;
  }
  const auto shape = static_cast<std::size_t>(choice.kernel - kTileKernel);
  if (choice.kernel < kTileKernel || shape >= std::size(kShapes)) return false;
  plan_tiles(plan, f, {kShapes + shape, 1}, choice.parts);
  return true;
}

void lay_out(ProductPlan& plan) {
  const auto take = [&](std::uint64_t bytes) {
    const std::uint64_t at = plan.space;
    plan.space += (bytes + kWorkspaceAlign - 1) / kWorkspaceAlign * kWorkspaceAlign;
    return at;
  };
  take(plan.side_a.bytes());
  plan.b_at = take(plan.side_b.bytes());
  const std::int64_t parts = plan.splits > 1 ? plan.splits * plan.results() * dtype_bytes(sum_dtype(plan.p.dtype)) : 0;
  plan.parts_at = take(static_cast<std::uint64_t>(parts));
}

}  // namespace

Finish finish_of(const Product& p) {
  if (p.self.at.buffer != nullptr) return Finish::with_self;
  return (is_float(p.dtype) ? p.alpha.f == 1 : p.alpha.i == 1) ? Finish::plain : Finish::scaled;
}

ProductPlan begin_plan(const Product& product, const Features& features) {
  ProductPlan plan;
  plan.p = product.n < product.m && product.n <= few_rows(features) ? transposed(product) : product;
  Product& p = plan.p;
  settle(p.a, p.batch, p.m, p.k);
  settle(p.b, p.batch, p.k, p.n);
  settle(p.out, p.batch, p.m, p.n);
  settle(p.self, p.batch, p.m, p.n);
  plan.a = reading_of(lines_of_a(p), p.dtype);
  plan.b = reading_of(lines_of_b(p), p.dtype);
  // A processor's compiler makes vectors of elements itself, and of pieces long work.
  if (features.software) plan.a.vec = plan.b.vec = 1;
  return plan;
}

void finish_plan(ProductPlan& plan, const Features& f, std::uint32_t tiles, const ProductChoice& choice) {
  if (!plan_kernel(plan, f, tiles, choice) && !plan_matrix(plan, f, tiles, false, choice)) {
    if (plan.p.m <= few_rows(f)) {
      plan_rows(plan, f, choice);
    } else {
      // Tiles of a GPU read less, which is what counts where each lane reads by itself; few rows would not fill them.
      const bool narrow = f.vectorises || (f.software && plan.p.m <= kTiles[1].m / 2);
      plan_tiles(plan, f, narrow ? kSoftwareTiles : kTiles, choice.parts);
    }
  }
  const Product& p = plan.p;
  plan.splits = std::max<std::int64_t>(ceil_div(p.k, plan.split_k), 1);
  const std::int64_t most =
      std::max({reach(p.a, p.batch, p.m, p.k), reach(p.b, p.batch, p.k, p.n), reach(p.out, p.batch, p.m, p.n),
                reach(p.self, p.batch, p.m, p.n), plan.splits * plan.results(), plan.groups() * plan.row.group});
  // A piece, and a group's work-items, may begin beyond the last element.
  plan.wide = most >= (std::int64_t{1} << 31) - 65536;
  lay_out(plan);
}

std::int64_t kernel_of(const ProductPlan& plan, const Features& f) {
  if (plan.matrix != nullptr) return kMatrixKernel + (plan.matrix - f.matrix.data());
  if (plan.by_rows) return kRowsKernel;
  const auto same = [&](const TileShape& t) { return t.m == plan.tile.m && t.n == plan.tile.n; };
  return kTileKernel + (std::find_if(std::begin(kShapes), std::end(kShapes), same) - std::begin(kShapes));
}

std::vector<std::int64_t> kernels_for(const ProductPlan& begun, const Features& f, std::uint32_t tiles) {
  std::vector<std::int64_t> kernels;
  const Product& p = begun.p;
  if (p.m <= few_rows(f)) kernels.push_back(kRowsKernel);
  const Product q = as_matrix_product(p);
  const MatrixSide side_b = side_of(lines_of_b(q), q.batch, q.dtype);
  for (std::size_t i = 0; i < f.matrix.size() && suits_matrix(q, f, tiles); ++i) {
    const MatrixTile& t = f.matrix[i];
    if ((tiles >> i & 1u) != 0 && t.dtype == q.dtype && has_whole(q, t) && speed_of(t, side_b) != 0)
      kernels.push_back(kMatrixKernel + std::int64_t(i));
  }
  if (!kernels.empty() && kernels.back() >= kMatrixKernel) return kernels;  // Ten times as fast as tiles.
  for (std::size_t i = 0; i < std::size(kShapes); ++i) {
    const TileShape& t = kShapes[i];
    // A processor's compiler that makes vectors takes seconds for many sums.
    if (!f.vectorises || t.m <= 64) kernels.push_back(kTileKernel + std::int64_t(i));
  }
  return kernels;
}

}  // namespace fg::gpu
