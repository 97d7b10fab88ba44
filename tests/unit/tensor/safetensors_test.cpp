// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/safetensors.hpp"

#include <unistd.h>

#include <cstring>
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

// A whole file: the length, the header, `data_bytes` of data.
std::string file_of(std::string_view header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  out += header;
  for (std::size_t i = 0; i < data_bytes; ++i) out += static_cast<char>(i);
  return out;
}

Result<SafetensorsHeader> parse(std::string_view file) { return parse_safetensors(std::as_bytes(std::span(file))); }

class Safetensors : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "fg_safetensors_" + std::to_string(::getpid()) + ".safetensors";
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string path_;
};

TEST_F(Safetensors, ReadsEntriesInTheOrderOfTheData) {
  const auto h = parse(file_of(R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
                               R"("__metadata__":{"format":"pt"},)"
                               R"("a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                               R"("none":{"dtype":"BF16","shape":[3,0],"data_offsets":[16,16]}}   )",
                               16));
  ASSERT_TRUE(h) << h.error().message;
  ASSERT_EQ(h->entries.size(), 3u);
  EXPECT_EQ(h->entries[0].name, "a");
  EXPECT_EQ(h->entries[1].name, "b");
  EXPECT_EQ(h->entries[1].dtype, FG_F32);
  EXPECT_EQ(h->entries[2].shape, (Ints{3, 0}));
  EXPECT_EQ(h->metadata.at("format"), "pt");
  EXPECT_TRUE(parse(file_of("{}", 0)));
}

struct Hostile {
  const char* header;
  std::size_t data;
  const char* text;
};

TEST_F(Safetensors, RefusesHostileHeaders) {
  const Hostile cases[] = {
      {"", 0, "does not begin with '{'"},
      {"[]", 0, "does not begin with '{'"},
      {" {}", 0, "does not begin with '{'"},
      {"{", 0, "not valid JSON"},
      {"{}x", 0, "not valid JSON"},
      {"{}{}", 0, "not valid JSON"},
      {R"({"a":1})", 0, "\"a\" has a number where the format has none"},
      {R"({"a":null})", 0, "null"},
      {R"({"a":[[[[[[[[)", 0, "a list where the format has none"},
      {R"({"a":{"b":{"c":{)", 0, "unknown key \"b\""},
      {R"({"a":{"shape":{}}})", 0, "an object where the format has none"},
      {R"({"a":{"shape":[[1]]}})", 0, "a list where the format has none"},
      {R"({"a":{"dtype":["F32"]}})", 0, "a list where the format has none"},
      {R"({"a":{"dtype":"","shape":[1],"data_offsets":[0,4]}})", 4, "the dtype \"\""},
      {R"({"a":{"dtype":"F3333333333333333333333333333333333","shape":[1],"data_offsets":[0,4]}})", 4, "dtype \"F33"},
      {R"({"a":{"dtype":"U64","shape":[1],"data_offsets":[0,4]}})", 4, "of dtype U64 and shape [1] needs 8 bytes"},
      {R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", 1, "of dtype F4"},
      {R"({"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,4]}})", 4, "needs 3 bytes"},
      {R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,8]}})", 4, "bytes 0 to 8 of 4"},
      {R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[4,8]}})", 8, "a gap"},
      {R"({"a":{"dtype":"F33","shape":[4611686018427387904,4],"data_offsets":[0,4]}})", 4, "2^63"},
      {R"({"a":{"dtype":"U16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
       6, "overlaps"},
      {R"({"a":{"dtype":"U16","dtype":"U16","shape":[2],"data_offsets":[0,4]}})", 4, "\"dtype\" twice"},
      {R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", 4, "a number where"},
      {R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4, "\"a\" has no dtype"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, "no shape"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", 4, "no data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}})", 4, "1 data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4, "more than two data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4, "unknown key \"x\""},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4, "\"dtype\" twice"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4, "its name twice"},
      {R"({"__metadata__":{"a":"1","a":"2"}})", 0, "\"a\" twice"},
      {R"({"__metadata__":{"a":1}})", 0, "a number where"},
      {R"({"__metadata__":{"a":{}}})", 0, "an object where"},
      {R"({"__metadata__":"x"})", 0, "a string where"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "negative number -1"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "fraction or exponent"},
      {R"({"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}})", 4, "fraction or exponent"},
      {R"({"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}})", 4, "boolean"},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", 4,
       "the size 18446744073709551615"},
      {R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})", 4, "fraction or exponent"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}})", 4, "2^63"},
      {R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,8],"data_offsets":[0,0]}})", 0, "2^63"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4,
       "more than 16 dimensions"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "needs 8 bytes, its data_offsets hold 4"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "bytes 4 to 0 of 4"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 4, "bytes 0 to 8 of 4"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,0]}})", 4, "of 4 bytes of data"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "a gap"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
       6, "overlaps"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       4, "overlaps"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5, "end at byte 4 of 5"},
      {"{\"a\xFF\":{}}", 0, "not valid JSON"},
      {R"({"\ud800":{}})", 0, "not valid JSON"},
  };
  for (const Hostile& c : cases) {
    const auto h = parse(file_of(c.header, c.data));
    ASSERT_FALSE(h) << c.header;
    EXPECT_EQ(h.error().status, FG_E_INVALID);
    EXPECT_NE(h.error().message.find(c.text), std::string::npos) << c.header << "\n" << h.error().message;
    EXPECT_EQ(h.error().message.rfind("safetensors: ", 0), 0u) << h.error().message;
  }
}

TEST_F(Safetensors, DtypesThatAreNotOursLeaveTheOthersUsable) {
  write(file_of(R"({"u":{"dtype":"U64","shape":[1],"data_offsets":[0,8]},)"
                R"("a":{"dtype":"I32","shape":[1],"data_offsets":[8,12]},)"
                R"("scales":{"dtype":"F8_E8M0","shape":[2],"data_offsets":[12,14]},)"
                R"("half":{"dtype":"F4","shape":[2,2],"data_offsets":[14,16]},)"
                R"("new":{"dtype":"F33","shape":[7],"data_offsets":[16,20]}})",
                20));
  const auto file = SafetensorsFile::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  const auto ours = file->load("a", host_device());
  ASSERT_TRUE(ours) << ours.error().message;
  std::int32_t value = 0;
  ASSERT_TRUE(copy_to_host(*ours, std::as_writable_bytes(std::span(&value, 1))));
  EXPECT_EQ(value, 0x0B0A0908);
  ASSERT_EQ(file->entries().size(), 5u);
  EXPECT_EQ(file->data(file->entries()[4]).size(), 4u);
  for (const auto& [name, dtype] : {std::pair{"u", "U64"}, {"scales", "F8_E8M0"}, {"half", "F4"}, {"new", "F33"}}) {
    const auto t = file->load(name, host_device());
    ASSERT_FALSE(t) << name;
    EXPECT_EQ(t.error().status, FG_E_UNSUPPORTED);
    EXPECT_EQ(t.error().reason, FG_R_DTYPE);
    EXPECT_NE(t.error().message.find(std::string("\"") + name + "\" has dtype " + dtype), std::string::npos)
        << t.error().message;
  }
}

TEST_F(Safetensors, RefusesHostileLengths) {
  const std::string good = file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4);
  ASSERT_TRUE(parse(good));
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(parse(std::string_view(good).substr(0, cut))) << "cut to " << cut << " bytes";
  }
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, good.size(), std::uint64_t{1} << 26, std::uint64_t{1} << 40, UINT64_MAX}) {
    std::string bad = good;
    std::memcpy(bad.data(), &length, sizeof length);
    EXPECT_FALSE(parse(bad)) << "header length " << length;
  }
}

TEST_F(Safetensors, DeepNestingDoesNotOverflowTheStack) {
  EXPECT_FALSE(parse(file_of("{\"a\":" + std::string(3'000'000, '['), 0)));
  std::string deep = "{";
  for (int i = 0; i < 100'000; ++i) deep += "\"a\":{";
  EXPECT_FALSE(parse(file_of(deep, 0)));
}

TEST_F(Safetensors, RoundTripsEveryDtype) {
  std::vector<NamedTensor> out;
  for (const DtypeName& d : kDtypes) {
    const Tensor t = empty(host_device(), d.dtype, Ints{3, 5}).value();
    std::vector<std::byte> bytes(static_cast<std::size_t>(15 * dtype_bytes(d.dtype)));
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + d.dtype);
    ASSERT_TRUE(copy_from_host(t, bytes));
    out.push_back({"layer." + std::string(d.name) + "\"\n", t});
  }
  out.push_back({"nothing", empty(host_device(), FG_F32, Ints{0, 7}).value()});
  out.push_back({"scalar", iota({})});
  out.push_back({"turned", views::t(iota({2, 3})).value()});
  ASSERT_TRUE(save_safetensors(path_, out, {{"format", "pt"}, {"note", "a \"b\""}}));
  const auto file = SafetensorsFile::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata().at("note"), "a \"b\"");
  EXPECT_EQ(file->entries().size(), out.size());
  for (Device* device : {host_device(), test::make_fake_device({.synchronous = false})}) {
    for (const NamedTensor& n : out) {
      const auto back = file->load(n.name, device);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(back->dtype(), n.tensor.dtype());
      EXPECT_EQ(to_vector(back->shape()), to_vector(n.tensor.shape()));
      std::vector<std::byte> a(static_cast<std::size_t>(n.tensor.numel() * dtype_bytes(n.tensor.dtype())));
      std::vector<std::byte> b(a.size());
      ASSERT_TRUE(copy_to_host(n.tensor, a));
      ASSERT_TRUE(copy_to_host(*back, b));
      EXPECT_EQ(a, b) << n.name;
    }
  }
}

TEST_F(Safetensors, TensorsAreTheMappedFileAndOutliveIt) {
  ASSERT_TRUE(save_safetensors(path_, std::vector<NamedTensor>{{"a", iota({4})}, {"b", iota({4})}}));
  Tensor a;
  {
    const auto file = SafetensorsFile::open(path_);
    a = file->load("a", host_device()).value();
    const Tensor again = file->load("a", host_device()).value();
    EXPECT_EQ(a->desc.ptr, again->desc.ptr) << "loading twice copied";
  }
  EXPECT_EQ(elements(a), (Ints{0, 1, 2, 3}));
  const Ints changed{9, 9, 9, 9};
  ASSERT_TRUE(copy_from_host(a, std::as_bytes(std::span(changed))));
  EXPECT_EQ(elements(SafetensorsFile::open(path_)->load("b", host_device()).value()), (Ints{0, 1, 2, 3}));
  EXPECT_FALSE(views::as_strided(a, Ints{8}, Ints{1}, 0)) << "a view reached into the next tensor of the file";
}

TEST_F(Safetensors, CopiesDataThatIsNotAligned) {
  write(file_of(
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"I64","shape":[1],"data_offsets":[1,9]}})",
      9));
  const auto file = SafetensorsFile::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(elements(file->load("b", host_device()).value()), (Ints{0x0807060504030201}));
}

TEST_F(Safetensors, SaysWhatIsMissing) {
  EXPECT_EQ(SafetensorsFile::open("/no/such.safetensors").error().status, FG_E_NOT_FOUND);
  write(file_of("{}", 0));
  const auto t = SafetensorsFile::open(path_)->load("weight", host_device());
  ASSERT_FALSE(t);
  EXPECT_EQ(t.error().status, FG_E_NOT_FOUND);
  EXPECT_NE(t.error().message.find("no tensor \"weight\""), std::string::npos);
  write("short");
  const auto bad = SafetensorsFile::open(path_);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message.rfind(path_, 0), 0u) << bad.error().message;
}

TEST_F(Safetensors, RefusesToSaveWhatCouldNotBeRead) {
  const Tensor t = iota({1});
  EXPECT_FALSE(save_safetensors(path_, std::vector<NamedTensor>{{"a", t}, {"a", t}}));
  EXPECT_FALSE(save_safetensors(path_, std::vector<NamedTensor>{{"__metadata__", t}}));
  EXPECT_FALSE(save_safetensors(path_, std::vector<NamedTensor>{{"a", Tensor{}}}));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace fg::core
