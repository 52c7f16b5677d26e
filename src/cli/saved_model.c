#include "cli/saved_model.h"

#include <string.h>

#include "base/error.h"
#include "cli/run_options.h"
#include "optim/average.h"

void saved_model_pixels(exchange_model *out, const data_options *o)
{
    switch (o->scale) {
    case RESIZE_UNIT: exchange_set_pixels(out, 1, 0); break;
    case RESIZE_SIGNED: exchange_set_pixels(out, 0.5, 0.5); break;
    case RESIZE_STANDARD:
        memcpy(out->mean, o->mean, sizeof out->mean);
        memcpy(out->deviation, o->deviation, sizeof out->deviation);
        break;
    }
}

static int read_weights(saved_model *m, const char *checkpoint, bool raw)
{
    state_slot slots[STATE_MOST_SLOTS];
    const size_t count = raw ? 0 : average_slots(slots, &m->saved.optimizer);
    int code = network_describe(&m->table, &m->model.spec);
    if (code == LS_OK) {
        code = state_create(&m->whole, &m->table, slots, count);
    }
    if (code == LS_OK) {
        code = checkpoint_read(checkpoint, &m->whole);
    }
    m->weights = count > 0 ? average_state(&m->whole) : m->whole;
    return code;
}

int saved_model_read(saved_model *out, const char *checkpoint, bool raw)
{
    const int code = run_options_of_checkpoint(&out->saved, &out->info, checkpoint);
    if (code != LS_OK) {
        return code;
    }
    const config *c = &out->saved;
    out->model = (exchange_model){
        .spec = {.height = c->data.height,
                 .width = c->data.width,
                 .classes = out->info.class_count,
                 .options = c->model},
        .epsilon = c->batch_norm.epsilon,
        .momentum = c->batch_norm.momentum,
        .weights = &out->weights,
        .classes = (const char *const *)out->info.classes,
        .program = "lockstep " LOCKSTEP_VERSION,
    };
    saved_model_pixels(&out->model, &c->data);
    return read_weights(out, checkpoint, raw);
}

void saved_model_release(saved_model *m)
{
    state_release(&m->whole);
    tensor_table_release(&m->table);
    checkpoint_info_release(&m->info);
    config_free(&m->saved);
    *m = (saved_model){0};
}
