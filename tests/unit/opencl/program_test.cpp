// SPDX-License-Identifier: Apache-2.0
//
// Compiling: logs, the cache of binaries, and kernels used from several streams.

#include "plugins/opencl/program.hpp"

#include <array>
#include <thread>

#include "plugins/opencl/buffer.hpp"
#include "tests/unit/opencl/support.hpp"

namespace fg::test {
namespace {

using OpenClProgram = OpenClTest;

constexpr std::string_view kAdd =
    "//@inout y\n//@param i32 by\n//@main\n"
    "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\n"
    "y_store(at, y_load(at) + by);\n";
constexpr std::array kI32{FG_I32};

TEST_F(OpenClProgram, TheCompilersLogIsInTheError) {
  if (!have_device()) return;
  const auto s = stream();
  const auto r = run(*s, "//@out y\n//@main\ny_store(0, nobody_knows_this);\n", kI32, {nullptr}, {}, 1);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().status, FG_E_COMPILE);
  EXPECT_EQ(r.error().vendor_code, CL_BUILD_PROGRAM_FAILURE);
  EXPECT_EQ(r.error().message.find("kernel test: clBuildProgram failed: CL_BUILD_PROGRAM_FAILURE (-11): "), 0u)
      << r.error().message;
  EXPECT_NE(r.error().message.find("nobody_knows_this"), std::string::npos) << r.error().message;
}

TEST_F(OpenClProgram, ADriverWithACacheOfItsOwnIsAskedForNoBinary) {
  if (!have_device()) return;
  const auto source = gpu::parse_source("add", kAdd, kI32);
  const auto made = device().compile(*source);
  ASSERT_TRUE(made);
  EXPECT_EQ(static_cast<bool>(made->keep), !device().facts().keeps_programs);
}

TEST_F(OpenClProgram, WhatThePreludeDoesNotDeclareComesFromTheDriversHeader) {
  if (!have_device()) return;
  const auto s = stream();
  const auto b = buffer(4);
  constexpr std::array kF32{FG_F32};
  ASSERT_TRUE(run(*s, "//@out y\n//@main\ny_store(0, max(cospi(1.0f), -2.0f));\n", kF32, {b.get()}, {}, 1, 1));
  EXPECT_EQ(read<float>(*s, *b, 1)[0], -1.0f);
  EXPECT_EQ(host_.lines.find("with the driver's header") != std::string::npos, device().facts().reads_header);
}

TEST_F(OpenClProgram, BinariesComeFromTheCacheAndDamageDoesNoHarm) {
  host_.options["keep_binaries"] = "true";
  if (!have_device()) return;
  const auto source = gpu::parse_source("add", kAdd, kI32);
  const auto compile = [&] {
    const auto made = device().compile(*source);
    ASSERT_TRUE(made);
    if (made->keep) made->keep();
  };
  compile();
  ASSERT_EQ(host_.blobs.size(), 1u);
  const std::string good = host_.blobs.begin()->second;
  ASSERT_GT(good.size(), 8u);
  compile();
  EXPECT_EQ(host_.blobs.begin()->second, good) << "a program from the cache is not stored again";
  for (const std::string& bad : {std::string(), good.substr(0, good.size() / 2), std::string(good.size(), 'x')}) {
    host_.blobs.begin()->second = bad;
    compile();
    EXPECT_GT(host_.blobs.begin()->second.size(), 8u) << "it is built anew and kept";
  }
}

// However often: the same call takes the same program, and so has the same bits.
TEST_F(OpenClProgram, LaunchesThatDoMuchAreOptimised) {
  if (!have_device()) return;
  const auto s = stream();
  struct Way {
    std::uint64_t groups, bytes;
    bool much;
  };
  constexpr int kLaunches = 40;
  for (const Way& way : {Way{1, 256, false}, Way{1, 1 << 20, false}, Way{256, 65536, true}}) {
    const auto b = buffer(way.bytes);
    ASSERT_TRUE(s->fill({b.get(), 0}, 256, 0));
    const std::string text = std::string(kAdd) + "// " + std::to_string(way.groups + way.bytes) + "\n";
    auto source = gpu::parse_source("test", text, kI32);
    source->group_size = 64;
    const auto& program = static_cast<const opencl::Program&>(**device().programs().get(*source));
    EXPECT_EQ(program.quick, device().facts().optimises_late);
    for (int k = 1; k <= kLaunches; ++k) {
      ASSERT_TRUE(run(*s, text, kI32, {b.get()}, {1}, way.groups));
      EXPECT_EQ(program.better.load() != nullptr, program.quick && way.much) << k;
    }
    EXPECT_EQ(read<std::int32_t>(*s, *b, 64), std::vector<std::int32_t>(64, kLaunches));
  }
}

TEST_F(OpenClProgram, AllKernelsAreOptimisedWhereAllAreWanted) {
  host_.options["all_kernels"] = "true";
  if (!have_device()) return;
  const auto source = gpu::parse_source("add", kAdd, kI32);
  EXPECT_FALSE(static_cast<const opencl::Program&>(**device().programs().get(*source)).quick);
}

TEST_F(OpenClProgram, StreamsUseOneProgramAtOnce) {
  if (!have_device()) return;
  constexpr int kThreads = 4, kRounds = 200;
  std::vector<std::thread> threads;
  for (int t = 1; t <= kThreads; ++t) {
    threads.emplace_back([&, t] {
      const auto s = stream();
      const auto b = buffer(64 * 4);
      EXPECT_TRUE(s->fill({b.get(), 0}, 64 * 4, 0));
      for (int k = 0; k < kRounds; ++k) EXPECT_TRUE(run(*s, kAdd, kI32, {b.get()}, {t}, 1));
      EXPECT_EQ(read<std::int32_t>(*s, *b, 64), std::vector<std::int32_t>(64, t * kRounds));
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST_F(OpenClProgram, ABufferMayBeAbsent) {
  if (!have_device()) return;
  constexpr std::array kTwo{FG_I32, FG_F32};
  const auto s = stream();
  const auto b = buffer(256);
  ASSERT_TRUE(run(*s, "//@out y\n//@in x\n//@main\ny_store(idx(LOCAL_ID), GROUP_COUNT == i64(1) ? 5 : 6);\n", kTwo,
                  {b.get(), nullptr}, {}, 1));
  EXPECT_EQ(read<std::int32_t>(*s, *b, 64), std::vector<std::int32_t>(64, 5));
}

TEST_F(OpenClProgram, KernelsMayBeGivenAddresses) {
  host_.options["addresses"] = "true";
  if (!have_device()) return;
  ASSERT_NE(device().addresses(), nullptr) << host_.lines;
  constexpr std::array kTwo{FG_I32, FG_I32};
  const auto s = stream();
  const auto x = buffer(1024), y = buffer(1024);
  const auto& memory = static_cast<const opencl::Buffer&>(*x);
  EXPECT_EQ(device().addresses()->of(memory.memory()).value_or(0), memory.address());
  ASSERT_TRUE(s->fill({x.get(), 0}, 1024, 7));
  ASSERT_TRUE(s->fill({y.get(), 0}, 1024, 0));
  const std::string_view text =
      "//@out y\n//@in x\n//@main\nif (LOCAL_ID < 128u) y_store(idx(LOCAL_ID) + idx(128), x_load(idx(LOCAL_ID)) + "
      "1);\n";
  ASSERT_TRUE(run(*s, text, kTwo, {y.get(), x.get()}, {}, 1, 256));
  std::vector<std::int32_t> expected(256, 0);
  std::fill(expected.begin() + 128, expected.end(), 8);
  EXPECT_EQ(read<std::int32_t>(*s, *y, 256), expected);
}

}  // namespace
}  // namespace fg::test
