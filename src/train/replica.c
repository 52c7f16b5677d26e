#include "train/replica.h"

#include "base/error.h"

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
    return code != LS_OK ? code
                         : state_create(&out->state, model_table(out->net), step != NULL ? step->slots : NULL,
                                        step != NULL ? step->slot_count : 0);
}

void replica_release(replica *r)
{
    state_release(&r->state);
    stepper_free(r->steps);
    model_free(r->net);
    pool_free(r->threads);
    *r = (replica){0};
}
