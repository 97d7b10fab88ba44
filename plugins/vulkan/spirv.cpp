// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/spirv.hpp"

#include <glslang/Public/ResourceLimits.h>
#include <glslang/Public/ShaderLang.h>
#include <glslang/SPIRV/GlslangToSpv.h>
#include <glslang/build_info.h>

#include <algorithm>
#include <mutex>
#include <string_view>

namespace fg::vulkan {
namespace {

// glslang's own tables are made once in a process and stay: other users of the library may come and go.
void initialise() {
  static std::once_flag once;
  std::call_once(once, [] { glslang::InitializeProcess(); });
}

// The line of `text` that "ERROR: 0:41: ..." names.
std::string named_line(std::string_view log, std::string_view text) {
  const std::size_t at = log.find("ERROR: 0:");
  if (at == std::string_view::npos) return {};
  std::size_t line = 0;
  for (std::size_t k = at + 9; k < log.size() && log[k] >= '0' && log[k] <= '9'; ++k) {
    line = line * 10 + static_cast<std::size_t>(log[k] - '0');
  }
  for (std::size_t k = 1; k < line && !text.empty(); ++k)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return "\nline " + std::to_string(line) + ": " + std::string(text.substr(0, text.find('\n')));
}

tl::unexpected<Error> rejected(const std::string& name, const std::string& text, const char* log) {
  const std::string_view said = log;
  return fail(FG_E_COMPILE,
              "kernel " + name + ": glslang: " + std::string(said.substr(0, 300)) + named_line(said, text));
}

}  // namespace

Result<Spirv> compile_glsl(const std::string& name, const std::string& text) {
  initialise();
  const char* strings = text.c_str();
  glslang::TShader shader(EShLangCompute);
  shader.setStrings(&strings, 1);
  shader.setEnvInput(glslang::EShSourceGlsl, EShLangCompute, glslang::EShClientVulkan, 100);
  shader.setEnvClient(glslang::EShClientVulkan, glslang::EShTargetVulkan_1_2);
  shader.setEnvTarget(glslang::EShTargetSpv, glslang::EShTargetSpv_1_5);
  constexpr auto kMessages = static_cast<EShMessages>(EShMsgSpvRules | EShMsgVulkanRules);
  if (!shader.parse(GetDefaultResources(), 460, false, kMessages)) return rejected(name, text, shader.getInfoLog());
  glslang::TProgram program;
  program.addShader(&shader);
  if (!program.link(kMessages)) return rejected(name, text, program.getInfoLog());
  Spirv module;
  glslang::SpvOptions options;
  options.disableOptimizer = true;
  glslang::GlslangToSpv(*program.getIntermediate(EShLangCompute), module, &options);
  return without_names(module);
}

std::string compiler_version() {
  return "glslang " + std::to_string(GLSLANG_VERSION_MAJOR) + "." + std::to_string(GLSLANG_VERSION_MINOR) + "." +
         std::to_string(GLSLANG_VERSION_PATCH);
}

}  // namespace fg::vulkan
