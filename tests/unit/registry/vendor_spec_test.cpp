// SPDX-License-Identifier: Apache-2.0
#include "core/registry/vendor_spec.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <utility>

namespace fg::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Environment env(std::map<std::string, std::string> values, bool elevated = false) {
  return Environment(std::move(values), elevated);
}

std::string error_of(std::string_view text) {
  const auto spec = parse_vendor_spec(text, "GEMS_VENDOR");
  return spec ? "accepted" : spec.error().message;
}

TEST(VendorSpec, ReadsTheGrammar) {
  const auto spec = parse_vendor_spec(" Vulkan:1 , CPU, !opencl,acme:9F3C-2a11");
  ASSERT_TRUE(spec) << spec.error().message;
  ASSERT_EQ(spec->items.size(), 3u);
  EXPECT_EQ(spec->items[0].name, "vulkan");
  EXPECT_EQ(spec->items[0].ordinal, 1u);
  EXPECT_EQ(spec->items[1].name, "cpu");
  EXPECT_FALSE(spec->items[1].ordinal);
  EXPECT_EQ(spec->items[2].uuid_prefix, "9f3c2a11");
  EXPECT_THAT(spec->excluded, ElementsAre("opencl"));
  EXPECT_TRUE(spec->admits("cpu"));
  EXPECT_FALSE(spec->admits("opencl"));
  EXPECT_FALSE(spec->admits("other"));
}

TEST(VendorSpec, AutoAdmitsAllButTheExcluded) {
  for (const char* text : {"auto,!opencl", "!opencl", "!OpenCL , auto"}) {
    const auto spec = parse_vendor_spec(text);
    ASSERT_TRUE(spec) << text;
    EXPECT_TRUE(spec->admits("cpu")) << text;
    EXPECT_FALSE(spec->admits("opencl")) << text;
  }
}

TEST(VendorSpec, NoneAdmitsNobody) {
  const auto spec = parse_vendor_spec("none");
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->none);
  EXPECT_FALSE(spec->admits("cpu"));
}

TEST(VendorSpec, DigitsAreAnOrdinalOrAUuid) {
  EXPECT_EQ(parse_device_name("cpu:7")->ordinal, 7u);
  EXPECT_EQ(parse_device_name("cpu:123")->ordinal, 123u);
  EXPECT_EQ(parse_device_name("cpu:12345678")->uuid_prefix, "12345678");
}

TEST(VendorSpec, RefusesWhatIsNoRequest) {
  EXPECT_THAT(error_of(""), HasSubstr("empty item"));
  EXPECT_THAT(error_of("cpu,,vulkan"), HasSubstr("empty item"));
  EXPECT_THAT(error_of("cpu,"), HasSubstr("empty item"));
  EXPECT_THAT(error_of("/usr/lib/libfg_cpu.so"), HasSubstr("never a path"));
  EXPECT_THAT(error_of("../cpu"), HasSubstr("never a path"));
  EXPECT_THAT(error_of("cpu:"), HasSubstr("behind the colon"));
  EXPECT_THAT(error_of("cpu:xyz"), HasSubstr("behind the colon"));
  EXPECT_THAT(error_of("cpu:-1"), HasSubstr("behind the colon"));
  EXPECT_THAT(error_of("none,cpu"), HasSubstr("none stands alone"));
  EXPECT_THAT(error_of("!cpu,cpu"), HasSubstr("both asks for cpu and excludes it"));
  EXPECT_THAT(error_of("auto:0"), HasSubstr("only a plugin"));
  EXPECT_THAT(error_of("!auto"), HasSubstr("behind '!'"));
  EXPECT_THAT(error_of("!"), HasSubstr("plugin name"));
  EXPECT_THAT(error_of(std::string(5000, 'a')), HasSubstr("at most 1024"));
  EXPECT_THAT(error_of("cpu\x01"), HasSubstr("GEMS_VENDOR: 'cpu?'"));
}

TEST(VendorChoice, PrefersTheEnvironmentOverTheConfiguration) {
  const auto choice = vendor_choice(env({{"GEMS_VENDOR", "cpu"}}), "vulkan", "fg.yaml:1");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->spec.text, "cpu");
  EXPECT_EQ(choice->spec.source, "GEMS_VENDOR");
  EXPECT_EQ(vendor_choice(env({}), "vulkan", "fg.yaml:1")->spec.source, "fg.yaml:1");
  EXPECT_EQ(vendor_choice(env({}), "", "")->spec.text, "auto");
  EXPECT_EQ(vendor_choice(env({{"GEMS_VENDOR", ""}}), "", "")->spec.text, "auto");
}

TEST(VendorChoice, SynonymsAreAcceptedWithANotice) {
  const auto choice = vendor_choice(env({{"FLAGGEMS_BACKEND", "cpu"}}), "", "");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->spec.text, "cpu");
  ASSERT_EQ(choice->notices.size(), 1u);
  EXPECT_THAT(choice->notices[0], HasSubstr("FLAGGEMS_BACKEND"));
  EXPECT_TRUE(vendor_choice(env({{"GEMS_VENDOR", "cpu"}, {"GEMS_BACKEND", " CPU"}}), "", ""));
}

TEST(VendorChoice, SynonymsThatDisagreeAreAnError) {
  const auto choice = vendor_choice(env({{"GEMS_VENDOR", "cpu"}, {"GEMS_BACKEND", "vulkan"}}), "", "");
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().status, FG_E_INVALID);
  EXPECT_THAT(choice.error().message, HasSubstr("GEMS_VENDOR=cpu and GEMS_BACKEND=vulkan disagree"));
}

TEST(VendorChoice, IsIgnoredInAnElevatedProcess) {
  const auto choice = vendor_choice(env({{"GEMS_VENDOR", "evil"}}, true), "", "");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->spec.text, "auto");
  ASSERT_EQ(choice->notices.size(), 1u);
  EXPECT_THAT(choice->notices[0], HasSubstr("elevated"));
}

}  // namespace
}  // namespace fg::core
