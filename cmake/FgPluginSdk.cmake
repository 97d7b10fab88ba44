# fg_add_plugin(<name> SOURCES <file>... [LINK <target>...] [NO_INSTALL])
#
# Builds libfg_<name>.so, a module that exports fg_plugin_query_v1() and nothing else, and installs
# it where the core looks for plugins.  Installed with the SDK: the project's plugins and a vendor's
# are built by these lines.
set(FG_PLUGIN_EXPORT_MAP "${CMAKE_CURRENT_LIST_DIR}/plugin.map")
function(fg_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "" "SOURCES;LINK")
  set(target "fg_${name}")
  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE fg::sdk ${arg_LINK})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)  # clang has no unique symbols
  set_target_properties(${target} PROPERTIES
    PREFIX "lib" OUTPUT_NAME "fg_${name}" SUFFIX ".so"
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/fg/plugins"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "\$ORIGIN"
    LINK_DEPENDS "${FG_PLUGIN_EXPORT_MAP}")
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${FG_PLUGIN_EXPORT_MAP}" "LINKER:-z,now" "LINKER:-z,relro"
    "LINKER:--exclude-libs,ALL" "LINKER:--build-id=sha1")
  if(NOT FG_SANITIZE)
    target_link_options(${target} PRIVATE "LINKER:-z,defs")
  endif()
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/fg/plugins" COMPONENT plugin_${name})
  endif()
endfunction()
