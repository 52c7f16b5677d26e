# cmake --install: the program and its tools in bin/, what the tools and people read in share/. The folder may be moved.
include(GNUInstallDirs)
set(data ${CMAKE_INSTALL_DATADIR}/lockstep)

# Libraries outside of the system, such as those of modules, are found again without LD_LIBRARY_PATH.
set_target_properties(lockstep PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS lockstep RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Scripts stay together with what they read; bin/ has a line of shell for each that is a command.
install(DIRECTORY launcher config DESTINATION ${data} USE_SOURCE_PERMISSIONS
  PATTERN install-packages EXCLUDE PATTERN quickstart EXCLUDE PATTERN test EXCLUDE)
file(RELATIVE_PATH LOCKSTEP_TOOLS /${CMAKE_INSTALL_BINDIR} /${data}/launcher)
foreach(tool lockstep-run lockstep-submit)
  if(EXISTS ${CMAKE_SOURCE_DIR}/launcher/${tool})
    configure_file(cmake/tool.in ${CMAKE_BINARY_DIR}/tools/${tool} @ONLY)
    install(PROGRAMS ${CMAKE_BINARY_DIR}/tools/${tool} DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
