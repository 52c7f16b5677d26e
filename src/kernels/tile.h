#ifndef LOCKSTEP_KERNELS_TILE_H
#define LOCKSTEP_KERNELS_TILE_H

/*
 * Pixels that go through the lens at a time: with the widest layers (960 channels in, 320 out) the tile still fits a
 * 512 KiB L2 cache. A multiple of every register tile (4 and 6 pixels).
 */
enum { PANEL_PIXELS = 48 };

#endif
