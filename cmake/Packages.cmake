# Find every package Lockstep needs; one error names what is missing and what installs it on Debian.
find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config was not found. On Debian: apt-get install pkg-config")
endif()

set(LOCKSTEP_MISSING "")

# lockstep_package(<target> <pkg-config module> <Debian package>): an interface target lockstep::<target>.
function(lockstep_package target module debian)
  pkg_check_modules(PC_${target} QUIET IMPORTED_TARGET ${module})
  if(PC_${target}_FOUND)
    add_library(lockstep::${target} ALIAS PkgConfig::PC_${target})
  else()
    set(LOCKSTEP_MISSING "${LOCKSTEP_MISSING} ${debian}" PARENT_SCOPE)
  endif()
endfunction()

include(cmake/Mpi.cmake)
if(NOT TARGET lockstep::mpi)
  string(APPEND LOCKSTEP_MISSING " libopenmpi-dev")
endif()
lockstep_package(yaml yaml-0.1 libyaml-dev)
lockstep_package(jpeg libjpeg libjpeg62-turbo-dev)
lockstep_package(png libpng libpng-dev)
lockstep_package(zlib zlib zlib1g-dev)
lockstep_package(archive libarchive libarchive-dev)
if(BUILD_TESTING)
  lockstep_package(check check check)
endif()

# HDF5: what HDF5_ROOT names; else pkg-config (Debian's name is hdf5), unless an h5cc outside of the system comes first
# in the PATH, as a module puts it there; else CMake's own search, which asks h5cc. The serial library is enough.
find_program(LOCKSTEP_H5CC NAMES h5cc h5pcc)
if(NOT HDF5_ROOT AND NOT DEFINED ENV{HDF5_ROOT} AND (NOT LOCKSTEP_H5CC OR LOCKSTEP_H5CC MATCHES "^(/usr)?/bin/"))
  pkg_check_modules(PC_hdf5 QUIET IMPORTED_TARGET hdf5)
endif()
if(PC_hdf5_FOUND)
  add_library(lockstep::hdf5 ALIAS PkgConfig::PC_hdf5)
  message(STATUS "HDF5: ${PC_hdf5_VERSION}, from pkg-config")
else()
  find_package(HDF5 QUIET COMPONENTS C)
  if(HDF5_FOUND)
    # h5cc also names what a static library would need; a shared one finds that itself. The file proper, not a link to it,
    # says in which folder the program will find it.
    set(shared ${HDF5_LIBRARIES})
    list(FILTER shared INCLUDE REGEX "/libhdf5[^/]*\\.(so|dylib)$")
    if(shared)
      set(HDF5_LIBRARIES "")
      foreach(library IN LISTS shared)
        file(REAL_PATH ${library} library)
        list(APPEND HDF5_LIBRARIES ${library})
      endforeach()
    endif()
    add_library(lockstep_hdf5 INTERFACE)
    target_include_directories(lockstep_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
    target_link_libraries(lockstep_hdf5 INTERFACE ${HDF5_LIBRARIES})
    if(HDF5_IS_PARALLEL AND TARGET lockstep::mpi) # its headers include mpi.h; nothing else of it is used
      target_link_libraries(lockstep_hdf5 INTERFACE lockstep::mpi)
    endif()
    add_library(lockstep::hdf5 ALIAS lockstep_hdf5)
    message(STATUS "HDF5: ${HDF5_VERSION}, ${HDF5_INCLUDE_DIRS}")
  else()
    string(APPEND LOCKSTEP_MISSING " libhdf5-dev")
  endif()
endif()

find_package(Threads REQUIRED)

if(LOCKSTEP_MISSING)
  string(STRIP "${LOCKSTEP_MISSING}" LOCKSTEP_MISSING)
  message(FATAL_ERROR
    "Packages that Lockstep needs were not found. On Debian this installs them:\n"
    "  apt-get install ${LOCKSTEP_MISSING}\n"
    "or let ./launcher/quickstart install everything. Elsewhere, load their modules, or name their prefixes in "
    "CMAKE_PREFIX_PATH (docs/install.md); PKG_CONFIG_PATH may point at their .pc files.")
endif()
