#define KERNELS_NAME  "avx2"
#define KERNELS_TABLE kernels_avx2
#define TILE_LINES    3
#include "kernels/body.inc"
