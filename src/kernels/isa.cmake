# One body, compiled once for each instruction set the target machine family has, and again for tensors in bf16. Flags
# are per file; nothing else is compiled for more than the baseline.
#
# To say in which register each variable is, line by line, takes a third of these files' compile time: -g1 leaves it out,
# and has the lines. The code is the same.
set(kernel_flags -O3 -g1 -Wno-psabi)
set(kernel_isas generic)
set(kernel_flags_generic "")
if(LOCKSTEP_SANITIZE)
  # Compiled in a tenth of the time. What these four of UndefinedBehaviorSanitizer's checks find in a kernel is an address,
  # which AddressSanitizer mostly finds as well; LOCKSTEP_FULL_CHECKS has them. AddressSanitizer is called for each address
  # instead of unrolled.
  list(TRANSFORM kernel_flags REPLACE -O3 -O1)
  if(LOCKSTEP_SANITIZE MATCHES "undefined" AND NOT LOCKSTEP_FULL_CHECKS)
    list(APPEND kernel_flags -fno-sanitize=alignment,null,object-size,pointer-overflow)
  endif()
  if(LOCKSTEP_SANITIZE MATCHES "address" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND kernel_flags --param=asan-instrumentation-with-call-threshold=0)
  endif()
elseif(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # Searches that take another third, and find nothing where a pixel is several registers, as it is in float64.
  if(LOCKSTEP_DOUBLE)
    list(APPEND kernel_flags -fno-gcse -fno-gcse-after-reload)
  else()
    set(kernel_flags_generic -fno-gcse -fno-gcse-after-reload)
  endif()
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  list(APPEND kernel_isas avx2 avx512)
  set(kernel_flags_avx2 -mavx2 -mfma)
  set(kernel_flags_avx512 ${kernel_flags_avx2} -mavx512f -mavx512vl -mavx512dq -mavx512bw)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  list(APPEND kernel_isas neon)
  set(kernel_flags_neon "")
endif()
# It chooses an instruction set per function, and wants products and sums as one instruction.
set_source_files_properties(kernels/peak.c PROPERTIES COMPILE_OPTIONS "${kernel_flags};-ffp-contract=fast")
foreach(isa generic avx2 avx512 neon)
  foreach(file kernels/isa_${isa}.c kernels/isa_${isa}_bf16.c)
    if(NOT isa IN_LIST kernel_isas OR (LOCKSTEP_DOUBLE AND file MATCHES "_bf16"))
      set_source_files_properties(${file} PROPERTIES HEADER_FILE_ONLY ON)
    else()
      set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${kernel_flags};${kernel_flags_${isa}}")
    endif()
  endforeach()
endforeach()
