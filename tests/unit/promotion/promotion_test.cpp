// SPDX-License-Identifier: Apache-2.0
//
// The promotion rules against tables made by PyTorch (torch_tables.hpp).

#include "core/catalogue/promotion.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "fg/sdk/dtype.hpp"
#include "tests/unit/promotion/torch_tables.hpp"

namespace fg::core {
namespace {

fg_dtype dtype_of(char letter) {
  const std::size_t k = kLetters.find(letter);
  return k < kDtypes.size() ? kDtypes[k].dtype : kNoDtype;
}
char letter_of(fg_dtype dtype) {
  for (std::size_t k = 0; k < kDtypes.size(); ++k) {
    if (kDtypes[k].dtype == dtype) return kLetters[k];
  }
  return '-';
}

TEST(Promotion, TypesPromoteLikePyTorchs) {
  ASSERT_EQ(kLetters.size(), kDtypes.size());
  for (std::size_t a = 0; a < kLetters.size(); ++a) {
    std::string row;
    for (const char b : kLetters) row += letter_of(promote_types(dtype_of(kLetters[a]), dtype_of(b)));
    EXPECT_EQ(row, kPromoteTypes[a]) << "row of " << kLetters[a];
  }
}

TEST(Promotion, TensorsThenZeroDimThenNumbers) {
  for (std::size_t k = 0; k < kResultType.size(); ++k) {
    const std::size_t dim = k / kNumberLetters.size();
    const char number = kNumberLetters[k % kNumberLetters.size()];
    std::string row;
    for (std::size_t zero = 0; zero <= kLetters.size(); ++zero) {
      std::vector<Operand> operands;
      if (zero < kLetters.size()) operands.push_back(Operand::tensor(dtype_of(kLetters[zero]), 0));
      if (number != '-') operands.push_back({dtype_of(number), Operand::Rank::number});
      if (dim < kLetters.size()) operands.push_back(Operand::tensor(dtype_of(kLetters[dim]), 3));
      row += letter_of(result_type(operands));
    }
    EXPECT_EQ(row, kResultType[k]) << "tensor " << (dim < kLetters.size() ? kLetters[dim] : '-') << ", number "
                                   << number;
  }
}

TEST(Promotion, KindsDecideTheOutput) {
  constexpr std::array<Promote, 6> kKindOrder = {Promote::default_,     Promote::int_to_float,     Promote::always_bool,
                                                 Promote::bool_to_long, Promote::complex_to_float, Promote::no_opmath};
  const auto row_of = [](Promote kind) {
    std::string row;
    for (const char d : kLetters) {
      const Operand o = Operand::tensor(dtype_of(d), 1);
      const Result<Promoted> p = promote(kind, {&o, 1});
      row += p ? letter_of(p->out) : '-';
    }
    return row;
  };
  for (std::size_t k = 0; k < kKinds.size(); ++k) EXPECT_EQ(row_of(kKindOrder[k]), kKinds[k]) << k;
  EXPECT_EQ(row_of(Promote::sum), kSum[0]);
  EXPECT_EQ(row_of(Promote::same), kLetters);
}

TEST(Promotion, ComparisonsHappenInTheCommonDtype) {
  const std::array<Operand, 2> operands = {Operand::tensor(FG_I32, 1), Operand::tensor(FG_F16, 1)};
  const Result<Promoted> p = promote(Promote::always_bool, operands);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->common, FG_F16);
  EXPECT_EQ(p->out, FG_BOOL);
}

TEST(Promotion, TheDtypeAttributeDecidesBoth) {
  const Operand o = Operand::tensor(FG_I32, 1);
  const Result<Promoted> p = promote(Promote::sum, {&o, 1}, FG_F64);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->common, FG_F64);
  EXPECT_EQ(p->out, FG_F64);
  EXPECT_EQ(promote(Promote::sum, {}, FG_U8)->out, FG_U8);
}

TEST(Promotion, NoneLeavesEveryArgumentAlone) {
  const Operand o = Operand::tensor(FG_I32, 1);
  EXPECT_EQ(promote(Promote::none, {&o, 1})->common, kNoDtype);
}

TEST(Promotion, SaysWhatDoesNotMix) {
  const std::array<Operand, 2> operands = {Operand::tensor(FG_F8_E4M3FN, 1), Operand::tensor(FG_F32, 1)};
  const Result<Promoted> p = promote(Promote::default_, operands);
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().message, "no dtype holds f8_e4m3fn, f32 together; convert one of them");
  EXPECT_EQ(p.error().reason, static_cast<fg_reason>(FG_R_DTYPE));
  EXPECT_EQ(promote(Promote::default_, {}).error().message, "no operand decides the dtype");
}

TEST(Promotion, NumbersCountByTheirCategory) {
  fg_scalar s{};
  s.kind = FG_SCALAR_BOOL;
  EXPECT_EQ(Operand::number(s).dtype, FG_BOOL);
  s.kind = FG_SCALAR_INT;
  EXPECT_EQ(Operand::number(s).dtype, FG_I64);
  s.kind = FG_SCALAR_FLOAT;
  EXPECT_EQ(Operand::number(s).dtype, FG_F64);
  const Operand alone = Operand::number(s);
  EXPECT_EQ(result_type({&alone, 1}), kDefaultFloat);
}

TEST(Promotion, CanCastLikePyTorch) {
  for (std::size_t a = 0; a < kLetters.size(); ++a) {
    std::string row;
    for (const char b : kLetters) row += can_cast(dtype_of(kLetters[a]), dtype_of(b)) ? 'y' : 'n';
    EXPECT_EQ(row, kCanCast[a]) << "row of " << kLetters[a];
  }
}

}  // namespace
}  // namespace fg::core
