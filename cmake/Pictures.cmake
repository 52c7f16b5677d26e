# Libraries that read more kinds of pictures than JPEG, PNG and BMP, each of them optional: what is not found, or is
# switched off by -DLOCKSTEP_<KIND>=OFF, is left out, and the program says so of files of that kind. HEIC is off unless asked for. lockstep::pictures
# has those that are used; LOCKSTEP_NO_PICTURES is a pattern of the sources that are left out.
add_library(lockstep_pictures INTERFACE)
add_library(lockstep::pictures ALIAS lockstep_pictures)
set(LOCKSTEP_NO_PICTURES "")
set(used "")
set(without "")

# lockstep_pictures(<KIND> <source pattern> <target>...): the targets, or nothing, where one is missing.
macro(lockstep_use_pictures kind pattern)
  # libde265 below libheif leaves what it cannot decode as it lies in memory, without a word.
  if(${kind} STREQUAL HEIF)
    option(LOCKSTEP_${kind} "Read HEIC pictures; damaged ones give other pixels each time" OFF)
  else()
    option(LOCKSTEP_${kind} "Read ${kind} pictures, if there is a library for them" ON)
  endif()
  set(found ${LOCKSTEP_${kind}})
  foreach(target ${ARGN})
    if(NOT TARGET ${target})
      set(found OFF)
    endif()
  endforeach()
  if(found)
    target_link_libraries(lockstep_pictures INTERFACE ${ARGN})
    target_compile_definitions(lockstep_pictures INTERFACE LOCKSTEP_${kind})
    list(APPEND used ${kind})
  else()
    list(APPEND LOCKSTEP_NO_PICTURES ${pattern})
    list(APPEND without ${kind})
  endif()
endmacro()

pkg_check_modules(PC_webp QUIET IMPORTED_TARGET libwebp libwebpdemux)
pkg_check_modules(PC_tiff QUIET IMPORTED_TARGET libtiff-4>=4.5) # which tells errors to whom they concern
pkg_check_modules(PC_avif QUIET IMPORTED_TARGET libavif>=0.11)
pkg_check_modules(PC_heif QUIET IMPORTED_TARGET libheif>=1.15)
find_package(GIF 5 QUIET)

lockstep_use_pictures(GIF decode_gif GIF::GIF)
lockstep_use_pictures(WEBP decode_webp PkgConfig::PC_webp)
lockstep_use_pictures(TIFF decode_tiff PkgConfig::PC_tiff)
lockstep_use_pictures(AVIF decode_avif PkgConfig::PC_avif)
lockstep_use_pictures(HEIF decode_heic PkgConfig::PC_heif)
list(JOIN LOCKSTEP_NO_PICTURES "|" LOCKSTEP_NO_PICTURES)
list(JOIN used ", " used)
list(JOIN without ", " without)
message(STATUS "Pictures: JPEG, PNG, BMP, ${used}; without: ${without}")
