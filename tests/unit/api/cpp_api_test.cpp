// SPDX-License-Identifier: Apache-2.0
//
// The C++ API on the cpu plugin.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "fg/fg.hpp"

namespace {

using Floats = std::vector<float>;
using Longs = std::vector<std::int64_t>;

TEST(CppApi, ReadsLikeTensors) {
  const auto x = fg::Tensor::from({1.0f, 2.0f, 3.0f}, {3});
  EXPECT_EQ((x * 2 + 1).to_vector<float>(), (Floats{3, 5, 7}));
  EXPECT_EQ((10 - x).to_vector<float>(), (Floats{9, 8, 7}));
  EXPECT_EQ((x / x).to_vector<float>(), (Floats{1, 1, 1}));
  EXPECT_EQ((-x).to_vector<float>(), (Floats{-1, -2, -3}));
  EXPECT_EQ(fg::sum(x).item<float>(), 6.0f);
  EXPECT_EQ(x.to(fg::kF16).dtype(), fg::kF16);
  EXPECT_EQ(x.to(fg::kI64).to_vector<std::int64_t>(), (Longs{1, 2, 3}));
  EXPECT_EQ(x.to(fg::kF32).handle(), x.handle()) << "nothing to convert: the same tensor";
  EXPECT_EQ(fg::lt(x, 2).to_vector<bool>(), (std::vector<bool>{true, false, false}));
}

// x.to(dtype), and the same values one by one, so that no vector form decides.
template <class T, class From>
void expect_stored(const std::vector<From>& values, fg::Dtype dtype, const std::vector<T>& want) {
  const auto x = fg::Tensor::from(values, {static_cast<std::int64_t>(values.size())});
  EXPECT_EQ(x.to(dtype).template to_vector<T>(), want);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(fg::Tensor::from({values[i]}).to(dtype).template to_vector<T>(), std::vector<T>{want[i]}) << values[i];
  }
}

template <class From>
void expect_saturating_stores() {
  const From inf = std::numeric_limits<From>::infinity();
  const From nan = std::numeric_limits<From>::quiet_NaN();
  using Values = std::vector<From>;
  expect_stored<std::int8_t>(Values{300, 127.9, 128, -128.9, -129, -5, 1e30, -1e30, inf, -inf, nan}, fg::kI8,
                             {127, 127, 127, -128, -128, -5, 127, -128, 127, -128, 0});
  expect_stored<std::uint8_t>(Values{300, 255.9, 256, -0.9, -5, 1e30, -1e30, inf, -inf, nan}, fg::kU8,
                              {255, 255, 255, 0, 0, 255, 0, 255, 0, 0});
  expect_stored<std::int16_t>(Values{70000, 32767.5, 32768, -32768.5, -32769, 1e30, inf, -inf, nan}, fg::kI16,
                              {32767, 32767, 32767, -32768, -32768, 32767, 32767, -32768, 0});
  expect_stored<std::int32_t>(Values{2.5, -2.5, 3e9, -3e9, inf, -inf, nan}, fg::kI32,
                              {2, -2, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 0});
  expect_stored<std::int64_t>(Values{2.5, -2.5, 1e19, -1e19, inf, -inf, nan}, fg::kI64,
                              {2, -2, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, 0});
  expect_stored<bool>(Values{0, static_cast<From>(-0.0), 256, 0.25, -5, inf, nan}, fg::kBool,
                      {false, false, true, true, true, true, true});
}

TEST(CppApi, FloatsSaturateAtTheStoredTypesRange) {
  expect_saturating_stores<float>();
  expect_saturating_stores<double>();
  const auto half = fg::Tensor::from({300.0f, -5.0f, 60000.0f}).to(fg::kF16);
  EXPECT_EQ(half.to(fg::kI8).to_vector<std::int8_t>(), (std::vector<std::int8_t>{127, -5, 127}));
  EXPECT_EQ(half.to(fg::kU8).to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{255, 0, 255}));
  EXPECT_EQ(half.to(fg::kI16).to_vector<std::int16_t>(), (std::vector<std::int16_t>{300, -5, 32767}));
}

TEST(CppApi, ExpressionsSaturateAtTheStoredTypesRange) {
  const auto x = fg::Tensor::from({3.0f, -3.0f, 1.0f});
  EXPECT_EQ(fg::map("100 * x", {x}, fg::kI8).to_vector<std::int8_t>(), (std::vector<std::int8_t>{127, -128, 100}));
  EXPECT_EQ(fg::map("100 * x", {x}, fg::kU8).to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{255, 0, 100}));
  auto bytes = fg::Tensor::empty({3}, fg::kU8);
  fg::copy_(bytes, x * 100);
  EXPECT_EQ(bytes.to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{255, 0, 100}));
}

TEST(CppApi, IntegersKeepTheirLowBits) {
  expect_stored<std::int8_t>(Longs{300, -129, 1LL << 40}, fg::kI8, {44, 127, 0});
  expect_stored<std::uint8_t>(Longs{300, -5}, fg::kU8, {44, 251});
  expect_stored<std::int16_t>(Longs{70000, -32769}, fg::kI16, {4464, 32767});
}

TEST(CppApi, Views) {
  const auto x = fg::Tensor::from({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, {2, 3});
  EXPECT_EQ(x.transpose(0, 1).shape(), (Longs{3, 2}));
  EXPECT_EQ(x.t().contiguous().to_vector<float>(), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(x.slice(1, 1, std::nullopt).to_vector<float>(), (Floats{2, 3, 5, 6}));
  EXPECT_EQ(x.select(0, -1).to_vector<float>(), (Floats{4, 5, 6}));
  EXPECT_EQ(x.unsqueeze(0).squeeze().shape(), (Longs{2, 3}));
  EXPECT_EQ(x.flatten().shape(), (Longs{6}));
  EXPECT_EQ(x.reshape({3, -1}).shape(), (Longs{3, 2}));
  EXPECT_EQ(x.permute({1, 0}).size(-1), 2);
  EXPECT_EQ(x.view({1, 6}).expand({2, 6}).stride(), (Longs{0, 1}));
}

TEST(CppApi, InPlaceAndOut) {
  auto x = fg::Tensor::from({1.0f, 2.0f});
  fg::add_(x, 1);
  EXPECT_EQ(x.to_vector<float>(), (Floats{2, 3}));
  const auto out = fg::Tensor::empty({2});
  fg::mul_out(out, x, x);
  EXPECT_EQ(out.to_vector<float>(), (Floats{4, 9}));
}

TEST(CppApi, Expressions) {
  const auto x = fg::Tensor::from({0.0f, 2.0f});
  const auto y = fg::Tensor::from({1.0f, 1.0f});
  EXPECT_EQ(fg::map("a * b + a", {x, y}).to_vector<float>(), (Floats{0, 4}));
  EXPECT_EQ(fg::map("k * v", {{"k", 3}, {"v", x}}).to_vector<float>(), (Floats{0, 6}));
  EXPECT_EQ(fg::map("x > 1", {x}).dtype(), fg::kBool);
  EXPECT_EQ(fg::map("x * 2", {x.to(fg::kI32)}).dtype(), fg::kI32);
  EXPECT_EQ(fg::map("x / 2", {x.to(fg::kI32)}).dtype(), fg::kF32);
  EXPECT_EQ(fg::map("x", {x}, fg::kF16).dtype(), fg::kF16);
}

TEST(CppApi, ExpressionErrorsHaveAColumn) {
  const auto x = fg::Tensor::from({1.0f});
  try {
    fg::map("x * sigmod(x)", {x});
    FAIL() << "an unknown function was accepted";
  } catch (const fg::Exception& e) {
    EXPECT_EQ(e.status(), FG_E_INVALID);
    EXPECT_EQ(e.reason(), fg_reason{FG_R_EXPRESSION});
    EXPECT_NE(std::string(e.what()).find("column 5"), std::string::npos) << e.what();
  }
  EXPECT_THROW(fg::map("a * b", {x}), fg::Exception);
  EXPECT_THROW(fg::map("", {x}), fg::Exception);
}

TEST(CppApi, ExceptionsCarryStatusReasonAndArgument) {
  const auto x = fg::Tensor::from({1.0f, 2.0f}, {1, 2});
  try {
    fg::mm(x, x);
    FAIL();
  } catch (const fg::Exception& e) {
    EXPECT_EQ(e.status(), FG_E_INVALID);
    EXPECT_EQ(e.reason(), fg_reason{FG_R_SHAPE});
  }
  try {
    fg::gelu(x.to(fg::kI64));
    FAIL();
  } catch (const fg::Exception& e) {
    EXPECT_EQ(e.reason(), fg_reason{FG_R_DTYPE});
    EXPECT_EQ(e.arg_index(), 0);
  }
  EXPECT_THROW(fg::Tensor().shape(), fg::Exception);
  EXPECT_THROW(x.item<float>(), fg::Exception);
}

TEST(CppApi, SeveralOutputs) {
  const auto x = fg::Tensor::from({3.0f, 1.0f, 2.0f});
  const auto r = fg::sort(x);
  EXPECT_EQ(r.values.to_vector<float>(), (Floats{1, 2, 3}));
  EXPECT_EQ(r.indices.to_vector<std::int64_t>(), (Longs{1, 2, 0}));
  EXPECT_EQ(fg::nonzero(fg::Tensor::from({0.0f, 1.0f})).shape(), (Longs{1, 1}));
}

TEST(CppApi, CreationRandomAndFiles) {
  EXPECT_EQ(fg::arange(0, 5).to_vector<std::int64_t>(), (Longs{0, 1, 2, 3, 4}));
  EXPECT_EQ(fg::full({2}, 1.5).to_vector<float>(), (Floats{1.5f, 1.5f}));
  auto a = fg::Tensor::empty({8});
  auto b = fg::Tensor::empty({8});
  fg::Generator g(7);
  fg::uniform_(a, 0, 1, &g);
  EXPECT_GT(g.offset, 0u);
  fg::Generator h(7);
  fg::uniform_(b, 0, 1, &h);
  EXPECT_EQ(a.to_vector<float>(), b.to_vector<float>());
  fg::uniform_(b, 0, 1, &h);
  EXPECT_NE(a.to_vector<float>(), b.to_vector<float>());
  fg::manual_seed(3);
  try {
    fg::uniform_(a, 2, 1);  // By the plan that the calls above made.
    ADD_FAILURE() << "from above to";
  } catch (const fg::Exception& e) {
    EXPECT_EQ(e.status(), FG_E_INVALID);
    EXPECT_NE(std::string(e.what()).find("from is 2 and to is 1"), std::string::npos) << e.what();
  }
  fg::uniform_(a);
  fg::manual_seed(3);
  fg::uniform_(b);
  EXPECT_EQ(a.to_vector<float>(), b.to_vector<float>());

  const std::string path = testing::TempDir() + "fg_cpp_api";
  fg::save_npy(path + ".npy", a);
  EXPECT_EQ(fg::load_npy(path + ".npy").to_vector<float>(), a.to_vector<float>());
  fg::save_safetensors(path + ".safetensors", {{"a", a}, {"t", a.view({2, 4})}});
  const auto loaded = fg::load_safetensors(path + ".safetensors");
  ASSERT_EQ(loaded.size(), 2u);
  for (const auto& [name, t] : loaded) EXPECT_EQ(t.to_vector<float>(), a.to_vector<float>()) << name;
  EXPECT_EQ(fg::load_safetensor(path + ".safetensors", "t").shape(), (Longs{2, 4}));
  EXPECT_THROW(fg::load_safetensor(path + ".safetensors", "u"), fg::Exception);
  EXPECT_THROW(fg::load_npy("/nowhere.npy"), fg::Exception);
  std::remove((path + ".npy").c_str());
  std::remove((path + ".safetensors").c_str());
}

TEST(CppApi, ASafetensorsFileIsKnownBeforeItIsRead) {
  const std::string path = testing::TempDir() + "fg_cpp_api_info.safetensors";
  const auto a = fg::Tensor::from({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, {2, 3});
  fg::save_safetensors(path, {{"a", a}, {"b", a.to(fg::kBF16)}});
  fg::SafetensorsFile file(path);
  ASSERT_EQ(file.count(), 2u);
  for (std::uint32_t i = 0; i < 2; ++i) {
    const bool is_a = std::string(file.name(i)) == "a";
    const auto info = file.info(i);
    EXPECT_EQ(info.dtype, is_a ? fg::kF32 : fg::kBF16);
    EXPECT_EQ(info.dtype_name, is_a ? "F32" : "BF16");
    EXPECT_EQ(info.shape, (Longs{2, 3}));
    EXPECT_EQ(info.bytes, is_a ? 24u : 12u);
  }
  EXPECT_THROW(file.info(2), fg::Exception);
  const fg::SafetensorsFile moved = std::move(file);
  const auto t = moved.read("b");
  EXPECT_EQ(t.to_vector<float>(), a.to_vector<float>());
  std::remove(path.c_str());
}

TEST(CppApi, ManyThreads) {
  const auto x = fg::Tensor::from(Floats(256, 2.0f), {256});
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 300; ++k) {
        const auto y = x * t + k;
        if (y.to_vector<float>()[100] != static_cast<float>(2 * t + k)) ++wrong;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
