#include "base/clock.h"

#include <time.h>

double clock_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double clock_turn(clock_awake *c, double now)
{
    const double passed = c->last > 0 ? now - c->last : 0;
    c->last = now;
    c->seconds += passed < CLOCK_TURN ? passed : CLOCK_TURN;
    return c->seconds;
}
