#include "train/replicas.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/trace.h"

/* Whether ranks must agree on a tensor. */
static bool is_shared(const session *s, const tensor_info *info)
{
    return info->vector == TENSOR_WEIGHTS || s->options.norm.mode == BATCH_NORM_SYNC;
}

/* The values of a tensor, and what the optimizer keeps of it. */
static uint64_t hash_tensor(const state *s, const tensor_info *info)
{
    const real *values = state_values(s, info);
    uint64_t hash = hash_bytes(HASH_START, values, info->size * sizeof *values);
    for (size_t i = STATE_SLOTS; i < s->count; i++) {
        if (s->vectors[i].layout == info->vector) {
            hash = hash_bytes(hash, s->vectors[i].values + info->offset, info->size * sizeof(real));
        }
    }
    return hash;
}

static void hash_tensors(uint64_t *out, const session *s)
{
    const tensor_table *t = s->replica.state.table;
    for (size_t i = 0; i < t->count; i++) {
        out[i] = is_shared(s, &t->tensors[i]) ? hash_tensor(&s->replica.state, &t->tensors[i]) : 0;
    }
}

static int check_finite(const session *s)
{
    char name[2 * TENSOR_NAME_SIZE];
    const tensor_info *bad = state_not_finite(&s->replica.state);
    return bad == NULL ? LS_OK
                       : error_set(LS_ENUMERIC,
                                   "tensor %s holds values that are not finite; lower train.learning_rate, what was "
                                   "saved is kept",
                                   tensor_full_name(name, sizeof name, bad));
}

/* This rank's hashes against rank 0's. */
static int compare(const session *s, const uint64_t *own, const uint64_t *first)
{
    char name[2 * TENSOR_NAME_SIZE];
    const tensor_table *t = model_table(s->replica.net);
    for (size_t i = 0; i < t->count; i++) {
        if (own[i] != first[i]) {
            return error_set(LS_ECOMM,
                             "tensor %s differs from rank 0's (hash %016llx, not %016llx); resume from the last "
                             "checkpoint, and check the memory of both machines and that all run the same program",
                             tensor_full_name(name, sizeof name, &t->tensors[i]), (unsigned long long)own[i],
                             (unsigned long long)first[i]);
        }
    }
    return LS_OK;
}

static int check(const session *s)
{
    const size_t count = model_table(s->replica.net)->count;
    uint64_t *own = malloc(2 * (count + 1) * sizeof *own);
    int code = own == NULL ? error_set(LS_ENOMEM, "out of memory for comparing replicas") : check_finite(s);
    code = comm_agree(s->c, code);
    if (code != LS_OK || own == NULL) {
        free(own);
        return code;
    }
    uint64_t *first = own + count + 1;
    hash_tensors(own, s);
    memcpy(first, own, count * sizeof *own);
    code = comm_or_abort(s->c, comm_broadcast(s->c, first, count * sizeof *first));
    if (code == LS_OK) {
        code = comm_agree(s->c, compare(s, own, first));
    }
    free(own);
    return code;
}

int replicas_check(const session *s)
{
    static const trace_label comparing = {"compare replicas", "step", {NULL}};
    trace_begin(&comparing);
    const int code = check(s);
    trace_end();
    return code;
}
