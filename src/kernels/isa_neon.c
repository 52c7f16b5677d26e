#define KERNELS_NAME  "neon"
#define KERNELS_TABLE kernels_neon
#define TILE_LINES    2
#include "kernels/body.inc"
