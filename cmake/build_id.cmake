# SPDX-License-Identifier: Apache-2.0
#
# cmake -DROOT=<folder> -DFOLDERS=<a,b> -DTOOLS=<text> -DNAME=<macro> -DOUT=<header> -P build_id.cmake
#
# A build id that follows from what the kernels are built of, so that equal sources and tools make
# equal files: the hash of every file's name and contents below the FOLDERS of ROOT, and of TOOLS.
set(all "${TOOLS}")
string(REPLACE "," ";" FOLDERS "${FOLDERS}")
foreach(folder IN LISTS FOLDERS)
  file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/${folder}/*")  # sorted
  foreach(file IN LISTS files)
    file(SHA256 "${ROOT}/${file}" hash)
    string(APPEND all "\n${file} ${hash}")
  endforeach()
endforeach()
string(SHA256 id "${all}")
string(SUBSTRING "${id}" 0 16 id)
file(WRITE "${OUT}" "#define ${NAME} \"${id}\"\n")
