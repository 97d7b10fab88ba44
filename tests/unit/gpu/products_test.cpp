// SPDX-License-Identifier: Apache-2.0
//
// Products large enough for matrix units, in all layouts, with edges, parts of k, batches and self: small integers,
// whose sums are exact, so that every bit is known.  FG_TEST_DEVICE names the device; one without matrix units takes
// its other kernels.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fg/fg.hpp>

#include "fg/sdk/dtype.hpp"

namespace {

// Where the elements of a matrix lie: its rows or its columns are contiguous, or it is part of a larger one and begins
// at an odd place.
enum class Place : std::uint8_t { rows, columns, part };
constexpr Place kPlaces[] = {Place::rows, Place::columns, Place::part};

// A batch of matrices of -1, 0 and 1, as integers and as a tensor.
struct Matrices {
  std::int64_t batch, rows, cols;
  std::vector<float> values;

  Matrices(std::int64_t b, std::int64_t r, std::int64_t c, std::uint32_t seed) : batch(b), rows(r), cols(c) {
    values.resize(static_cast<std::size_t>(b * r * c));
    for (float& v : values) v = static_cast<float>((seed = seed * 1664525 + 1013904223) >> 16 & 3) - 1;
    for (float& v : values) v = v == 2 ? 0 : v;
  }
  float at(std::int64_t b, std::int64_t r, std::int64_t c) const {
    return values[static_cast<std::size_t>(((batch == 1 ? 0 : b) * rows + r) * cols + c)];
  }
  fg::Tensor tensor(Place place, fg::Dtype dtype, const fg::Device& device) const {
    const fg::Tensor dense = fg::Tensor::from(values, {batch, rows, cols}, device).to(dtype);
    if (place == Place::columns) return dense.transpose(1, 2).contiguous().transpose(1, 2);
    if (place == Place::rows) return dense;
    const fg::Tensor wide = fg::zeros({batch, rows, cols + 9}, dtype, device);
    const fg::Tensor part = wide.slice(2, 1, cols + 1, 1);
    fg::copy_(part, dense);
    return part;
  }
};

class GpuProducts : public testing::TestWithParam<fg_dtype> {
 protected:
  void SetUp() override {
    const char* name = std::getenv("FG_TEST_DEVICE");
    ASSERT_NE(name, nullptr);
    device = fg::Device(name);
  }
  fg::Tensor tensor(const Matrices& x, Place place = Place::rows) { return x.tensor(place, dtype, device); }
  float rounded(float x) const {
    return GetParam() == FG_F16 ? static_cast<float>(fg::f16(x)) : static_cast<float>(fg::bf16(x));
  }
  // got = alpha * (a @ b) + beta * self, self of one row a matrix.
  void expect(const fg::Tensor& got, const Matrices& a, const Matrices& b, float alpha = 1, float beta = 0,
              const Matrices* self = nullptr) const {
    const std::int64_t batch = std::max(a.batch, b.batch);
    const std::vector<float> values = got.to_vector<float>();
    ASSERT_EQ(values.size(), static_cast<std::size_t>(batch * a.rows * b.cols));
    std::size_t wrong = 0;
    std::vector<float> row(static_cast<std::size_t>(b.cols));
    for (std::int64_t z = 0; z < batch; ++z) {
      for (std::int64_t i = 0; i < a.rows; ++i) {
        std::fill(row.begin(), row.end(), 0.0f);
        for (std::int64_t l = 0; l < a.cols; ++l) {
          const float x = a.at(z, i, l);
          for (std::int64_t j = 0; j < b.cols; ++j) row[static_cast<std::size_t>(j)] += x * b.at(z, l, j);
        }
        for (std::int64_t j = 0; j < b.cols; ++j) {
          const float sum = row[static_cast<std::size_t>(j)];
          const float expected = rounded(alpha * sum + (self == nullptr ? 0 : beta * self->at(z, 0, j)));
          const float value = values[static_cast<std::size_t>((z * a.rows + i) * b.cols + j)];
          if (value != expected && wrong++ < 3) {
            ADD_FAILURE() << "matrix " << z << " row " << i << " column " << j << ": " << value << ", expected "
                          << expected;
          }
        }
      }
    }
    EXPECT_EQ(wrong, 0u);
  }

  fg::Device device;
  fg::Dtype dtype{GetParam()};
};

TEST_P(GpuProducts, EveryLayoutWithAndWithoutWholePieces) {
  for (const auto [m, n, k] :
       {std::array<std::int64_t, 3>{136, 264, 200}, {131, 263, 201}, {33, 300, 1000}, {300, 40, 64}}) {
    const Matrices a(1, m, k, 1), b(1, k, n, 2);
    for (const Place at : kPlaces) {
      for (const Place bt : kPlaces) {
        SCOPED_TRACE(testing::Message() << m << "x" << n << "x" << k << " places " << static_cast<int>(at) << " "
                                        << static_cast<int>(bt));
        expect(fg::mm(tensor(a, at).squeeze({0}), tensor(b, bt).squeeze({0})), a, b);
      }
    }
  }
}

TEST_P(GpuProducts, FewTilesAndLongSums) {
  for (const std::int64_t k : {4096, 5003}) {
    const Matrices a(1, 65, k, 3), b(1, k, 72, 4);
    expect(fg::mm(tensor(a).squeeze({0}), tensor(b).squeeze({0})), a, b);
  }
}

TEST_P(GpuProducts, SumsOfMoreTermsThanLoopsMayHaveRounds) {
  const Matrices a(1, 2, 300001, 27), b(1, 300001, 3, 28);
  expect(fg::mm(tensor(a).squeeze({0}), tensor(b).squeeze({0})), a, b);
}

// One column more than an H200's tiles of 128 have room for, which wider tiles or product_rows take.
TEST_P(GpuProducts, AColumnBesideWholeTiles) {
  // On a processor, which has no such tiles, a tenth of the work.
  const std::int64_t k = (device.info().caps & FG_D_SOFTWARE) != 0 ? 101 : 1101;
  const Matrices a(1, 2047, k, 23), b(1, k, 2049, 24);
  expect(fg::mm(tensor(a).squeeze({0}), tensor(b).squeeze({0})), a, b);
}

TEST_P(GpuProducts, OutMayBeColumnsOrPartOfAMatrix) {
  const Matrices a(1, 140, 96, 5), b(1, 96, 72, 6), none(1, 140, 72, 0);
  for (const Place place : kPlaces) {
    const fg::Tensor out = tensor(none, place).squeeze({0});
    fg::mm_out(out, tensor(a).squeeze({0}), tensor(b).squeeze({0}));
    expect(out, a, b);
  }
}

TEST_P(GpuProducts, BatchesAndOneMatrixForAll) {
  for (const Place place : kPlaces) {
    const Matrices a(3, 70, 90, 7), b(3, 90, 75, 8), one(1, 90, 75, 9);
    expect(fg::bmm(tensor(a, place), tensor(b, place)), a, b);
    expect(fg::bmm(tensor(a, place), tensor(one, place).expand({3, 90, 75})), a, one);
  }
}

TEST_P(GpuProducts, SelfIsAddedAndSumsAreScaled) {
  const Matrices self(1, 1, 150, 10), a(1, 130, 160, 11), b(1, 160, 150, 12);
  const fg::Tensor x = tensor(a).squeeze({0}), y = tensor(b).squeeze({0}), row = tensor(self).squeeze({0});
  expect(fg::addmm(row, x, y, 3, 2), a, b, 2, 3, &self);
  expect(fg::addmm(row, x, y, 0, 2), a, b, 2);
  const Matrices long_a(1, 66, 6000, 13), long_b(1, 6000, 150, 14);  // In parts of k.
  expect(fg::addmm(row, tensor(long_a).squeeze({0}), tensor(long_b).squeeze({0}), 3, 1), long_a, long_b, 1, 3, &self);
  const Matrices batch_self(2, 1, 80, 15), batch_a(2, 64, 128, 16), batch_b(2, 128, 80, 17);
  expect(fg::baddbmm(tensor(batch_self), tensor(batch_a), tensor(batch_b), -1, 1), batch_a, batch_b, 1, -1,
         &batch_self);
}

TEST_P(GpuProducts, LinearOfRowsThatDoNotFollowEachOther) {
  const Matrices input(6, 40, 128, 18), weight(1, 72, 128, 19), bias(1, 1, 72, 20);
  const fg::Tensor w = tensor(weight).squeeze({0}), c = tensor(bias).squeeze({0}).squeeze({0});
  Matrices turned(1, 128, 72, 0);
  for (std::int64_t i = 0; i < 128; ++i) {
    for (std::int64_t j = 0; j < 72; ++j) turned.values[static_cast<std::size_t>(i * 72 + j)] = weight.at(0, j, i);
  }
  for (const Place place : kPlaces) {
    // Four dimensions, of which no two are one.
    const fg::Tensor x = tensor(input, place).view({2, 3, 40, 128});
    const fg::Tensor outer = fg::zeros({3, 2, 41, 128}, dtype, device).transpose(0, 1).slice(2, 0, 40, 1);
    fg::copy_(outer, x);
    Matrices one_bias = bias;
    expect(fg::linear(outer, w, c), input, turned, 1, 1, &one_bias);
  }
}

TEST_P(GpuProducts, SameBitsEveryTime) {
  const Matrices a(1, 300, 3000, 21), b(1, 3000, 200, 22);
  const fg::Tensor x = tensor(a).squeeze({0}) * 0.37f, y = tensor(b).squeeze({0}) * 0.73f;
  const std::vector<float> first = fg::mm(x, y).to_vector<float>();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fg::mm(x, y).to_vector<float>(), first);
}

INSTANTIATE_TEST_SUITE_P(Dtypes, GpuProducts, testing::Values(FG_F16, FG_BF16),
                         [](const auto& of) { return std::string(fg::dtype_name(of.param)); });

}  // namespace
