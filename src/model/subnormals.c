#include "base/fpu.h"
#include "model/private.h"

typedef struct census {
    size_t subnormal, all;
} census;

/* What unit u's output holds, or a tensor of the same shape, of all shards. */
static void count_output(census *c, const model *m, const unit *u, const void *tensor, size_t stride)
{
    const size_t channels = (u->cout + KERNEL_BLOCK - 1) / KERNEL_BLOCK * KERNEL_BLOCK;
    for (size_t s = 0; s < m->run.shards; s++) {
        const size_t n = nn_shard_samples(&m->run, s) * u->out_height * u->out_width * channels;
        c->subnormal += fpu_subnormals(nn_stored(&m->run, tensor, s * stride), n, m->run.k->stored_size);
        c->all += n;
    }
}

size_t model_subnormals(const model *m, size_t *all)
{
    census c = {0};
    for (size_t i = 0; i < m->unit_count; i++) {
        const unit *u = &m->units[i];
        count_output(&c, m, u, u->z, u->z_stride);
    }
    for (size_t i = 0; i < m->block_count; i++) {
        const model_block *b = &m->blocks[i];
        if (b->shortcut) {
            count_output(&c, m, &m->units[b->first + b->count - 1], b->out, b->stride);
        }
    }
    *all = c.all;
    return c.subnormal;
}
