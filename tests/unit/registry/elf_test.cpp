// SPDX-License-Identifier: Apache-2.0
#include "core/registry/elf.hpp"

#include <elf.h>
#include <gmock/gmock.h>

#include <cstring>
#include <random>

#include "tests/unit/registry/fixture.hpp"

namespace fg::core::testing {
namespace {

using ::testing::ElementsAre;

Judged<ElfFacts> read(const std::string& image) {
  return read_elf(std::as_bytes(std::span(image.data(), image.size())));
}

Refusal refusal_of(const std::string& image) {
  const auto facts = read(image);
  return facts ? Refusal::none : facts.error().refusal;
}

TEST(Elf, ReadsTheFactsOfAPlugin) {
  const auto facts = read(read_file(stub("stub_none")));
  ASSERT_TRUE(facts) << facts.error().text;
  ASSERT_TRUE(facts->note);
  EXPECT_STREQ(facts->note->name, "stub_none");
  EXPECT_EQ(facts->note->epoch, FG_ABI_EPOCH);
  EXPECT_THAT(facts->exports, ElementsAre("fg_plugin_query_v1"));
  EXPECT_TRUE(facts->unique.empty());
  EXPECT_FALSE(facts->text_relocations);
  EXPECT_FALSE(facts->executable_stack);
  EXPECT_FALSE(facts->needed.empty());
}

TEST(Elf, RefusesWhatIsNoPlugin) {
  EXPECT_EQ(refusal_of(""), Refusal::not_elf);
  EXPECT_EQ(refusal_of("#!/bin/sh\necho hello\n"), Refusal::not_elf);
  EXPECT_EQ(refusal_of("\x7f"
                       "ELF"),
            Refusal::not_elf);
  EXPECT_EQ(refusal_of(read_file(FG_PROBE)), Refusal::none) << "a position independent program is ET_DYN";
}

std::string patched(std::size_t offset, std::uint16_t value) {
  std::string image = read_file(stub("stub_none"));
  std::memcpy(image.data() + offset, &value, sizeof value);
  return image;
}

TEST(Elf, RefusesOtherMachines) {
  EXPECT_EQ(refusal_of(patched(offsetof(Elf64_Ehdr, e_machine), EM_S390)), Refusal::wrong_machine);
  std::string image = read_file(stub("stub_none"));
  image[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(refusal_of(image), Refusal::wrong_machine);
  image[EI_CLASS] = ELFCLASS64;
  image[EI_DATA] = image[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
  EXPECT_EQ(refusal_of(image), Refusal::wrong_machine);
  EXPECT_EQ(refusal_of(patched(offsetof(Elf64_Ehdr, e_type), ET_EXEC)), Refusal::not_shared_object);
}

TEST(Elf, EveryTruncationIsRefused) {
  const std::string image = read_file(stub("stub_none"));
  // The last part of the file holds debug information and section headers, which are not read.
  std::size_t needed = image.size();
  while (needed > 0 && refusal_of(image.substr(0, needed - 1)) == Refusal::none) --needed;
  ASSERT_GT(needed, sizeof(Elf64_Ehdr));
  for (std::size_t n = 0; n < needed; n += n < 4096 ? 1 : 61) {
    EXPECT_NE(refusal_of(image.substr(0, n)), Refusal::none) << n;
  }
}

// Whatever is in the file, reading it ends, stays inside (a sanitizer watches) and needs little.
TEST(Elf, DamagedFilesAreSurvived) {
  const std::string good = read_file(stub("stub_none"));
  std::mt19937 random(7);
  const std::size_t interesting = std::min<std::size_t>(good.size(), 8192);
  for (int round = 0; round < 20000; ++round) {
    std::string image = good;
    for (int i = 0; i < 4; ++i) image[random() % interesting] = static_cast<char>(random());
    const auto facts = read(image);
    if (facts) (void)judge_elf(*facts, "libfg_stub_none.so", {});
  }
}

TEST(Elf, NamesOfFiles) {
  EXPECT_EQ(plugin_name_of_file("libfg_acme.so"), "acme");
  EXPECT_EQ(plugin_name_of_file("libacme.so"), "");
  EXPECT_EQ(plugin_name_of_file("libfg_.so"), "");
  EXPECT_TRUE(valid_plugin_name("acme_2"));
  for (const char* bad : {"", "2acme", "Acme", "a-b", "a.b", "abcdefghijklmnopqrstuvwxyzabcdefg"}) {
    EXPECT_FALSE(valid_plugin_name(bad)) << bad;
  }
}

TEST(Elf, StrictRunpathIsOriginOnly) {
  auto facts = read(read_file(stub("stub_none")));
  ASSERT_TRUE(facts);
  const auto judge = [&](const char* element, bool strict) {
    facts->runpath = {element};
    const auto judged = judge_elf(*facts, "libfg_stub_none.so", {.strict = strict});
    return judged ? Refusal::none : judged.error().refusal;
  };
  EXPECT_EQ(judge("$ORIGIN", true), Refusal::none);
  EXPECT_EQ(judge("$ORIGIN/../x", true), Refusal::none);
  EXPECT_EQ(judge("$ORIGINAL", true), Refusal::runpath);
  EXPECT_EQ(judge("/opt/acme/lib", false), Refusal::none);
  EXPECT_EQ(judge("/opt/acme/lib", true), Refusal::runpath);
  EXPECT_EQ(judge("", false), Refusal::runpath);
  EXPECT_EQ(judge("lib", false), Refusal::runpath);
}

TEST(Elf, CoreMustNotBeLinked) {
  auto facts = read(read_file(stub("stub_none")));
  ASSERT_TRUE(facts);
  facts->needed.push_back("libfg_core.so.0");
  const auto judged = judge_elf(*facts, "libfg_stub_none.so", {});
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().refusal, Refusal::links_core);
}

TEST(Elf, FileNameAndNoteMustAgree) {
  const auto facts = read(read_file(stub("stub_none")));
  ASSERT_TRUE(facts);
  const auto judged = judge_elf(*facts, "libfg_cpu.so", {});
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().refusal, Refusal::name_mismatch);
}

}  // namespace
}  // namespace fg::core::testing
