# SPDX-License-Identifier: Apache-2.0
#
# cmake -DFROM=<file> -DOUT=<file.cpp> -P embed_text.cmake: fg::vulkan::kPrelude, the text of a file.
file(READ "${FROM}" text)
file(WRITE "${OUT}" "#include \"plugins/vulkan/glsl.hpp\"\nnamespace fg::vulkan {
const char* const kPrelude = R\"glsl(${text})glsl\";
}  // namespace fg::vulkan
")
