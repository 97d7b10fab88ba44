# What `cmake --install` and find_package(fg) give: headers, core, programs, plugins, the SDK's CMake
# functions and a pkg-config file.
include(CMakePackageConfigHelpers)
set(fg_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/fg")

install(TARGETS fg_abi fg_sdk EXPORT fgTargets FILE_SET HEADERS COMPONENT dev)
install(TARGETS fg_core EXPORT fgTargets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev)
foreach(program fg-info fg-conformance fg-bench fg-gen fg-tune fg-models hello_c hello_cpp)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES INSTALL_RPATH "\$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    install(TARGETS ${program} RUNTIME COMPONENT tools)
  endif()
endforeach()
install(DIRECTORY "${PROJECT_BINARY_DIR}/gen/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/ops/" DESTINATION "${CMAKE_INSTALL_DATADIR}/fg/ops" COMPONENT dev
  FILES_MATCHING PATTERN "*.yaml")
install(EXPORT fgTargets NAMESPACE fg:: DESTINATION "${fg_cmake_dir}" COMPONENT dev)

configure_package_config_file(cmake/fgConfig.cmake.in "${PROJECT_BINARY_DIR}/fgConfig.cmake"
  INSTALL_DESTINATION "${fg_cmake_dir}" PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/fgConfigVersion.cmake" COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/fgConfig.cmake" "${PROJECT_BINARY_DIR}/fgConfigVersion.cmake"
  cmake/FgPluginSdk.cmake cmake/plugin.map DESTINATION "${fg_cmake_dir}" COMPONENT dev)

file(RELATIVE_PATH FG_PC_PREFIX "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file(cmake/fg.pc.in "${PROJECT_BINARY_DIR}/fg.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/fg.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
