#include "tensor/variables.h"

#include "base/error.h"

int variables_create(arena *memory, const tensor_table *t, real **weights, real **moving)
{
    arena counting = arena_plan();
    (void)arena_alloc(&counting, t->weights_size, sizeof **weights);
    (void)arena_alloc(&counting, t->moving_size, sizeof **moving);
    const int code = arena_init(memory, counting.used);
    if (code == LS_OK) {
        *weights = arena_alloc(memory, t->weights_size, sizeof **weights);
        *moving = arena_alloc(memory, t->moving_size, sizeof **moving);
    }
    return code;
}
