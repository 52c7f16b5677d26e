#define KERNELS_NAME  "generic"
#define KERNELS_TABLE kernels_generic
#define TILE_LINES    2
#include "kernels/body.inc"
