# SPDX-License-Identifier: Apache-2.0
#
# cmake -DFOLDER=<kernels> -DOUT=<file.cpp> -P embed.cmake
#
# Writes kernel_files(): the text of every .fgk file as string literals.
set(items "")
file(GLOB files "${FOLDER}/*.fgk")
list(SORT files)
list(LENGTH files count)
foreach(path IN LISTS files)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" text)
  string(APPEND items "    {\"${name}\", R\"fgk(${text})fgk\"},\n")
endforeach()
file(WRITE "${OUT}" "#include <array>\n#include \"plugins/gpu/kernel_files.hpp\"\nnamespace fg::gpu {
std::span<const KernelFile> kernel_files() {
  static constexpr std::array<KernelFile, ${count}> kFiles{{
${items}  }};
  return kFiles;
}
}  // namespace fg::gpu
")
