#define KERNELS_NAME  "generic"
#define KERNELS_TABLE kernels_generic_bf16
#define TILE_LINES    4
#define STORE_BF16
#include "kernels/body.inc"
