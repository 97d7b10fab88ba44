// SPDX-License-Identifier: Apache-2.0
//
// fg-vulkan-kernels: compiles the variants that the kernels built into the plugin name (//@check), and of the
// kernel files that are named, and validates the SPIR-V.  Exit code 1 when one is wrong.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "plugins/gpu/kernel_files.hpp"
#include "plugins/vulkan/validate.hpp"

namespace {

using fg::Result;

int wrong = 0, right = 0;

void check(std::string_view name, std::string_view text) {
  const auto one = [&]() -> Result<void> {
    FG_TRY_ASSIGN(const auto variants, fg::vulkan::variants_of(name, text));
    if (variants.empty()) return fg::invalid("names no variant to check, expected a //@check line");
    for (const fg::gpu::Source& s : variants) {
      FG_TRY(fg::vulkan::validate_source(s));
      ++right;
    }
    return {};
  };
  if (const auto r = one(); !r) {
    ++wrong;
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), r.error().message.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const fg::gpu::KernelFile& f : fg::gpu::kernel_files()) check(f.name, f.text);
  for (int k = 1; k < argc; ++k) {
    std::ostringstream text;
    text << std::ifstream(argv[k]).rdbuf();
    check(std::filesystem::path(argv[k]).stem().string(), text.str());
  }
  std::printf("%d variants are valid, %d kernels are wrong\n", right, wrong);
  return wrong == 0 ? 0 : 1;
}
