#include "optim/rate.h"

double rate_at(const optimizer_options *o, uint64_t step)
{
    (void)step;
    return o->learning_rate;
}
