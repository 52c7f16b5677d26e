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

lockstep_package(mpi ompi-c libopenmpi-dev)
if(NOT TARGET lockstep::mpi)
  # Another MPI, or an Open MPI without pkg-config files: ask its compiler wrapper.
  find_package(MPI QUIET COMPONENTS C)
  if(MPI_C_FOUND)
    string(REPLACE " libopenmpi-dev" "" LOCKSTEP_MISSING "${LOCKSTEP_MISSING}")
    add_library(lockstep::mpi ALIAS MPI::MPI_C)
  endif()
endif()
lockstep_package(yaml yaml-0.1 libyaml-dev)
lockstep_package(cyaml libcyaml libcyaml-dev)
lockstep_package(jpeg libjpeg libjpeg62-turbo-dev)
lockstep_package(png libpng libpng-dev)
lockstep_package(zlib zlib zlib1g-dev)
if(BUILD_TESTING)
  lockstep_package(check check check)
endif()

# HDF5: pkg-config on Debian (name hdf5), else CMake's own search, which asks h5cc. The serial library is enough.
pkg_check_modules(PC_hdf5 QUIET IMPORTED_TARGET hdf5)
if(PC_hdf5_FOUND)
  add_library(lockstep::hdf5 ALIAS PkgConfig::PC_hdf5)
else()
  find_package(HDF5 QUIET COMPONENTS C)
  if(HDF5_FOUND)
    add_library(lockstep_hdf5 INTERFACE)
    target_include_directories(lockstep_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
    target_link_libraries(lockstep_hdf5 INTERFACE ${HDF5_LIBRARIES})
    add_library(lockstep::hdf5 ALIAS lockstep_hdf5)
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
    "or let ./launcher/quickstart install everything. Elsewhere, point PKG_CONFIG_PATH at their .pc files.")
endif()
