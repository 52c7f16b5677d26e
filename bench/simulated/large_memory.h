#ifndef LOCKSTEP_BENCH_LARGE_MEMORY_H
#define LOCKSTEP_BENCH_LARGE_MEMORY_H

/*
 * Given to the compiler before src/comm/flight.c when it is compiled for a simulation: all ranks' scratch memory for
 * parts of gradients is one block, so that thousands of ranks fit into one machine's memory. Sizes of messages stay
 * true; the values mean nothing.
 */
#include <stdlib.h>

enum { LARGE_MEMORY = 1 << 16 };

void *large_memory_get(size_t bytes);
void large_memory_free(void *memory);

#define malloc large_memory_get
#define free   large_memory_free

#endif
