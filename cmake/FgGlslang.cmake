# The compiler of kernels whose GLSL is newer than Debian 12's glslang, which the Vulkan plugin has inside: cooperative
# matrices.  They are compiled when the plugin is built, so the compiler is a tool of the build and no dependency.
#
# In this order: FG_GLSLANG, a glslang on PATH that knows the extension, what tools/setup/glslang.sh has put into
# build/glslang (./dev runs it).  Without one the plugin is built without these kernels.
#
#   FG_GLSLANG_PROGRAM  the compiler, or empty
#   FG_GLSLANG_BF16     whether it knows bfloat16
#   FG_SPIRV_VAL        the validator beside it, or empty
set(FG_GLSLANG "" CACHE FILEPATH "A glslang (15.1 or newer) for kernels with cooperative matrices; empty: it is looked for")

# Sets `out` to whether `program` compiles a shader that needs `extension`.
function(fg_glslang_knows program extension out)
  set(probe "${PROJECT_BINARY_DIR}/CMakeFiles/fg_glslang")
  file(WRITE "${probe}.comp" "#version 460\n#extension ${extension} : require\nvoid main() {}\n")
  execute_process(COMMAND "${program}" --target-env vulkan1.3 -V -S comp "${probe}.comp" -o "${probe}.spv"
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(${out} FALSE PARENT_SCOPE)
  else()
    set(${out} TRUE PARENT_SCOPE)
  endif()
endfunction()

find_program(fg_glslang_on_path NAMES glslang glslangValidator NO_CACHE)
set(FG_GLSLANG_PROGRAM "")
foreach(program IN ITEMS "${FG_GLSLANG}" "${fg_glslang_on_path}" "${PROJECT_SOURCE_DIR}/build/glslang/bin/glslang")
  if(program AND EXISTS "${program}" AND NOT FG_GLSLANG_PROGRAM)
    fg_glslang_knows("${program}" GL_NV_cooperative_matrix2 known)
    if(known)
      set(FG_GLSLANG_PROGRAM "${program}")
    elseif(program STREQUAL FG_GLSLANG)
      message(FATAL_ERROR "FG_GLSLANG: ${program} does not know GL_NV_cooperative_matrix2; 15.1 or newer is needed")
    endif()
  endif()
endforeach()
if(FG_GLSLANG_PROGRAM)
  fg_glslang_knows("${FG_GLSLANG_PROGRAM}" GL_EXT_bfloat16 FG_GLSLANG_BF16)
  get_filename_component(folder "${FG_GLSLANG_PROGRAM}" DIRECTORY)
  find_program(FG_SPIRV_VAL spirv-val PATHS "${folder}" NO_DEFAULT_PATH NO_CACHE)
  if(FG_GLSLANG_BF16)
    message(STATUS "Vulkan's matrix kernels: f16 and bf16, by ${FG_GLSLANG_PROGRAM}")
  else()
    message(STATUS "Vulkan's matrix kernels: f16, by ${FG_GLSLANG_PROGRAM}; bf16 needs a newer one")
  endif()
else()
  message(STATUS "Vulkan's matrix kernels are left out, products will run on a GPU's ordinary units: no glslang 15.1 or newer (tools/setup/glslang.sh build/glslang fetches one, FG_GLSLANG names another)")
endif()
