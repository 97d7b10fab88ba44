// SPDX-License-Identifier: Apache-2.0
//
// Memory that is not there, with devices and machines that do not exist.

#include "conformance/runner/room.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace fg::conformance {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

fg_device_info device(std::uint64_t total, std::uint64_t left, std::uint64_t caps) {
  fg_device_info d{};
  d.mem_total = total;
  d.mem_free = left;
  d.caps = caps;
  return d;
}

TEST(Room, IsThatOfTheDevice) {
  const fg_device_info large = device(32 * kGiB, 20 * kGiB, 0), small = device(32 * kGiB, 4 * kGiB, 0);
  EXPECT_TRUE(need_memory(large, kGiB, 8 * kGiB)) << "its memory is its own";
  const Result<void> r = need_memory(small, 64 * kGiB, 8 * kGiB);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().status, FG_E_OOM_DEVICE) << "which is RESOURCE";
  EXPECT_EQ(r.error().message, "needs 9216 MiB of the device, which has 4096 left");
}

TEST(Room, IsThatOfTheHostWhereMemoryIsShared) {
  const fg_device_info shared = device(32 * kGiB, 20 * kGiB, FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE);
  EXPECT_TRUE(need_memory(shared, 10 * kGiB, 8 * kGiB));
  EXPECT_FALSE(need_memory(shared, 8 * kGiB, 8 * kGiB)) << "an eighth stays for others";
}

TEST(Room, WithoutAWordOfWhatIsFreeIsTheWhole) {
  EXPECT_TRUE(need_memory(device(32 * kGiB, 0, 0), 0, 8 * kGiB));
  EXPECT_FALSE(need_memory(device(0, 0, 0), UINT64_MAX, 8 * kGiB));
}

// A folder that stands for the root of a system.
class Root : public testing::Test {
 protected:
  Root() : path_((fs::temp_directory_path() / ("fg-room-" + std::to_string(::getpid()))).string()) {
    write("/proc/meminfo", "MemTotal:       24689276 kB\nMemFree:  1000 kB\nMemAvailable:   2097152 kB\n");
  }
  ~Root() override {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void write(const std::string& file, const std::string& text) const {
    fs::create_directories(fs::path(path_ + file).parent_path());
    std::ofstream(path_ + file) << text;
  }
  std::string path_;
};

TEST_F(Root, SaysWhatTheMachineHas) { EXPECT_EQ(host_memory_left(path_), 2 * kGiB); }

TEST_F(Root, AControlGroupMayHaveLess) {
  write("/sys/fs/cgroup/memory.max", "1073741824\n");
  write("/sys/fs/cgroup/memory.current", "805306368\n");
  EXPECT_EQ(host_memory_left(path_), kGiB / 4);
  write("/sys/fs/cgroup/memory.stat", "anon 100\ninactive_file 268435456\nactive_file 5\n");
  EXPECT_EQ(host_memory_left(path_), kGiB / 2) << "what files take is given back";
  write("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(host_memory_left(path_), 2 * kGiB);
}

TEST(HostMemory, NobodyKnowsIsNoLimit) { EXPECT_GE(host_memory_left("/nowhere"), UINT64_MAX / 1024 * 1024 - 1024); }

}  // namespace
}  // namespace fg::conformance
