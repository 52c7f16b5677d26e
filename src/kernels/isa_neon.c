#define KERNELS_NAME  "neon"
#define KERNELS_TABLE kernels_neon
#define TILE_PIXELS   4
#include "kernels/body.inc"
