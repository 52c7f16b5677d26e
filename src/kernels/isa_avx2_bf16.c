#define KERNELS_NAME  "avx2"
#define KERNELS_TABLE kernels_avx2_bf16
#define TILE_LINES    3
#define STORE_BF16
#include "kernels/body.inc"
