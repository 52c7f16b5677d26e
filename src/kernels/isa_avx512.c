#define KERNELS_NAME  "avx512"
#define KERNELS_TABLE kernels_avx512
#define TILE_LINES    6
#include "kernels/body.inc"
