// SPDX-License-Identifier: Apache-2.0
//
// One compilation a program, and nobody waits for files.  The device is the test's own; what would hang is found by
// the test's deadline.

#include "plugins/gpu/programs.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "plugins/gpu/kernel_files.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

std::span<const KernelFile> kernel_files() { return {}; }
std::span<const TunableKernel* const> tunable_kernels() { return {}; }

namespace {

struct Compiler final : Device {
  const Features& features() const override { return features_; }
  fg_device_info info() const override { return {}; }
  Result<std::unique_ptr<fg_buffer>> allocate(std::uint32_t, std::uint64_t, std::uint64_t) override { return none(); }
  Result<std::unique_ptr<fg_stream>> make_stream(std::int32_t) override { return none(); }
  Result<std::unique_ptr<fg_timeline>> make_timeline(std::uint64_t) override { return none(); }
  Result<Compiled> compile(const Source& source) override {
    ++compiled;
    if (on_compile) FG_TRY(on_compile(source));
    return Compiled{std::make_unique<Program>(), on_keep};
  }
  static tl::unexpected<Error> none() { return unsupported("the test's device has none"); }

  std::atomic<int> compiled{0};
  std::function<Result<void>(const Source&)> on_compile;
  std::function<void()> on_keep;

 private:
  Features features_;
};

Source named(const char* name) {
  Source s;
  s.name = name;
  return s;
}

std::future<Result<const Program*>> ask(Compiler& device, const char* name) {
  return std::async(std::launch::async, [&device, name] { return device.programs().get(named(name)); });
}

TEST(Programs, AreCompiledOnceWhoeverAsks) {
  Compiler device;
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  device.on_compile = [&](const Source&) -> Result<void> {
    gone.wait();
    return {};
  };
  std::vector<std::future<Result<const Program*>>> asked;
  for (int k = 0; k < 8; ++k) asked.push_back(ask(device, "one"));
  while (device.compiled == 0) std::this_thread::yield();
  go.set_value();
  const Program* const first = *asked[0].get();
  for (std::size_t k = 1; k < asked.size(); ++k) EXPECT_EQ(*asked[k].get(), first);
  EXPECT_EQ(device.compiled, 1);
  EXPECT_EQ(first->source.name, "one");
}

TEST(Programs, NobodyWaitsForFiles) {
  Compiler device;
  std::promise<void> writing, written;
  device.on_keep = [&] {
    writing.set_value();
    written.get_future().wait();
  };
  auto slow = ask(device, "one");
  writing.get_future().wait();
  EXPECT_TRUE(device.programs().get(named("one")));  // the same program, while its maker still writes
  EXPECT_EQ(slow.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  EXPECT_EQ(device.compiled, 1);
  written.set_value();
  EXPECT_TRUE(slow.get());
}

TEST(Programs, AnotherProgramNeverWaits) {
  Compiler device;
  std::promise<void> begun, go;
  device.on_compile = [&](const Source& s) -> Result<void> {
    if (s.name != "slow") return {};
    begun.set_value();
    go.get_future().wait();
    return {};
  };
  auto slow = ask(device, "slow");
  begun.get_future().wait();
  EXPECT_TRUE(device.programs().get(named("other")));
  go.set_value();
  EXPECT_TRUE(slow.get());
}

TEST(Programs, AFailureIsTriedAgain) {
  Compiler device;
  device.on_compile = [&](const Source&) -> Result<void> {
    if (device.compiled == 1) return fail(FG_E_COMPILE, "the first time");
    if (device.compiled == 2) throw std::runtime_error("the second time");
    return {};
  };
  EXPECT_EQ(device.programs().get(named("one")).error().message, "the first time");
  EXPECT_THROW((void)device.programs().get(named("one")), std::runtime_error);
  EXPECT_TRUE(device.programs().get(named("one")));
  EXPECT_EQ(device.compiled, 3);
}

}  // namespace
}  // namespace fg::gpu
