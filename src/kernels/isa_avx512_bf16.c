#define KERNELS_NAME  "avx512"
#define KERNELS_TABLE kernels_avx512_bf16
#define TILE_LINES    6
#define STORE_BF16
#include "kernels/body.inc"
