#include "base/fpu.h"
#include "model/private.h"

typedef struct census {
    size_t subnormal, all;
} census;

/* What unit u's output holds, or a tensor of the same shape, of all shards. */
static void count_output(census *c, const model *m, const unit *u, const void *tensor)
{
    const size_t channels = nn_padded(u->cout);
    for (size_t s = 0; s < m->run.range.count; s++) {
        const size_t n = nn_shard_samples(&m->run, s) * u->out_height * u->out_width * channels;
        c->subnormal += fpu_subnormals(nn_stored(&m->run, tensor, s * u->z_stride), n, m->run.k->stored_size);
        c->all += n;
    }
}

size_t model_subnormals(const model *m, size_t *all)
{
    census c = {0};
    for (size_t i = 0; i < m->layer_count; i++) {
        const model_layer *layer = &m->layers[i];
        count_output(&c, m, &layer->u, layer->u.z);
        if (layer->add != MODEL_NONE) {
            count_output(&c, m, &layer->u, layer->sum);
        }
    }
    *all = c.all;
    return c.subnormal;
}
