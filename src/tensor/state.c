#include "tensor/state.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

static size_t vector_size(const tensor_table *t, size_t part)
{
    return part == STATE_MOVING ? t->moving_size : t->weights_size;
}

/* Take all vectors from the arena, or count them. */
static void take(state *s, arena *a)
{
    for (size_t i = 0; i < s->count; i++) {
        state_vector *v = &s->vectors[i];
        v->size = vector_size(s->table, i);
        v->values = arena_alloc(a, v->size, sizeof *v->values);
    }
}

size_t state_memory(const tensor_table *t, size_t slot_count)
{
    state s = {.table = t, .count = STATE_SLOTS + slot_count};
    arena counting = arena_plan();
    take(&s, &counting);
    return counting.used;
}

int state_create(state *out, const tensor_table *t, const char *const *slots, size_t slot_count)
{
    *out = (state){.table = t, .count = STATE_SLOTS + slot_count};
    if (slot_count > STATE_MOST_SLOTS) {
        return error_set(LS_ERROR, "a state has room for %d vectors of an optimizer, not %zu", STATE_MOST_SLOTS,
                         slot_count);
    }
    out->vectors[STATE_WEIGHTS].name = "weights";
    out->vectors[STATE_MOVING].name = "moving";
    for (size_t i = 0; i < slot_count; i++) {
        out->vectors[STATE_SLOTS + i].name = slots[i];
    }
    const int code = arena_init(&out->memory, state_memory(t, slot_count));
    if (code == LS_OK) {
        take(out, &out->memory);
    }
    return code;
}

int state_create_like(state *out, const state *s)
{
    const char *slots[STATE_MOST_SLOTS] = {0};
    for (size_t i = STATE_SLOTS; i < s->count; i++) {
        slots[i - STATE_SLOTS] = s->vectors[i].name;
    }
    return state_create(out, s->table, slots, s->count - STATE_SLOTS);
}

void state_release(state *s)
{
    arena_release(&s->memory);
    *s = (state){0};
}

void state_copy(state *to, const state *from)
{
    for (size_t i = 0; i < from->count; i++) {
        memcpy(to->vectors[i].values, from->vectors[i].values, from->vectors[i].size * sizeof(real));
    }
    to->epoch = from->epoch;
    to->step = from->step;
    to->position = from->position;
    to->origin = from->origin;
}

state state_with_moving(const state *s, real *moving)
{
    state view = *s;
    view.vectors[STATE_MOVING].values = moving;
    view.memory = (arena){0};
    return view;
}

static uint64_t hash_vectors(const state *s, size_t count)
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < count; i++) {
        const state_vector *v = &s->vectors[i];
        if (v->size > 0) {
            hash = hash_bytes(hash, v->values, v->size * sizeof *v->values);
        }
    }
    return hash;
}

uint64_t state_hash(const state *s)
{
    return hash_vectors(s, STATE_SLOTS);
}

uint64_t state_hash_all(const state *s)
{
    return hash_vectors(s, s->count);
}

const tensor_info *state_not_finite(const state *s)
{
    const tensor_info *bad = NULL;
    for (size_t i = 0; bad == NULL && i < s->count; i++) {
        const tensor_vector layout = i == STATE_MOVING ? TENSOR_MOVING : TENSOR_WEIGHTS;
        bad = tensor_table_not_finite(s->table, layout, s->vectors[i].values);
    }
    return bad;
}
