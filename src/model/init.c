#include <math.h>

#include "base/random.h"
#include "model/model.h"

/* Keras' fans: kh·kw·Cin and kh·kw·Cout; for a depthwise kernel 9·C and 9. */
static double glorot_limit(const tensor_info *t)
{
    double in = (double)t->shape[0];
    double out = (double)t->shape[1];
    if (t->rank == 4) {
        const double taps = in * out;
        in = taps * (double)t->shape[2];
        out = taps * (double)t->shape[3];
    }
    return sqrt(6 / (in + out));
}

void model_init(state *s, uint64_t seed)
{
    const tensor_table *t = s->table;
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        real *values = state_values(s, info);
        const int ones = info->role == TENSOR_GAMMA || info->role == TENSOR_MOVING_VARIANCE;
        const int random = info->decays && info->role != TENSOR_DENSE_BIAS;
        const double limit = random ? glorot_limit(info) : 0;
        const uint64_t stream = random_stream(RANDOM_INIT, i, 0);
        for (size_t j = 0; j < info->size; j++) {
            values[j] = (real)(random ? limit * (2 * random_unit(seed, stream, j) - 1) : ones);
        }
    }
}
