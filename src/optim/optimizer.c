#include "optim/optimizer.h"

#include "optim/average.h"
#include "optim/gradient.h"

extern const optimizer optimizer_sgd;
extern const optimizer optimizer_momentum;
extern const optimizer optimizer_rmsprop;
extern const optimizer optimizer_rmsprop_momentum;
extern const optimizer optimizer_adam;
extern const optimizer optimizer_adamw;
extern const optimizer optimizer_lars;
extern const optimizer optimizer_lamb;

/* By kind: without momentum, and with it. */
static const optimizer *const optimizers[][2] = {
    [OPTIMIZER_SGD] = {&optimizer_sgd, &optimizer_momentum},
    [OPTIMIZER_RMSPROP] = {&optimizer_rmsprop, &optimizer_rmsprop_momentum},
    [OPTIMIZER_ADAM] = {&optimizer_adam, &optimizer_adam},
    [OPTIMIZER_ADAMW] = {&optimizer_adamw, &optimizer_adamw},
    [OPTIMIZER_LARS] = {&optimizer_lars, &optimizer_lars},
    [OPTIMIZER_LAMB] = {&optimizer_lamb, &optimizer_lamb},
};

const optimizer *optimizer_of(const optimizer_options *o)
{
    return optimizers[o->kind][o->momentum > 0 ? 1 : 0];
}

size_t optimizer_slots(state_slot out[STATE_MOST_SLOTS], const optimizer_options *o)
{
    const optimizer *how = optimizer_of(o);
    size_t count = 0;
    for (; count < how->slot_count; count++) {
        out[count] = (state_slot){how->slots[count], TENSOR_WEIGHTS};
    }
    count += gradient_slots(out + count, o);
    return count + average_slots(out + count, o);
}
