# One body, compiled once for each instruction set the target machine family has. Flags are per file; nothing else is
# compiled for more than the baseline. Contraction into fused multiply-adds is wanted here, and only here.
set(kernel_flags -O3 -ffp-contract=fast -Wno-psabi)
if(LOCKSTEP_SANITIZE) # no slower, and compiled in half the time
  list(TRANSFORM kernel_flags REPLACE -O3 -O2)
endif()
set_source_files_properties(kernels/isa_generic.c PROPERTIES COMPILE_OPTIONS "${kernel_flags}")
set_source_files_properties(kernels/peak.c PROPERTIES COMPILE_OPTIONS "${kernel_flags}") # chooses per function
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set_source_files_properties(kernels/isa_avx2.c PROPERTIES COMPILE_OPTIONS "${kernel_flags};-mavx2;-mfma")
  set_source_files_properties(kernels/isa_avx512.c PROPERTIES COMPILE_OPTIONS
    "${kernel_flags};-mavx2;-mfma;-mavx512f;-mavx512vl;-mavx512dq;-mavx512bw")
  set_source_files_properties(kernels/isa_neon.c PROPERTIES HEADER_FILE_ONLY ON)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set_source_files_properties(kernels/isa_neon.c PROPERTIES COMPILE_OPTIONS "${kernel_flags}")
  set_source_files_properties(kernels/isa_avx2.c kernels/isa_avx512.c PROPERTIES HEADER_FILE_ONLY ON)
else()
  set_source_files_properties(kernels/isa_avx2.c kernels/isa_avx512.c kernels/isa_neon.c PROPERTIES HEADER_FILE_ONLY ON)
endif()
