/* The real world: waiting is sleeping, so that many ranks fit on few cores. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "simulated/simulated.h"

void simulated_compute(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - floor(seconds)) * 1e9)};
    while (nanosleep(&left, &left) != 0) {
    }
}

void *simulated_shared(size_t bytes, int which)
{
    static void *memory[2];
    if (memory[which] == NULL) {
        memory[which] = calloc(1, bytes > 0 ? bytes : 1);
    }
    return memory[which];
}
