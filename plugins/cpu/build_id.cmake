# SPDX-License-Identifier: Apache-2.0
#
# cmake -DROOT=<folder> -DTOOLS=<text> -DOUT=<header> -P build_id.cmake
#
# A build id that follows from what the kernels are built of, so that equal sources and tools make
# equal files: the hash of every file's name below ROOT and contents, and of TOOLS.
set(all "${TOOLS}")
file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/plugins/cpu/*" "${ROOT}/include/fg/*")  # sorted
foreach(file IN LISTS files)
  file(SHA256 "${ROOT}/${file}" hash)
  string(APPEND all "\n${file} ${hash}")
endforeach()
string(SHA256 id "${all}")
string(SUBSTRING "${id}" 0 16 id)
file(WRITE "${OUT}" "#define FG_CPU_BUILD_ID \"${id}\"\n")
