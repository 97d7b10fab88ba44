// SPDX-License-Identifier: Apache-2.0
//
// softmax, layer_norm and rms_norm against f64 loops.

#include "plugins/cpu/kernels/norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "plugins/cpu/engine/streaming.hpp"
#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

constexpr fg_dtype kFloats[] = {FG_F64, FG_F32, FG_F16, FG_BF16};
constexpr double kInf = std::numeric_limits<double>::infinity();

double unit_roundoff(fg_dtype dtype) {
  return dtype == FG_F64 ? 0x1p-53 : dtype == FG_F32 ? 0x1p-24 : dtype == FG_F16 ? 0x1p-11 : 0x1p-8;
}
// Half a unit of the result's rounding and what the compute type adds before it.
double tolerance(fg_dtype dtype, double value, std::int64_t n) {
  const double compute = dtype == FG_F64 ? 0x1p-53 : 0x1p-24;
  return std::abs(value) * (unit_roundoff(dtype) + compute * (16 + 2 * std::sqrt(static_cast<double>(n)))) +
         (dtype == FG_F16 ? 0x1p-24 : 1e-38);
}

double sample(std::int64_t i) { return std::sin(static_cast<double>(i) * 12.9898) * 4 + 0.5; }

Rows rows_along(Array& x, Array& y, int dim) {
  Rows r;
  r.x = x.data();
  r.y = y.data();
  r.element_bytes = x.bytes();
  for (int d = 0; d < x.ndim(); ++d) (d == dim ? r.row : r.outer).add(x.size(d), {x.stride(d), y.stride(d)});
  r.outer.coalesce();
  return r;
}

void run_softmax(Array& x, Array& y, int dim) {
  const SoftmaxArgs args{x.dtype(), rows_along(x, y, dim)};
  const Workspace ws(softmax_workspace(args, 3));
  softmax(args, ThreadsExec(3), ws.get());
}

void check_softmax(fg_dtype dtype, const Dims& shape, int dim, Layout lx, Layout ly) {
  Array x(dtype, shape, lx), y(dtype, shape, ly);
  x.fill(sample);
  run_softmax(x, y, dim);
  const std::int64_t n = shape.empty() ? 1 : x.size(dim);
  std::int64_t inner = 1;
  for (int d = dim + 1; d < x.ndim(); ++d) inner *= x.size(d);
  for (std::int64_t row = 0; n > 0 && row < x.count() / n; ++row) {
    const std::int64_t first = row / inner * n * inner + row % inner;
    double max = -kInf, sum = 0;
    for (std::int64_t j = 0; j < n; ++j) max = std::max(max, x.get(first + j * inner));
    for (std::int64_t j = 0; j < n; ++j) sum += std::exp(x.get(first + j * inner) - max);
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int64_t i = first + j * inner;
      const double want = std::exp(x.get(i) - max) / sum;
      ASSERT_NEAR(y.get(i), want, tolerance(dtype, want, n))
          << label(dtype, shape) << " dim " << dim << " element " << i;
    }
  }
  EXPECT_TRUE(y.gaps_untouched());
}

// Large tensors are streamed, several rows at a time; each row must come out as it does alone.
TEST(Softmax, RowsOfALargeTensorHaveTheBitsOfRowsAlone) {
  for (const std::int64_t n : {1003, 1024, 1040}) {
    const std::int64_t rows = last_level_bytes() * 3 / 8 / (n * 4) + 1;
    Array x(FG_F32, {rows, n}), one(FG_F32, {n});
    const Workspace y(static_cast<std::size_t>(rows * n) * 4);  // Aligned as the device's memory is.
    x.fill(sample);
    for (std::int64_t j = 0; j < n; ++j) x.set(2 * n + j, -kInf);
    x.set(5 * n + 7, std::nan(""));
    for (const SoftmaxKind kind : {SoftmaxKind::plain, SoftmaxKind::log, SoftmaxKind::safe}) {
      SoftmaxArgs all{FG_F32, rows_along(x, x, 1), kind};
      all.rows.y = y.get();
      const Workspace ws(softmax_workspace(all, 3));
      softmax(all, ThreadsExec(3), ws.get());
      SoftmaxArgs row{FG_F32, rows_along(one, one, 0), kind};
      for (std::int64_t r = 0; r < rows; ++r) {
        row.rows.x = static_cast<float*>(x.data()) + r * n;
        softmax(row, SerialExec(), ws.get());
        ASSERT_EQ(std::memcmp(one.data(), static_cast<float*>(y.get()) + r * n, static_cast<std::size_t>(n) * 4), 0)
            << "length " << n << " row " << r << " kind " << static_cast<int>(kind);
      }
    }
  }
}

TEST(Softmax, EveryDtypeAndLength) {
  for (const fg_dtype dtype : kFloats) {
    for (const std::int64_t n : {1, 2, 7, 16, 31, 33, 64, 1000})
      check_softmax(dtype, {5, n}, 1, Layout::dense, Layout::dense);
  }
}

TEST(Softmax, EveryDimAndLayout) {
  for (const fg_dtype dtype : kFloats) {
    for (int dim = 0; dim < 3; ++dim) {
      for (const Layout lx : kLayouts) {
        for (const Layout ly : kWritable) check_softmax(dtype, {6, 17, 23}, dim, lx, ly);
      }
    }
  }
}

TEST(Softmax, NoDimensionsAndNoElements) {
  check_softmax(FG_F32, {}, 0, Layout::dense, Layout::dense);
  check_softmax(FG_F32, {4, 0}, 1, Layout::dense, Layout::dense);
  check_softmax(FG_F32, {0, 4}, 1, Layout::dense, Layout::dense);
}

TEST(Softmax, InPlace) {
  for (const fg_dtype dtype : kFloats) {
    for (const int dim : {0, 1}) {
      Array x(dtype, {40, 50}), y(dtype, {40, 50});
      x.fill(sample);
      y.fill(sample);
      run_softmax(x, x, dim);
      run_softmax(y, y, dim);
      EXPECT_EQ(x.values(), y.values());
      double sum = 0;
      for (int i = 0; i < 50; ++i) sum += x.get(dim == 1 ? i : i * 50 % 2000);
      EXPECT_GT(sum, 0.9);
    }
  }
}

TEST(Softmax, SpecialRows) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const fg_dtype dtype : kFloats) {
    for (const std::int64_t n : {20, 200}) {
      const double large = dtype == FG_F16 ? 6e4 : 3e38;
      Array x(dtype, {5, n}), y(dtype, {5, n});
      x.fill([&](std::int64_t i) {
        switch (i / n) {
          case 0: return -kInf;  // all hidden: NaN, as PyTorch
          case 1: return i % n == 3 ? nan : 1.0;
          case 2: return i % n == n - 1 ? kInf : 1.0;  // inf - inf
          case 3: return i % n == 5 ? 2.0 : -kInf;
          default: return i % n == 5 ? large : -large;
        }
      });
      run_softmax(x, y, 1);
      for (std::int64_t i = 0; i < 3 * n; ++i)
        ASSERT_TRUE(std::isnan(y.get(i))) << label(dtype, x.shape()) << " element " << i;
      for (std::int64_t i = 3 * n; i < 5 * n; ++i)
        ASSERT_EQ(y.get(i), i % n == 5 ? 1 : 0) << label(dtype, x.shape()) << " element " << i;
    }
  }
}

TEST(LayerNorm, NanStaysInItsRow) {
  for (const fg_dtype dtype : kFloats) {
    Array x(dtype, {3, 100}), y(dtype, {3, 100}), mean(dtype == FG_F64 ? FG_F64 : FG_F32, {3, 1}),
        rstd(mean.dtype(), {3, 1});
    x.fill(sample);
    x.set(117, std::numeric_limits<double>::quiet_NaN());
    Rows r;
    r.x = x.data();
    r.y = y.data();
    r.element_bytes = x.bytes();
    r.outer.add(3, {100, 100, 1, 1});
    r.row.add(100, {1, 1, 1, 1});
    const LayerNormArgs args{dtype, r, nullptr, nullptr, mean.data(), rstd.data(), 1e-5};
    const Workspace ws(layer_norm_workspace(args, 1));
    layer_norm(args, SerialExec(), ws.get());
    for (std::int64_t i = 0; i < 300; ++i)
      ASSERT_EQ(std::isnan(y.get(i)), i / 100 == 1) << dtype_name(dtype) << " " << i;
  }
}

struct Norm {
  std::vector<double> out, mean, rstd;
};

Norm reference(Array& x, std::int64_t n, Array* weight, Array* bias, double eps, bool rms) {
  Norm r;
  for (std::int64_t row = 0; row < x.count() / std::max<std::int64_t>(n, 1); ++row) {
    double mean = 0, squares = 0;
    for (std::int64_t i = 0; i < n && !rms; ++i) mean += x.get(row * n + i) / static_cast<double>(n);
    for (std::int64_t i = 0; i < n; ++i) squares += std::pow(x.get(row * n + i) - mean, 2) / static_cast<double>(n);
    const double rstd = 1 / std::sqrt(squares + eps);
    r.mean.push_back(mean);
    r.rstd.push_back(rstd);
    for (std::int64_t i = 0; i < n; ++i) {
      r.out.push_back((x.get(row * n + i) - mean) * rstd * (weight == nullptr ? 1 : weight->get(i)) +
                      (bias == nullptr ? 0 : bias->get(i)));
    }
  }
  return r;
}

Rows rows_of_last(Array& x, Array& y, int n, Array* a, Array* b, Array* mean, Array* rstd) {
  Rows r;
  r.x = x.data();
  r.y = y.data();
  r.element_bytes = x.bytes();
  const int leading = x.ndim() - n;
  for (int d = 0; d < leading; ++d) {
    r.outer.add(x.size(d), {x.stride(d), y.stride(d), mean == nullptr ? 0 : mean->stride(d),
                            rstd == nullptr ? 0 : rstd->stride(d)});
  }
  for (int d = leading; d < x.ndim(); ++d) {
    r.row.add(x.size(d), {x.stride(d), y.stride(d), a == nullptr ? 0 : a->stride(d - leading),
                          b == nullptr ? 0 : b->stride(d - leading)});
  }
  r.outer.coalesce();
  r.row.coalesce();
  return r;
}

void check_layer_norm(fg_dtype dtype, const Dims& shape, int n_normalized, Layout lx, Layout ly, Layout lw,
                      bool weighted) {
  const Dims normalized(shape.end() - n_normalized, shape.end());
  Dims stat = shape;
  std::int64_t n = 1;
  for (std::size_t d = shape.size() - static_cast<std::size_t>(n_normalized); d < shape.size(); ++d) {
    n *= shape[d];
    stat[d] = 1;
  }
  const fg_dtype wide = dtype == FG_F64 ? FG_F64 : FG_F32;
  Array x(dtype, shape, lx), y(dtype, shape, ly), w(dtype, normalized, lw), b(dtype, normalized, lw), mean(wide, stat),
      rstd(wide, stat, Layout::gaps);
  x.fill(sample);
  w.fill([](std::int64_t i) { return 1 + 0.25 * static_cast<double>(i % 4); });
  b.fill([](std::int64_t i) { return static_cast<double>(i % 3); });
  Array *pw = weighted ? &w : nullptr, *pb = weighted ? &b : nullptr;
  const LayerNormArgs args{dtype,
                           rows_of_last(x, y, n_normalized, pw, pb, &mean, &rstd),
                           weighted ? w.data() : nullptr,
                           weighted ? b.data() : nullptr,
                           mean.data(),
                           rstd.data(),
                           1e-5};
  const Workspace ws(layer_norm_workspace(args, 3));
  layer_norm(args, ThreadsExec(3), ws.get());
  const Norm want = reference(x, n, pw, pb, 1e-5, false);
  const double compute = (dtype == FG_F64 ? 0x1p-53 : 0x1p-24) * 64;
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const double expected = want.out[static_cast<std::size_t>(i)];
    ASSERT_NEAR(y.get(i), expected, tolerance(dtype, expected, n) + 8 * compute)
        << label(dtype, shape) << " element " << i;
  }
  for (std::int64_t r = 0; r < mean.count(); ++r) {
    ASSERT_NEAR(mean.get(r), want.mean[static_cast<std::size_t>(r)], 4 * compute);
    ASSERT_NEAR(rstd.get(r), want.rstd[static_cast<std::size_t>(r)], compute * want.rstd[static_cast<std::size_t>(r)]);
  }
  EXPECT_TRUE(y.gaps_untouched() && mean.gaps_untouched() && rstd.gaps_untouched());
}

TEST(LayerNorm, EveryDtypeLengthAndLayout) {
  for (const fg_dtype dtype : kFloats) {
    for (const std::int64_t n : {1, 3, 16, 65, 700})
      check_layer_norm(dtype, {7, n}, 1, Layout::dense, Layout::dense, Layout::dense, true);
    for (const Layout lx : kLayouts) {
      for (const Layout ly : kWritable) {
        check_layer_norm(dtype, {4, 5, 6}, 1, lx, ly, Layout::dense, true);
        check_layer_norm(dtype, {4, 5, 6}, 2, lx, ly, Layout::negative, true);
        check_layer_norm(dtype, {4, 5, 6}, 3, lx, ly, Layout::gaps, false);
      }
    }
  }
}

TEST(LayerNorm, NothingToNormalise) {
  Array x(FG_F32, {3, 0}), mean(FG_F32, {3, 1}), rstd(FG_F32, {3, 1});
  const LayerNormArgs args{
      FG_F32, rows_of_last(x, x, 1, nullptr, nullptr, &mean, &rstd), nullptr, nullptr, mean.data(), rstd.data(), 1e-5};
  const Workspace ws(layer_norm_workspace(args, 1));
  layer_norm(args, SerialExec(), ws.get());
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(mean.get(i)) && std::isnan(rstd.get(i)));
}

TEST(RmsNorm, EveryDtypeLengthAndLayout) {
  for (const fg_dtype dtype : kFloats) {
    for (const Dims& shape : {Dims{5, 1}, Dims{3, 48}, Dims{2, 3, 515}}) {
      for (const Layout lx : kLayouts) {
        for (const Layout ly : kWritable) {
          Array x(dtype, shape, lx), y(dtype, shape, ly),
              w(dtype, {shape.back()}, lx == Layout::repeated ? Layout::dense : lx);
          x.fill(sample);
          w.fill([](std::int64_t i) { return 1 - 0.125 * static_cast<double>(i % 5); });
          RmsNormArgs args{dtype, rows_of_last(x, y, 1, &w, nullptr, nullptr, nullptr), w.data()};
          args.eps = 1e-6;
          const Workspace ws(rms_norm_workspace(args, 2));
          rms_norm(args, ThreadsExec(2), ws.get());
          const Norm want = reference(x, shape.back(), &w, nullptr, 1e-6, true);
          for (std::int64_t i = 0; i < x.count(); ++i) {
            const double expected = want.out[static_cast<std::size_t>(i)];
            ASSERT_NEAR(y.get(i), expected, tolerance(dtype, expected, shape.back()))
                << label(dtype, shape) << " element " << i;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace fg::cpu::testing
