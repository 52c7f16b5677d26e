#define KERNELS_NAME  "generic"
#define KERNELS_TABLE kernels_generic_bf16
#define TILE_LINES    2
#define STORE_BF16
#include "kernels/body.inc"
