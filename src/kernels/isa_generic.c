#define KERNELS_NAME  "generic"
#define KERNELS_TABLE kernels_generic
#define TILE_PIXELS   4
#include "kernels/body.inc"
