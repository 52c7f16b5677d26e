#define KERNELS_NAME  "generic"
#define KERNELS_TABLE kernels_generic
#define TILE_LINES    4
#include "kernels/body.inc"
