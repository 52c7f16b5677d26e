#include "optim/average.h"

#include <string.h>

#include "base/elementary.h"
#include "optim/gradient.h"

#define WEIGHTS "ema"
#define MOVING  "ema_moving"

size_t average_slots(state_slot *out, const optimizer_options *o)
{
    if (o->ema.decay == 0) {
        return 0;
    }
    out[0] = (state_slot){WEIGHTS, TENSOR_WEIGHTS};
    out[1] = (state_slot){MOVING, TENSOR_MOVING};
    return 2;
}

bool average_exists(const state *s)
{
    return state_find(s, WEIGHTS) != NULL;
}

void average_begin(state *s)
{
    if (average_exists(s)) {
        const state_vector *weights = state_find(s, WEIGHTS);
        const state_vector *moving = state_find(s, MOVING);
        memcpy(weights->values, state_weights(s), weights->size * sizeof(real));
        memcpy(moving->values, state_moving(s), moving->size * sizeof(real));
    }
}

/* n: updates of the averages so far. The first one copies; after it timm's warm-up, with its defaults. */
static double keeps(const ema_options *o, uint64_t n)
{
    const double begins = 1 - elementary_pow(1 + (double)n, -2.0 / 3);
    return n == 0 || (o->warm_up && begins < o->decay) ? begins : o->decay;
}

average_now average_at(const state *s, const optimizer_options *o)
{
    const uint64_t every = o->ema.every > 1 ? o->ema.every : 1;
    const uint64_t updates = gradient_updates(o, s->step) + 1; /* with the one under way */
    if (o->ema.decay == 0 || updates % every != 0) {
        return (average_now){0};
    }
    return (average_now){
        .weights = state_find(s, WEIGHTS)->values,
        .moving = state_find(s, MOVING)->values,
        .keeps = keeps(&o->ema, updates / every - 1),
    };
}

static void average(real *restrict a, const real *restrict w, size_t n, double keep)
{
    const double takes = 1 - keep;
    for (size_t i = 0; i < n; i++) {
        a[i] = (real)(keep * (double)a[i] + takes * (double)w[i]);
    }
}

void average_weights(const average_now *a, const state *s, size_t at, size_t n)
{
    if (a->weights != NULL) {
        average(a->weights + at, state_weights(s) + at, n, a->keeps);
    }
}

void average_moving(const average_now *a, const state *s)
{
    if (a->moving != NULL) {
        average(a->moving, state_moving(s), s->vectors[STATE_MOVING].size, a->keeps);
    }
}

state average_state(const state *s)
{
    state view = *s;
    view.vectors[STATE_WEIGHTS].values = state_find(s, WEIGHTS)->values;
    view.vectors[STATE_MOVING].values = state_find(s, MOVING)->values;
    view.count = STATE_SLOTS;
    view.memory = (arena){0};
    return view;
}
