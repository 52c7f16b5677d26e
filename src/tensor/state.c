#include "tensor/state.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

/* Take all vectors from the arena, or count them. */
static void take(state *s, arena *a)
{
    for (size_t i = 0; i < s->count; i++) {
        state_vector *v = &s->vectors[i];
        v->size = v->layout == TENSOR_MOVING ? s->table->moving_size : s->table->weights_size;
        v->values = arena_alloc(a, v->size, sizeof *v->values);
    }
}

/* Without memory. */
static state describe(const tensor_table *t, const state_slot *slots, size_t slot_count)
{
    state s = {.table = t, .count = STATE_SLOTS + slot_count, .shrink = {.left = 1}};
    s.vectors[STATE_WEIGHTS] = (state_vector){.name = "weights", .layout = TENSOR_WEIGHTS};
    s.vectors[STATE_MOVING] = (state_vector){.name = "moving", .layout = TENSOR_MOVING};
    for (size_t i = 0; i < slot_count; i++) {
        s.vectors[STATE_SLOTS + i] = (state_vector){.name = slots[i].name, .layout = slots[i].layout};
    }
    return s;
}

static size_t memory(const state *s)
{
    state counted = *s;
    arena counting = arena_plan();
    take(&counted, &counting);
    return counting.used;
}

size_t state_memory(const tensor_table *t, const state_slot *slots, size_t slot_count)
{
    const state s = describe(t, slots, slot_count);
    return memory(&s);
}

size_t state_memory_like(const state *s)
{
    return memory(s);
}

static int make(state *s)
{
    const int code = arena_init(&s->memory, memory(s));
    if (code == LS_OK) {
        take(s, &s->memory);
    }
    return code;
}

int state_create(state *out, const tensor_table *t, const state_slot *slots, size_t slot_count)
{
    *out = (state){0};
    if (slot_count > STATE_MOST_SLOTS) {
        return error_set(LS_ERROR, "a state has room for %d vectors of an optimizer, not %zu", STATE_MOST_SLOTS,
                         slot_count);
    }
    *out = describe(t, slots, slot_count);
    return make(out);
}

int state_create_like(state *out, const state *s)
{
    *out = (state){.table = s->table, .count = s->count, .shrink = {.left = 1}};
    memcpy(out->vectors, s->vectors, sizeof out->vectors);
    return make(out);
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
    to->shrink = from->shrink;
}

state state_with_moving(const state *s, real *moving)
{
    state view = *s;
    view.vectors[STATE_MOVING].values = moving;
    view.memory = (arena){0};
    return view;
}

const state_vector *state_find(const state *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->vectors[i].name, name) == 0) {
            return &s->vectors[i];
        }
    }
    return NULL;
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
        bad = tensor_table_not_finite(s->table, s->vectors[i].layout, s->vectors[i].values);
    }
    return bad;
}
