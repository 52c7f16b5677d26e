#include "train/estimate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "train/evaluate.h"
#include "train/moving.h"

static int check_data(const session *s, const session_history *at, const char *checkpoint)
{
    const uint64_t checksum = dataset_fingerprint(s->data);
    if (checksum != at->data_checksum) {
        return error_set(LS_EUSAGE,
                         "%s: is not the data set that trained %s (checksum %016" PRIx64 ", not %016" PRIx64 ")",
                         dataset_path(s->data), checkpoint, checksum, at->data_checksum);
    }
    return LS_OK;
}

/* The epoch whose batches a validation of these weights goes over. */
static uint64_t epoch_of(const state *at)
{
    return at->position > 0 || at->epoch == 0 ? at->epoch : at->epoch - 1;
}

static int run(estimate *out, session *s, const char *checkpoint, size_t batches)
{
    session_history at;
    int code = session_load(s, checkpoint, &at);
    if (code == LS_OK) {
        code = check_data(s, &at, checkpoint);
    }
    if (code != LS_OK) {
        return code;
    }
    const uint64_t epoch = epoch_of(&s->replica.state);
    code = comm_agree(s->c, model_freeze(s->replica.net, train_frozen_in(&s->options.train, epoch)));
    if (code != LS_OK) {
        return code;
    }
    const tensor_table *t = model_table(s->replica.net);
    const size_t n = t->moving_size;
    if (moving_changes(t)) {
        const size_t steps = loader_steps(s->train);
        out->batch = s->options.order.batch;
        out->batches = batches > 0 && batches < steps ? batches : steps;
        out->samples = out->batches < steps ? out->batches * out->batch : loader_samples(s->train);
    }
    out->moving = calloc(n + 1, sizeof *out->moving);
    code = comm_agree(s->c, out->moving == NULL ? error_set(LS_ENOMEM, "out of memory for statistics") : LS_OK);
    if (code == LS_OK) {
        code = evaluate_population(s, epoch, batches, NULL, out->moving);
    }
    if (code == LS_OK) {
        out->hash = hash_bytes(HASH_START, out->moving, n * sizeof *out->moving);
        code = comm_same(s->c, out->hash, "the hash of the statistics");
    }
    return code;
}

int estimate_statistics(estimate *out, comm *c, const session_options *trained, const char *checkpoint, size_t batches)
{
    session s = {0};
    session_options o = *trained;
    *out = (estimate){0};
    o.training = false;
    o.estimates = true;
    o.data.stage = NULL; /* what is read once need not be copied first */
    int code = session_open(&s, c, &o);
    if (code == LS_OK) {
        code = run(out, &s, checkpoint, batches);
    }
    session_close(&s);
    return code;
}

void estimate_release(estimate *e)
{
    free(e->moving);
    *e = (estimate){0};
}

const char *estimate_describe(char out[ESTIMATE_TEXT_SIZE], const estimate *e, const char *data_file)
{
    if (e->samples == 0) {
        (void)snprintf(out, ESTIMATE_TEXT_SIZE, "BatchNorm was not trained: its moving statistics are what it ran on");
        return out;
    }
    (void)snprintf(out, ESTIMATE_TEXT_SIZE,
                   "statistics re-estimated over %zu batches of %zu, %zu training pictures of %.300s: %016" PRIx64,
                   e->batches, e->batch, e->samples, data_file, e->hash);
    return out;
}
