// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/validate.hpp"

#include <algorithm>
#include <spirv-tools/libspirv.hpp>
#include <sstream>

#include "fg/sdk/dtype.hpp"

namespace fg::vulkan {
namespace {

// One word behind the dtypes of a //@check line.
void apply(gpu::Source& s, const std::string& word) {
  const std::size_t equals = word.find('=');
  if (word == "wide") {
    s.wide_index = true;
  } else if (word.rfind("group=", 0) == 0) {
    s.group_size = static_cast<std::uint32_t>(std::stoul(word.substr(6)));
  } else {
    s.define(word.substr(0, equals), equals == std::string::npos ? std::string() : word.substr(equals + 1));
  }
}

Result<gpu::Source> variant(std::string_view name, std::string_view text, const std::string& line) {
  std::istringstream words(line);
  std::vector<fg_dtype> dtypes;
  std::vector<std::string> rest;
  for (std::string word; words >> word;) {
    const auto dtype = dtype_from_name(word);
    if (dtype && rest.empty()) {
      dtypes.push_back(*dtype);
    } else {
      rest.push_back(word);
    }
  }
  FG_TRY_ASSIGN(gpu::Source s, gpu::parse_source(name, text, dtypes));
  for (const std::string& word : rest) apply(s, word);
  return s;
}

}  // namespace

Result<void> validate(const Spirv& module) {
  std::string log;
  spvtools::SpirvTools tools(SPV_ENV_VULKAN_1_2);
  tools.SetMessageConsumer([&](spv_message_level_t, const char*, const spv_position_t&, const char* message) {
    log += std::string(message) + "\n";
  });
  spvtools::ValidatorOptions options;
  options.SetScalarBlockLayout(true);
  if (tools.Validate(module.data(), module.size(), options)) return {};
  return fail(FG_E_COMPILE, "SPIR-V is not valid: " + log);
}

Result<void> validate_source(const gpu::Source& source) {
  const struct {
    GlslTarget target;
    FloatControls controls;
  } devices[] = {{{false, false, true, 128}, {}},
                 {{true, true, false, 256}, {true, true, true, true, true, true, true, true, true}}};
  for (const auto& d : devices) {
    FG_TRY_ASSIGN(const Spirv module, compile_glsl(source.name, print_glsl(source, d.target)));
    FG_TRY(validate(finish_module(module, d.controls)));
  }
  return {};
}

Result<std::vector<gpu::Source>> variants_of(std::string_view name, std::string_view text) {
  constexpr std::string_view kCheck = "//@check";
  std::vector<std::string> lines;
  std::istringstream all{std::string(text)};
  for (std::string line; std::getline(all, line);) {
    if (line.rfind(kCheck, 0) == 0) lines.push_back(line.substr(kCheck.size()));
  }
  std::vector<gpu::Source> variants;
  for (const std::string& line : lines) {
    FG_TRY_ASSIGN(gpu::Source s, variant(name, text, line));
    variants.push_back(std::move(s));
  }
  return variants;
}

}  // namespace fg::vulkan
