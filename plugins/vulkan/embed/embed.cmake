# SPIR-V for the plugin to bring along, the file `embedded`.  Which kernels: those that the programs of collect.sh ask for,
# of a device that only collects them (collect.cpp).
fg_add_plugin(vulkan_collect NO_INSTALL LINK ${fg_vulkan_link} SOURCES
  embed/collect.cpp validate.cpp $<TARGET_OBJECTS:fg_vulkan_objects> $<TARGET_OBJECTS:fg_gpu_objects>)
target_include_directories(fg_vulkan_collect PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/gen/include")
target_link_libraries(fg_vulkan_collect PRIVATE Vulkan::Headers)
set_target_properties(fg_vulkan_collect PROPERTIES OUTPUT_NAME fg_vulkan
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/collect")
add_executable(fg-vulkan-pack embed/pack.cpp)
target_include_directories(fg-vulkan-pack PRIVATE "${PROJECT_SOURCE_DIR}")
add_executable(fg-common-calls "${PROJECT_SOURCE_DIR}/tools/common_calls/main.cpp")
target_link_libraries(fg-common-calls PRIVATE fg::core)

set(models gpu:tiny gpu:tinyllama-1.1b gpu:llama-2-7b processor:tiny)
if(FG_SANITIZE)
  set(models "")  # Slow, and of no use there.
endif()
set(embedded "${CMAKE_CURRENT_BINARY_DIR}/embedded.bin")
add_custom_command(OUTPUT "${embedded}"
  COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/embed/collect.sh" "${CMAKE_CURRENT_BINARY_DIR}/collected" "${embedded}"
    $<TARGET_FILE:fg-vulkan-pack> $<TARGET_FILE:fg-common-calls> $<TARGET_FILE:hello_cpp> $<TARGET_FILE:fg-models> ${models}
  DEPENDS embed/collect.sh fg_vulkan_collect fg-vulkan-pack fg-common-calls fg-models hello_cpp VERBATIM)
