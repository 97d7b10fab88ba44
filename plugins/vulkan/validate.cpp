// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/validate.hpp"

#include <algorithm>
#include <iterator>
#include <spirv-tools/libspirv.hpp>
#include <sstream>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/kernel_files.hpp"

namespace fg::vulkan {
namespace {

constexpr std::string_view kCheck = "//@check";

std::vector<std::string> check_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream all{std::string(text)};
  for (std::string line; std::getline(all, line);) {
    if (line.rfind(kCheck, 0) == 0) lines.push_back(line.substr(kCheck.size()));
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

Result<gpu::Param> param_of(const std::string& text) {
  const std::size_t colon = std::min(text.find(':'), text.size() - 1);
  for (int t = 0; t <= static_cast<int>(gpu::ParamType::idx); ++t) {
    const auto type = static_cast<gpu::ParamType>(t);
    if (gpu::param_word(type) == text.substr(0, colon)) return gpu::Param{type, text.substr(colon + 1), 1};
  }
  return invalid("param=" + text + ": expected TYPE:NAME");
}

Result<void> apply(gpu::Source& s, const std::string& word);

// "rows" or "rows/2": the functions of that kernel file before the others, and the words of its first or second line.
Result<void> apply_with(gpu::Source& s, const std::string& what) {
  const std::size_t slash = std::min(what.find('/'), what.size());
  const std::string name = what.substr(0, slash);
  const std::size_t number = slash == what.size() ? 1 : std::stoul(what.substr(slash + 1));
  for (const gpu::KernelFile& f : gpu::kernel_files()) {
    if (f.name != name) continue;
    const std::vector<std::string> lines = check_lines(f.text);
    if (number == 0 || number > lines.size()) break;
    FG_TRY_ASSIGN(const gpu::Source library, gpu::parse_source(name, f.text, {}));
    s.functions = library.functions + s.functions;
    for (const std::string& word : words_of(lines[number - 1])) FG_TRY(apply(s, word));
    return {};
  }
  return invalid("with=" + what + ": no such line of a kernel file");
}

// One word behind the dtypes of a //@check line.
Result<void> apply(gpu::Source& s, const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals), value = equals == std::string::npos ? "" : word.substr(equals + 1);
  if (word == "wide") {
    s.wide_index = true;
  } else if (word == "uses_f64") {
    s.uses_f64 = true;
  } else if (name == "group") {
    s.group_size = static_cast<std::uint32_t>(std::stoul(value));
  } else if (name == "with") {
    return apply_with(s, value);
  } else if (name == "param") {
    FG_TRY_ASSIGN(gpu::Param p, param_of(value));
    s.params.push_back(std::move(p));
  } else {
    s.define(name, value);
  }
  return {};
}

Result<gpu::Source> variant(std::string_view name, std::string_view text, const std::string& line) {
  const std::vector<std::string> words = words_of(line);
  std::vector<fg_dtype> dtypes;
  while (dtypes.size() < words.size()) {
    const auto dtype = dtype_from_name(words[dtypes.size()]);
    if (!dtype) break;
    dtypes.push_back(*dtype);
  }
  FG_TRY_ASSIGN(gpu::Source s, gpu::parse_source(name, text, dtypes));
  for (std::size_t k = dtypes.size(); k < words.size(); ++k) FG_TRY(apply(s, words[k]));
  if (s.buffers.empty() && s.params.empty())
    s.params.push_back({gpu::ParamType::i32, "nothing", 1});  // no empty blocks
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

std::span<const TypicalDevice> typical_devices() {
  static const std::vector<TypicalDevice> all = [] {
    gpu::Features gpu, processor;
    gpu.f64 = processor.f64 = true;
    gpu.max_group = processor.max_group = 1024;
    gpu.local_bytes = 48 << 10;
    gpu.compute_units = 132;
    processor.software = processor.few_kernels = true;
    const GlslTarget most{
        .f16 = true, .atomic64 = true, .push_bytes = 256, .atomic_f32 = true, .atomic_f64 = true, .subgroup = 32};
    const GlslTarget lavapipe{
        .atomic64 = true, .split_groups = true, .llvmpipe = true, .atomic_f32 = true, .subgroup = 8};
    return std::vector<TypicalDevice>{{"gpu", most, {true, true, true, true, true, true, true, true, true}, gpu},
                                      {"processor", lavapipe, {}, processor},
                                      {"least", {.split_groups = true}, {}, {}}};
  }();
  return all;
}

Result<void> validate_source(const gpu::Source& source) {
  for (const TypicalDevice& d : typical_devices()) {
    FG_TRY_ASSIGN(const Spirv module, compile_glsl(source.name, print_glsl(source, d.target)));
    FG_TRY(validate(finish_module(module, d.controls)));
  }
  return {};
}

Result<std::vector<gpu::Source>> variants_of(std::string_view name, std::string_view text) {
  std::vector<gpu::Source> variants;
  for (const std::string& line : check_lines(text)) {
    FG_TRY_ASSIGN(gpu::Source s, variant(name, text, line));
    variants.push_back(std::move(s));
  }
  return variants;
}

}  // namespace fg::vulkan
