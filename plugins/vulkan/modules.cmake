# What of the Vulkan plugin is compiled from plugins/vulkan/kernels when it is built: kernels whose GLSL the glslang inside of
# it does not know.  They are validated, and a source gives their SPIR-V (plugins/vulkan/matrix_units.hpp).  Without a new
# glslang it gives none.
set(generated "${PROJECT_BINARY_DIR}/gen/plugins/vulkan/modules")
set(includes "")
set(rows "")
set(outputs "")

# A module of a kernel for a dtype, with options for glslang.
function(fg_vulkan_module file dtype)
  set(name ${file}_${dtype})
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/kernels/${file}.comp")
  set(compile "${FG_GLSLANG_PROGRAM}" --quiet --target-env vulkan1.3 -V -S comp ${ARGN} "-I${CMAKE_CURRENT_SOURCE_DIR}/kernels")
  set(validate "")
  if(FG_SPIRV_VAL)
    set(validate COMMAND "${FG_SPIRV_VAL}" --target-env vulkan1.3 --scalar-block-layout "${generated}/${name}.spv")
  endif()
  file(GLOB parts CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/kernels/*.glsl")
  add_custom_command(OUTPUT "${generated}/${name}.inc"
    COMMAND ${compile} "${source}" -o "${generated}/${name}.spv"
    ${validate}
    COMMAND ${compile} --vn ${name} "${source}" -o "${generated}/${name}.inc"
    DEPENDS "${source}" ${parts} VERBATIM)
  set(includes "${includes}#include \"${generated}/${name}.inc\"\n" PARENT_SCOPE)
  set(rows "${rows}    {\"${name}\", ${name}},\n" PARENT_SCOPE)
  set(outputs ${outputs} "${generated}/${name}.inc" PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY "${generated}")
if(FG_GLSLANG_PROGRAM)
  foreach(kernel IN ITEMS attention_cm2 product_cm2 product_khr)
    fg_vulkan_module(${kernel} f16)
    if(FG_GLSLANG_BF16)
      fg_vulkan_module(${kernel} bf16 -DBF16)
    endif()
  endforeach()
endif()
set(text "#include \"plugins/vulkan/matrix_units.hpp\"\n")
if(rows STREQUAL "")
  string(APPEND text "std::span<const fg::vulkan::Module> fg::vulkan::modules() { return {}; }\n")
else()
  string(APPEND text "namespace {\n${includes}}  // namespace
std::span<const fg::vulkan::Module> fg::vulkan::modules() {
  static constexpr fg::vulkan::Module kModules[] = {
${rows}  };
  return kModules;
}
")
endif()
file(CONFIGURE OUTPUT "${generated}/modules.cpp" CONTENT "${text}" @ONLY)
set_source_files_properties("${generated}/modules.cpp" PROPERTIES OBJECT_DEPENDS "${outputs}")
