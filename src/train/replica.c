#include "train/replica.h"

#include "base/error.h"

static int make_state(replica *r, const model_options *m, const step_options *step)
{
    state_slot slots[STATE_MOST_SLOTS];
    const size_t count = m->training && step != NULL ? optimizer_slots(slots, &step->optimizer) : 0;
    return state_create(&r->state, model_table(r->net), slots, count);
}

int replica_create(replica *out, const model_options *m, int threads, comm *c, const step_options *step)
{
    *out = (replica){0};
    int code = pool_create(&out->threads, threads);
    if (code == LS_OK) {
        code = model_create(&out->net, m, out->threads);
    }
    if (code == LS_OK && step != NULL) {
        code = stepper_create(&out->steps, out->net, c, step, m->max_shards);
    }
    return code == LS_OK ? make_state(out, m, step) : code;
}

void replica_release(replica *r)
{
    state_release(&r->state);
    stepper_free(r->steps);
    model_free(r->net);
    pool_free(r->threads);
    *r = (replica){0};
}
