/*
 * Ranks whose weights are not the same, or not finite, are found out, and all of them learn which rank and which
 * tensor. Runs under mpirun on any number of ranks.
 */
#include <math.h>
#include <string.h>

#include "comm/ranks.h"

#include "train/replicas.h"

static int set_up(session *s, comm *c)
{
    const state_slot slot = {"velocity", TENSOR_WEIGHTS};
    model_options o = MODEL_OPTIONS_INIT;
    o.height = o.width = 32;
    o.max_shards = 1;
    o.training = 0;
    *s = (session){.c = c, .options = {.network = {.batch_norm = true}, .order = {.seed = 7}}};
    int code = pool_create(&s->replica.threads, 1);
    code = code == LS_OK ? model_create(&s->replica.net, &o, s->replica.threads) : code;
    code = code == LS_OK ? state_create(&s->replica.state, model_table(s->replica.net), &slot, 1) : code;
    return comm_agree(c, code);
}

static bool tells(const char *words)
{
    return strstr(error_message(), words) != NULL;
}

/* Spoil a value on one rank for as long as it is looked at. */
static void check_spoiled(session *s, int bad, real *value, real wrong, int expected, const char *tensor)
{
    comm *c = s->c;
    char rank[32];
    const real right = *value;
    error_set(LS_ERROR, "nothing of interest");
    if (comm_rank(c) == bad) {
        *value = wrong;
    }
    const int code = replicas_check(s);
    EXPECT(code == expected, "%s on rank %d: %d, %s", tensor, bad, code, error_message());
    snprintf(rank, sizeof rank, "rank %d on ", bad);
    if (expected != LS_OK) {
        EXPECT(tells(tensor), "%s on rank %d: %s", tensor, bad, error_message());
        EXPECT(tells(rank) == (comm_rank(c) != bad), "%s on rank %d: %s", tensor, bad, error_message());
    }
    *value = right;
    EXPECT(replicas_check(s) == LS_OK, "%s", error_message());
}

static void check_all(session *s)
{
    const tensor_table *t = model_table(s->replica.net);
    const int size = comm_size(s->c);
    const tensor_info *kernel = &t->tensors[5]; /* after the stem's kernel and BatchNorm */
    const tensor_info *mean = &t->tensors[3];
    real *weight = state_weights(&s->replica.state) + kernel->offset + kernel->size - 1;
    real *velocity = s->replica.state.vectors[STATE_SLOTS].values + kernel->offset;
    real *statistic = state_moving(&s->replica.state) + mean->offset;
    comm *c = s->c;
    EXPECT(kernel->trainable && !mean->trainable, "tensors are in another order");
    EXPECT(replicas_check(s) == LS_OK, "%s", error_message());
    for (int bad = 1; bad < size; bad++) {
        check_spoiled(s, bad, weight, nextafterf((float)*weight, 9), LS_ECOMM, "depthwise_conv2d/depthwise_kernel");
        check_spoiled(s, bad, statistic, 3, LS_ECOMM, "batch_normalization/moving_mean");
        check_spoiled(s, bad, velocity, 1, LS_ECOMM, "depthwise_conv2d/depthwise_kernel");
        s->options.norm.mode = BATCH_NORM_LOCAL; /* then moving statistics are each rank's own */
        check_spoiled(s, bad, statistic, 3, LS_OK, "");
        s->options.norm.mode = BATCH_NORM_SYNC;
    }
    for (int bad = 0; size > 1 && bad < size; bad++) {
        check_spoiled(s, bad, weight, NAN, LS_ENUMERIC, "depthwise_conv2d/depthwise_kernel");
        check_spoiled(s, bad, statistic, INFINITY, LS_ENUMERIC, "batch_normalization/moving_mean");
    }
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    session s;
    if (comm_start(&c, &argc, &argv) != LS_OK) {
        fprintf(stderr, "%s\n", error_message());
        return EXIT_FAILURE;
    }
    const int code = set_up(&s, c);
    EXPECT(code == LS_OK, "%s", error_message());
    if (code == LS_OK) {
        model_init(&s.replica.state, 7);
        check_all(&s);
    }
    session_close(&s);
    return ranks_finish(c);
}
