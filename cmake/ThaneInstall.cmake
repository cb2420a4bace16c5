# cmake --install: headers, libraries, find_package(thane CONFIG), pkg-config thane and
# pkg-config thane-servicegroup.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY THANE_MODULES)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/thane)

install(TARGETS ${modules} EXPORT thane-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(module IN LISTS modules)
  get_target_property(folder ${module} SOURCE_DIR)
  install(DIRECTORY ${folder}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()
install(EXPORT thane-targets NAMESPACE thane:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/thane-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/thane-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/thane-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/thane-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/thane-config-version.cmake DESTINATION ${package_dir})

# pkg-config: users before what they use, as a linker of static libraries wants them. What thane
# links privately is named to everybody who links it statically, to nobody else.
set(pc_libs "")
set(pc_modules ${modules})
list(REMOVE_ITEM pc_modules thane_servicegroup)  # It has a file of its own, for it needs databases.
foreach(module IN LISTS pc_modules)
  string(REPLACE "thane_" "-lthane_" flag ${module})
  list(PREPEND pc_libs ${flag})
endforeach()
list(JOIN pc_libs " " pc_libs)
set(pc_private_libs "-lboost_context -lboost_program_options -lpcre2-8 -lssl -lcrypto -lz \
-lcrypt -pthread")
set(pc_database_libs "-lsqlite3 -lpq")
if(NOT BUILD_SHARED_LIBS)
  string(APPEND pc_libs " ${pc_private_libs}")
  set(pc_servicegroup_libs "-lthane_servicegroup ${pc_database_libs}")
  set(pc_private_libs "")
  set(pc_database_libs "")
else()
  set(pc_servicegroup_libs "-lthane_servicegroup")
endif()
# The prefix is found from where the file lies, so that an installed tree can be moved.
file(RELATIVE_PATH pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(name thane thane-servicegroup)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
                 @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
