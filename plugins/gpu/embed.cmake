# SPDX-License-Identifier: Apache-2.0
#
# cmake -DFOLDER=<kernels> -DEXTENSION=fgk -DFUNCTION=fg::gpu::kernel_files -DHEADER=<its header> -DOUT=<file.cpp>
#   -P embed.cmake
#
# Writes the function that gives the text of every file of the folder with the extension, as string literals.
set(items "")
file(GLOB files "${FOLDER}/*.${EXTENSION}")
list(SORT files)
list(LENGTH files count)
foreach(path IN LISTS files)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" text)
  string(APPEND items "    {\"${name}\", R\"fgk(${text})fgk\"},\n")
endforeach()
file(WRITE "${OUT}" "#include <array>\n#include \"${HEADER}\"
std::span<const fg::gpu::KernelFile> ${FUNCTION}() {
  static constexpr std::array<fg::gpu::KernelFile, ${count}> kFiles{{
${items}  }};
  return kFiles;
}
")
