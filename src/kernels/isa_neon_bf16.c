#define KERNELS_NAME  "neon"
#define KERNELS_TABLE kernels_neon_bf16
#define TILE_LINES    2
#define STORE_BF16
#include "kernels/body.inc"
