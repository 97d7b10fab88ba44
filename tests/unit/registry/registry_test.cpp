// SPDX-License-Identifier: Apache-2.0
//
// Selection, order, shadowing, fork and the end.

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <thread>

#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names(Registry& registry) {
  std::vector<std::string> out;
  for (const Device* d : registry.devices()) out.push_back(d->name);
  return out;
}

TEST_F(RegistryTest, NothingThereIsAnErrorThatSaysWhereItLooked) {
  const auto registry = make();
  const auto device = registry->default_device();
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().status, FG_E_UNSUPPORTED);
  EXPECT_THAT(device.error().message, HasSubstr("no plugin was found; looked in:"));
  EXPECT_THAT(device.error().message, HasSubstr(dir_.str("plugins")));
}

TEST_F(RegistryTest, OrderIsKindThenPriorityThenName) {
  for (const char* name : {"stub_cpu", "stub_software", "stub_gpu", "stub_none"}) install(name);
  const auto registry = make();
  EXPECT_THAT(names(*registry), ElementsAre("stub_gpu:0", "stub_none:0", "stub_cpu:0", "stub_software:0"));
  EXPECT_EQ((*registry->default_device())->name, "stub_gpu:0");
}

TEST_F(RegistryTest, SameHardwareTwiceIsJoined) {
  install("stub_gpu");
  install("stub_gpu_twin");
  configure("plugins: {stub_gpu_twin: {priority: 9}}\n");
  const auto registry = make();
  const auto devices = registry->devices();
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0]->name, "stub_gpu_twin:0");
  EXPECT_EQ(devices[0]->same_as, nullptr);
  EXPECT_EQ(devices[1]->same_as, devices[0]);
  EXPECT_NE(devices[0]->index, devices[1]->index);
}

TEST_F(RegistryTest, VendorSelectsAndIsStrict) {
  install("stub_gpu");
  install("stub_cpu");
  set("GEMS_VENDOR", "STUB_CPU");
  const auto registry = make();
  const auto selection = registry->default_selection();
  ASSERT_TRUE(selection) << selection.error().message;
  EXPECT_EQ(selection->device->name, "stub_cpu:0");
  EXPECT_FALSE(selection->cpu_fallback);
  EXPECT_THAT(names(*registry), ElementsAre("stub_cpu:0"));
  const Candidate c = candidate_named(*registry, "stub_gpu");
  EXPECT_EQ(c.state, CandidateState::disabled);
  EXPECT_EQ(c.reason, Refusal::not_selected);
  EXPECT_THAT(c.text, HasSubstr("GEMS_VENDOR=STUB_CPU"));
}

TEST_F(RegistryTest, ListIsAnOrderOfPreference) {
  install("stub_no_driver");
  install("stub_cpu");
  set("GEMS_VENDOR", "stub_no_driver,stub_cpu");
  EXPECT_EQ((*make()->default_device())->name, "stub_cpu:0");
  set("GEMS_VENDOR", "cpu,stub_cpu");
  EXPECT_TRUE(make()->default_selection()->cpu_fallback);
}

TEST_F(RegistryTest, ExclusionLeavesTheRest) {
  install("stub_gpu");
  install("stub_cpu");
  set("GEMS_VENDOR", "!stub_gpu");
  EXPECT_EQ((*make()->default_device())->name, "stub_cpu:0");
}

TEST_F(RegistryTest, UnknownVendorSuggestsTheNearest) {
  install("stub_gpu");
  set("GEMS_VENDOR", "stub_gup");
  const auto device = make()->default_device();
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().status, FG_E_NOT_FOUND);
  EXPECT_THAT(
      device.error().message,
      HasSubstr("GEMS_VENDOR=stub_gup cannot be served: no plugin is named stub_gup, did you mean 'stub_gpu'?"));
  EXPECT_THAT(device.error().message, HasSubstr("stub_gpu: disabled"));
}

TEST_F(RegistryTest, UnusableVendorListsEveryCandidateAndReason) {
  install("stub_no_driver");
  install("stub_wrong_epoch");
  install("stub_cpu");
  set("GEMS_VENDOR", "stub_no_driver");
  const auto device = make()->default_device();
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().status, FG_E_UNSUPPORTED);
  for (const char* part : {"NO_DRIVER", "libstubdriver.so.1 is not installed", "WRONG_EPOCH", "stub_cpu: disabled"}) {
    EXPECT_THAT(device.error().message, HasSubstr(part));
  }
}

TEST_F(RegistryTest, NoneMeansNone) {
  install("stub_cpu");
  set("GEMS_VENDOR", "none");
  const auto registry = make();
  const auto device = registry->default_device();
  ASSERT_FALSE(device);
  EXPECT_THAT(device.error().message, HasSubstr("GEMS_VENDOR=none allows no device"));
  EXPECT_TRUE(registry->devices().empty());
}

TEST_F(RegistryTest, ArgumentBeatsEnvironmentBeatsConfiguration) {
  install("stub_gpu");
  install("stub_cpu");
  install("stub_none");
  configure("vendor: stub_none\n");
  EXPECT_EQ((*make()->default_device())->name, "stub_none:0");
  set("GEMS_VENDOR", "stub_cpu");
  const auto registry = make();
  EXPECT_EQ((*registry->default_device())->name, "stub_cpu:0");
  const auto scope = registry->select("stub_gpu");
  ASSERT_TRUE(scope) << scope.error().message;
  EXPECT_EQ(scope->device->name, "stub_gpu:0");
  EXPECT_EQ((*registry->default_device())->name, "stub_cpu:0");
  EXPECT_FALSE(registry->select("stub_gpu:1"));
  EXPECT_FALSE(registry->select("no,pe"));
  EXPECT_EQ(registry->select("/tmp/x").error().status, FG_E_INVALID);
}

TEST_F(RegistryTest, DevicesAreFoundByNumberAndUuid) {
  install("stub_none");
  const auto registry = make();
  for (const char* name : {"stub_none", "stub_none:0", "stub_none:51515151", "STUB_NONE:5151-5151"}) {
    const auto device = registry->find_device(name);
    ASSERT_TRUE(device) << name << ": " << device.error().message;
    EXPECT_EQ((*device)->name, "stub_none:0");
  }
  EXPECT_THAT(registry->find_device("stub_none:3").error().message, HasSubstr("has 1 device, none is stub_none:3"));
  EXPECT_THAT(registry->find_device("stub_none:deadbeef").error().message, HasSubstr("none is stub_none:deadbeef"));
  EXPECT_EQ(registry->cpu().error().status, FG_E_NOT_FOUND);
}

TEST_F(RegistryTest, FirstOfOneNameWins) {
  const fs::path first = install("stub_none", "first");
  const fs::path second = install("stub_none", "second");
  set("FG_PLUGIN_PATH", dir_.str("first") + ":" + dir_.str("second"));
  const auto registry = make();
  const auto all = registry->candidates();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].path, first);
  EXPECT_EQ(all[0].state, CandidateState::loaded);
  EXPECT_EQ(all[1].path, second);
  EXPECT_EQ(all[1].state, CandidateState::shadowed);
  EXPECT_EQ(all[1].reason, Refusal::shadowed);
  EXPECT_THAT(all[1].text, HasSubstr(first.string()));
}

TEST_F(RegistryTest, FileThatIsNoPluginDoesNotShadow) {
  write_file(dir_.path() / "first/libfg_stub_none.so", "not an ELF file at all");
  install("stub_none", "second");
  set("FG_PLUGIN_PATH", dir_.str("first") + ":" + dir_.str("second"));
  const auto registry = make();
  const auto all = registry->candidates();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].reason, Refusal::not_elf);
  EXPECT_EQ(all[1].state, CandidateState::loaded);
}

TEST_F(RegistryTest, DamagedFilesAreListedWithTheirReason) {
  install("stub_cpu");
  const std::string image = read_file(stub("stub_none"));
  write_file(dir_.path() / "plugins/libfg_cut.so", image.substr(0, image.size() / 4));
  std::string other = image;
  other[18] = 40;  // e_machine: 32-bit ARM
  write_file(dir_.path() / "plugins/libfg_other.so", other);
  write_file(dir_.path() / "plugins/libfg_empty.so", "");
  fs::create_directories(dir_.path() / "plugins/libfg_folder.so");
  const auto registry = make();
  EXPECT_EQ(candidate_named(*registry, "cut").reason, Refusal::truncated);
  EXPECT_EQ(candidate_named(*registry, "other").reason, Refusal::wrong_machine);
  EXPECT_EQ(candidate_named(*registry, "empty").reason, Refusal::not_elf);
  EXPECT_EQ(candidate_named(*registry, "folder").reason, Refusal::unreadable);
  EXPECT_EQ((*registry->default_device())->name, "stub_cpu:0");
}

TEST_F(RegistryTest, LoadPluginTakesPathFileOrName) {
  const fs::path elsewhere = install("stub_gpu", "elsewhere");
  install("stub_none");
  install("stub_cpu");
  set("GEMS_VENDOR", "stub_cpu");
  const auto registry = make();
  EXPECT_EQ((*registry->load_plugin(elsewhere.string()))->name, "stub_gpu:0");
  EXPECT_EQ((*registry->load_plugin("libfg_stub_none.so"))->name, "stub_none:0");
  EXPECT_EQ((*registry->load_plugin("stub_cpu"))->name, "stub_cpu:0");
  EXPECT_EQ(registry->load_plugin("libfg_absent.so").error().status, FG_E_NOT_FOUND);
  EXPECT_EQ(registry->load_plugin("./absent.so").error().status, FG_E_NOT_FOUND);
  EXPECT_EQ(registry->load_plugin("absent").error().status, FG_E_NOT_FOUND);
}

TEST_F(RegistryTest, APluginThatServesAloneBringsNoOther) {
  const fs::path judged = install("stub_gpu", "elsewhere");
  install("stub_cpu");
  set("GEMS_VENDOR", "stub_cpu");
  const auto registry = make();
  const auto device = registry->load_plugin(judged.string());
  ASSERT_TRUE(device);
  ASSERT_TRUE(registry->serve_alone(**device));
  EXPECT_EQ((*registry->default_device())->name, "stub_gpu:0");
  EXPECT_EQ(candidate_named(*registry, "stub_cpu").reason, Refusal::not_selected);
  EXPECT_EQ(registry->devices().size(), 1u);
  EXPECT_EQ(registry->serve_alone(**device).error().status, FG_E_STATE);
}

TEST_F(RegistryTest, GivenPathBeatsWhatWasFoundFirst) {
  install("stub_none");
  const fs::path mine = install("stub_none", "elsewhere");
  const auto registry = make();
  ASSERT_TRUE(registry->load_plugin(mine.string()));
  const auto all = registry->candidates();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].state, CandidateState::shadowed);
  EXPECT_EQ(all[1].state, CandidateState::loaded);
  EXPECT_EQ(registry->devices().size(), 1u);
}

TEST_F(RegistryTest, ApiFoldersComeFirstAndInTime) {
  install("stub_none", "api");
  const auto registry = make();
  ASSERT_TRUE(registry->add_plugin_path(dir_.str("api")));
  EXPECT_EQ(registry->devices().size(), 1u);
  EXPECT_EQ(registry->add_plugin_path("/late").error().status, FG_E_STATE);
  EXPECT_EQ(make()->add_plugin_path("").error().status, FG_E_INVALID);
}

TEST_F(RegistryTest, UnnotedPluginNeedsPermission) {
  install("stub_no_note");
  EXPECT_EQ(candidate_named(*make(), "stub_no_note").reason, Refusal::no_note);
  set("FG_ALLOW_UNNOTED", "1");
  EXPECT_EQ(candidate_named(*make(), "stub_no_note").state, CandidateState::loaded);
}

TEST_F(RegistryTest, LostDeviceIsOfferedNoMore) {
  install("stub_gpu");
  install("stub_cpu");
  const auto registry = make();
  Device* gpu = *registry->default_device();
  const std::uint64_t before = generation();
  registry->lose(*gpu, "the bus is silent");
  EXPECT_GT(generation(), before);
  EXPECT_EQ((*registry->default_device())->name, "stub_cpu:0");
  EXPECT_EQ(registry->find_device("stub_gpu").error().status, FG_E_DEVICE_LOST);
}

TEST_F(RegistryTest, AfterShutdownEveryQuestionIsRefused) {
  install("stub_none");
  const auto registry = make();
  ASSERT_TRUE(registry->default_device());
  ASSERT_TRUE(registry->shutdown());
  EXPECT_EQ(registry->default_device().error().status, FG_E_STATE);
  EXPECT_EQ(registry->find_device("stub_none").error().status, FG_E_STATE);
  EXPECT_TRUE(registry->shutdown());
}

TEST_F(RegistryTest, ManyThreadsAskAtOnce) {
  install("stub_none");
  install("stub_cpu");
  const auto registry = make();
  std::vector<std::thread> threads;
  std::vector<Device*> found(8, nullptr);
  for (std::size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto device = i % 2 == 0 ? registry->default_device() : registry->find_device("stub_none");
      if (device) found[i] = *device;
      (void)registry->candidates();
    });
  }
  for (std::thread& t : threads) t.join();
  for (Device* d : found) {
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->name, "stub_none:0");
  }
}

TEST_F(RegistryTest, ChildOfForkIsRefused) {
  install("stub_none");
  const auto registry = make();
  ASSERT_TRUE(registry->default_device());
  const pid_t child = ::fork();
  if (child == 0) {
    const bool right = forked() && registry->default_device().error().status == FG_E_FORKED &&
                       registry->find_device("stub_none").error().status == FG_E_FORKED &&
                       registry->select("auto").error().status == FG_E_FORKED && registry->devices().empty() &&
                       registry->load_plugin("stub_none").error().status == FG_E_FORKED &&
                       registry->shutdown().error().status == FG_E_FORKED;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_FALSE(forked());
  EXPECT_TRUE(registry->default_device());
}

}  // namespace
}  // namespace fg::core::testing
