# Build types, warnings and the functions that make our targets alike.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Dev, Release or RelWithDebInfo" FORCE)
endif()
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1")
set(CMAKE_C_FLAGS_DEV "-O1 -g1")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

find_program(FG_CCACHE ccache)
if(FG_CCACHE)
  # Paths relative to the source folder, so that clones share what was compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${FG_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
# g++ 12 warns wrongly about std::string concatenation when it optimises (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(FG_SANITIZE)
  list(JOIN FG_SANITIZE "," fg_sanitizers)
  add_compile_options(-fsanitize=${fg_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${fg_sanitizers})
  # g++ 12 warns wrongly inside <regex> when it instruments (GCC bug 105562).
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# fg_add_test(<name> SOURCES <file>... [LINK <target>...] [LABELS <label>...])
#
# A GoogleTest program whose cases are registered with CTest as one test per program.
function(fg_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK;LABELS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/gen")
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
endfunction()

# fg_plugin_build_id(<target> <name> FOLDERS <folder>...)
#
# Gives <target> the header plugins/<name>/build_id.hpp with FG_<NAME>_BUILD_ID, which changes with every file of the
# folders (and of include/fg), the compiler and the build type.
function(fg_plugin_build_id target name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "FOLDERS")
  list(APPEND arg_FOLDERS include/fg)
  string(TOUPPER "${name}" upper)
  set(header "${PROJECT_BINARY_DIR}/gen/plugins/${name}/build_id.hpp")
  list(TRANSFORM arg_FOLDERS PREPEND "${PROJECT_SOURCE_DIR}/" OUTPUT_VARIABLE patterns)
  list(TRANSFORM patterns APPEND "/*")
  file(GLOB_RECURSE hashed CONFIGURE_DEPENDS ${patterns})
  list(JOIN arg_FOLDERS "," folders)
  add_custom_command(OUTPUT "${header}"
    COMMAND "${CMAKE_COMMAND}" "-DROOT=${PROJECT_SOURCE_DIR}" "-DFOLDERS=${folders}" "-DNAME=FG_${upper}_BUILD_ID" "-DOUT=${header}"
      "-DTOOLS=${PROJECT_VERSION} ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${FG_SANITIZE}"
      -P "${PROJECT_SOURCE_DIR}/cmake/build_id.cmake"
    DEPENDS ${hashed} VERBATIM)
  target_sources(${target} PRIVATE "${header}")
  target_include_directories(${target} PRIVATE "${PROJECT_BINARY_DIR}/gen")
endfunction()

include(FgPluginSdk)
