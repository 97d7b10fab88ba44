// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/npy.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/tensor/views.hpp"
#include "tests/unit/tensor/tensor_fixture.hpp"

namespace fg::core {
namespace {

using test::elements;
using test::host_device;
using test::Ints;
using test::iota;
using test::to_vector;

std::string file_of(std::string_view dict, std::size_t data_bytes, int major = 1) {
  std::string out("\x93NUMPY");
  out += static_cast<char>(major);
  out += '\0';
  const std::size_t n = dict.size();
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) out += static_cast<char>(n >> (8 * i) & 0xFF);
  out += dict;
  for (std::size_t i = 0; i < data_bytes; ++i) out += static_cast<char>(i);
  return out;
}

Result<NpyHeader> parse(std::string_view file) { return parse_npy(std::as_bytes(std::span(file))); }

class Npy : public testing::Test {
 protected:
  void SetUp() override { path_ = testing::TempDir() + "fg_npy_" + std::to_string(::getpid()) + ".npy"; }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_;
};

TEST_F(Npy, ReadsEveryVersion) {
  for (const int major : {1, 2, 3}) {
    const auto h = parse(file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n", 24, major));
    ASSERT_TRUE(h) << h.error().message;
    EXPECT_EQ(h->dtype, FG_F32);
    EXPECT_EQ(h->shape, (Ints{2, 3}));
    EXPECT_FALSE(h->fortran_order);
  }
}

TEST_F(Npy, ReadsOtherWaysToWriteAHeader) {
  EXPECT_EQ(parse(file_of("{'shape': (), 'descr': '|b1', 'fortran_order': True}", 1))->dtype, FG_BOOL);
  EXPECT_EQ(parse(file_of("{\"shape\":(3,),\"descr\":\"<u1\",\"fortran_order\":False}", 3))->dtype, FG_U8);
  EXPECT_EQ(parse(file_of("{'shape': (3L, 0L), 'descr': '<i8', 'fortran_order': False,}", 0))->shape, (Ints{3, 0}));
}

struct Hostile {
  const char* dict;
  std::size_t data;
  fg_status status;
  const char* text;
};

TEST_F(Npy, RefusesWhatItCannotRead) {
  const Hostile cases[] = {
      {"", 0, FG_E_INVALID, "no '{'"},
      {"{'descr': '<f4'}", 0, FG_E_INVALID, "lacks"},
      {"{'descr': '<f4', 'descr': '<f4'}", 0, FG_E_INVALID, "'descr' twice"},
      {"{'what': '<f4'}", 0, FG_E_INVALID, "unknown key 'what'"},
      {"{'descr': '<f4', 'fortran_order': Maybe}", 0, FG_E_INVALID, "neither True nor False"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 0, FG_E_INVALID, "no size"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}", 0, FG_E_INVALID, "no ','"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", 0, FG_E_INVALID, "no ','"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 0, FG_E_INVALID, "no size"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", 0, FG_E_INVALID, "2^63"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}", 4, FG_E_INVALID,
       "16 dimensions"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 7, FG_E_INVALID, "needs 8 bytes, the file holds 7"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 9, FG_E_INVALID, "needs 8 bytes, the file holds 9"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", 8, FG_E_INVALID, "after the header"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2", 8, FG_E_INVALID, "no"},
      {"{'descr': '<f4", 0, FG_E_INVALID, "without an end"},
      {"{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,)}", 8, FG_E_UNSUPPORTED, "structured"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", 16, FG_E_UNSUPPORTED, "Python objects"},
      {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}", 8, FG_E_UNSUPPORTED, "big-endian"},
      {"{'descr': '<u4', 'fortran_order': False, 'shape': (2,)}", 8, FG_E_UNSUPPORTED, "'<u4' has no counterpart"},
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", 16, FG_E_UNSUPPORTED, "no counterpart"},
      {"{'descr': '<U3', 'fortran_order': False, 'shape': (2,)}", 24, FG_E_UNSUPPORTED, "no counterpart"},
  };
  for (const Hostile& c : cases) {
    const auto h = parse(file_of(c.dict, c.data));
    ASSERT_FALSE(h) << c.dict;
    EXPECT_EQ(h.error().status, c.status) << h.error().message;
    EXPECT_NE(h.error().message.find(c.text), std::string::npos) << c.dict << "\n" << h.error().message;
  }
}

TEST_F(Npy, RefusesEveryTruncation) {
  const std::string good = file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24);
  ASSERT_TRUE(parse(good));
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(parse(std::string_view(good).substr(0, cut))) << cut;
  EXPECT_FALSE(parse(file_of("{}", 0, 4)));
  std::string long_header = file_of("{}", 0, 2);
  long_header[11] = '\x7F';
  EXPECT_NE(parse(long_header).error().message.find("at most"), std::string::npos);
}

TEST_F(Npy, RoundTripsEveryDtypeNumpyHas) {
  for (const DtypeName& d : kDtypes) {
    for (const Ints& shape : {Ints{}, Ints{5}, Ints{2, 3}, Ints{2, 0}}) {
      const Tensor t = empty(host_device(), d.dtype, shape).value();
      std::vector<std::byte> bytes(static_cast<std::size_t>(t.numel() * dtype_bytes(d.dtype)));
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i + 1);
      ASSERT_TRUE(copy_from_host(t, bytes));
      const auto saved = save_npy(path_, t);
      if (d.dtype == FG_BF16 || d.dtype == FG_F8_E4M3FN || d.dtype == FG_F8_E5M2) {
        EXPECT_EQ(saved.error().status, FG_E_UNSUPPORTED);
        continue;
      }
      ASSERT_TRUE(saved) << saved.error().message;
      EXPECT_EQ(std::filesystem::file_size(path_) % 64, bytes.size() % 64) << "the data is not aligned";
      const Tensor back = load_npy(path_, host_device()).value();
      EXPECT_EQ(back.dtype(), d.dtype);
      EXPECT_EQ(to_vector(back.shape()), shape);
      std::vector<std::byte> again(bytes.size());
      ASSERT_TRUE(copy_to_host(back, again));
      EXPECT_EQ(again, bytes);
    }
  }
}

TEST_F(Npy, FortranOrderBecomesStrides) {
  std::ofstream(path_, std::ios::binary) << file_of("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 6);
  for (Device* device : {host_device(), test::make_fake_device({.synchronous = false})}) {
    const Tensor t = load_npy(path_, device).value();
    EXPECT_EQ(to_vector(t.stride()), (Ints{1, 2}));
    std::uint8_t values[6];
    ASSERT_TRUE(copy_to_host(t, std::as_writable_bytes(std::span(values))));
    EXPECT_EQ(std::vector<int>(values, values + 6), (std::vector<int>{0, 2, 4, 1, 3, 5}));
  }
}

TEST_F(Npy, SavesViewsRowMajor) {
  ASSERT_TRUE(save_npy(path_, views::t(iota({2, 3})).value()));
  const Tensor back = load_npy(path_, host_device()).value();
  EXPECT_TRUE(back.dense());
  EXPECT_EQ(elements(back), (Ints{0, 3, 1, 4, 2, 5}));
}

TEST_F(Npy, NamesTheFileInErrors) {
  EXPECT_EQ(load_npy("/no/such.npy", host_device()).error().status, FG_E_NOT_FOUND);
  std::ofstream(path_) << "text";
  const auto t = load_npy(path_, host_device());
  ASSERT_FALSE(t);
  EXPECT_EQ(t.error().message.rfind(path_, 0), 0u) << t.error().message;
}

}  // namespace
}  // namespace fg::core
