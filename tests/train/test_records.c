/*
 * Records of all samples come to rank 0, each in its place, whatever part of them a rank has: also none, and more than
 * are sent at once. Runs under mpirun on any number of ranks.
 */
#include <math.h>

#include "comm/ranks.h"

#include "train/records.h"

enum { CLASSES = 3 };

/* Batches of a split, of which each rank has its shards. Sample i has label i % CLASSES, and is taken for class 1. */
static int note(records *r, const comm *c, size_t all, size_t batch_size)
{
    const size_t ranks = (size_t)comm_size(c);
    real *logits = calloc(batch_size * CLASSES, sizeof *logits);
    int32_t *labels = calloc(batch_size, sizeof *labels);
    int code = logits == NULL || labels == NULL ? error_set(LS_ENOMEM, "out of memory") : records_reserve(r, all);
    for (size_t before = 0; code == LS_OK && before < all; before += batch_size) {
        const size_t n = all - before < batch_size ? all - before : batch_size;
        const batch b = {.labels = labels, .range = shard_range_of(n, 4, (size_t)comm_rank(c), ranks)};
        for (size_t i = 0; i < b.range.samples; i++) {
            const size_t position = before + b.range.first_sample + i;
            labels[i] = (int32_t)(position % CLASSES);
            logits[i * CLASSES + 1] = (real)1 + (real)position;
        }
        records_add(r, &b, before, logits, CLASSES);
    }
    free(labels);
    free(logits);
    return code;
}

static void check_gathered(comm *c, size_t all, size_t batch_size)
{
    records r = {0};
    int code = comm_agree(c, note(&r, c, all, batch_size));
    EXPECT(code == LS_OK, "%s", error_message());
    code = records_gather(&r, c, all);
    EXPECT(code == LS_OK, "%s", error_message());
    EXPECT(r.count == (comm_rank(c) == 0 ? all : 0), "%zu of %zu in batches of %zu", r.count, all, batch_size);
    for (size_t i = 0; code == LS_OK && i < r.count; i++) {
        const metrics_sample *s = &r.samples[i];
        EXPECT(s->position == i && s->label == i % CLASSES && s->predicted == 1, "%zu: %u %u", i, s->position,
               s->label);
        EXPECT((s->rank == 0) == (s->label == 1) && s->probability > 0.5, "%zu: %u %g", i, s->rank, s->probability);
    }
    records_release(&r);
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    if (comm_start(&c, &argc, &argv) != LS_OK) {
        fprintf(stderr, "%s\n", error_message());
        return EXIT_FAILURE;
    }
    check_gathered(c, 1, 1); /* the last rank has it */
    check_gathered(c, 50, 8);
    check_gathered(c, 50, 1000);
    check_gathered(c, 30011, 64);
    return ranks_finish(c);
}
