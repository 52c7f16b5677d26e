# Which MPI: the one that a compiler wrapper belongs to, MPI_C_COMPILER or else the first mpicc of MPI_HOME and the PATH, so
# that a module that is loaded decides. Sets the target lockstep::mpi, LOCKSTEP_MPI (Open MPI, MPICH, or unknown, and the
# version), LOCKSTEP_MPI_KIND (openmpi, mpich, other) and LOCKSTEP_MPIRUN, which starts its ranks.

if(MPI_C_COMPILER AND NOT IS_ABSOLUTE "${MPI_C_COMPILER}")
  find_program(LOCKSTEP_MPICC NAMES ${MPI_C_COMPILER})
  if(NOT LOCKSTEP_MPICC)
    message(FATAL_ERROR "MPI_C_COMPILER: ${MPI_C_COMPILER} was not found. For MPICH beside Open MPI on Debian: "
      "apt-get install mpich libmpich-dev")
  endif()
  set(MPI_C_COMPILER "${LOCKSTEP_MPICC}" CACHE FILEPATH "MPI compiler wrapper" FORCE)
endif()
set(MPI_SKIP_MPICXX ON)
find_package(MPI QUIET COMPONENTS C)
if(MPI_C_FOUND)
  add_library(lockstep::mpi ALIAS MPI::MPI_C)
else()
  # Libraries without their wrapper.
  foreach(module ompi-c mpich)
    pkg_check_modules(PC_${module} QUIET IMPORTED_TARGET ${module})
    if(PC_${module}_FOUND)
      add_library(lockstep::mpi ALIAS PkgConfig::PC_${module})
      break()
    endif()
  endforeach()
endif()

# lockstep_mpi_macro(<variable> <macros> <regular expression>): what the first of the header's macros matched in brackets.
function(lockstep_mpi_macro variable macros pattern)
  set(${variable} "" PARENT_SCOPE)
  if(macros MATCHES "#define ${pattern}")
    set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

# Sets LOCKSTEP_MPI and LOCKSTEP_MPI_KIND from mpi.h itself, each time anew.
function(lockstep_mpi_kind)
  get_target_property(directories lockstep::mpi INTERFACE_INCLUDE_DIRECTORIES)
  set(flags "")
  foreach(directory IN LISTS directories)
    if(directory) # none where the compiler itself is the wrapper
      list(APPEND flags "-I${directory}")
    endif()
  endforeach()
  execute_process(COMMAND ${CMAKE_C_COMPILER} ${flags} -dM -E -include mpi.h -x c /dev/null
    OUTPUT_VARIABLE macros ERROR_QUIET)
  lockstep_mpi_macro(major "${macros}" "OMPI_MAJOR_VERSION ([0-9]+)")
  lockstep_mpi_macro(minor "${macros}" "OMPI_MINOR_VERSION ([0-9]+)")
  lockstep_mpi_macro(patch "${macros}" "OMPI_RELEASE_VERSION ([0-9]+)")
  lockstep_mpi_macro(mpich "${macros}" "MPICH_VERSION \"([^\"]+)\"")
  if(major)
    set(LOCKSTEP_MPI_KIND openmpi PARENT_SCOPE)
    set(LOCKSTEP_MPI "Open MPI ${major}.${minor}.${patch}" PARENT_SCOPE)
  elseif(mpich) # or one made from it, such as Intel's and Cray's
    set(LOCKSTEP_MPI_KIND mpich PARENT_SCOPE)
    set(LOCKSTEP_MPI "MPICH ${mpich}" PARENT_SCOPE)
  else()
    set(LOCKSTEP_MPI_KIND other PARENT_SCOPE)
    set(LOCKSTEP_MPI "an unknown MPI" PARENT_SCOPE)
  endif()
endfunction()

if(TARGET lockstep::mpi)
  lockstep_mpi_kind()
  # Debian has several side by side, with a suffix each; a module has its own in one folder.
  set(beside "")
  if(MPI_C_COMPILER)
    get_filename_component(beside "${MPI_C_COMPILER}" DIRECTORY)
  endif()
  find_program(LOCKSTEP_MPIRUN NAMES mpirun.${LOCKSTEP_MPI_KIND} mpiexec.${LOCKSTEP_MPI_KIND} mpirun mpiexec NAMES_PER_DIR
    HINTS ${beside})
  set(started "")
  if(LOCKSTEP_MPIRUN)
    execute_process(COMMAND ${LOCKSTEP_MPIRUN} --version OUTPUT_VARIABLE started ERROR_QUIET TIMEOUT 20)
  endif()
  if((LOCKSTEP_MPI_KIND STREQUAL "openmpi" AND started MATCHES "HYDRA|Intel") OR
      (LOCKSTEP_MPI_KIND STREQUAL "mpich" AND started MATCHES "Open MPI"))
    message(WARNING "${LOCKSTEP_MPIRUN} is of another MPI than the library, ${LOCKSTEP_MPI}: "
      "tests on several ranks will fail; set LOCKSTEP_MPIRUN")
  endif()
  message(STATUS "MPI: ${LOCKSTEP_MPI}, compiled by ${MPI_C_COMPILER}, started by ${LOCKSTEP_MPIRUN}")
endif()
