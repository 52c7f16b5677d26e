#include "run/validation.h"

#include <stdlib.h>

#include "base/error.h"
#include "optim/average.h"

int validation_memory(real **out, const session *s)
{
    *out = calloc(model_table(s->replica.net)->moving_size + 1, sizeof **out);
    return *out == NULL ? error_set(LS_ENOMEM, "out of memory for population statistics") : LS_OK;
}

/* By statistics re-estimated over so many batches (0: all) of an epoch. */
static int by_population(session *s, uint64_t epoch, size_t batches, real *population, evaluate_breaks *breaks,
                         evaluation *out)
{
    int code = evaluate_population(s, epoch, batches, breaks, population);
    if (code == LS_OK && !breaks->stopped) {
        const state at = state_with_moving(&s->replica.state, population);
        code = evaluate_split(s, &at, NULL, breaks, out);
    }
    return code;
}

int validation_run(session *s, real *population, evaluate_breaks *breaks, epoch_validation *out)
{
    const state *st = &s->replica.state;
    const bool precise = population != NULL && s->options.network.batch_norm && loader_steps(s->val) > 0;
    int code = precise ? by_population(s, st->epoch, s->options.norm.precise_batches, population, breaks, &out->weights)
                       : evaluate_split(s, st, NULL, breaks, &out->weights);
    if (code == LS_OK && !breaks->stopped && average_exists(st)) {
        const state averages = average_state(st);
        code = evaluate_split(s, &averages, NULL, breaks, &out->averages);
    }
    return code;
}

int validation_precisely(session *s, evaluate_breaks *breaks, double *accuracy)
{
    enum { BATCHES = 100 };
    evaluation precise = evaluation_of_none();
    real *population = NULL;
    int code = comm_agree(s->c, validation_memory(&population, s));
    if (code == LS_OK) {
        code = by_population(s, s->replica.state.epoch - 1, BATCHES, population, breaks, &precise);
    }
    *accuracy = precise.accuracy;
    free(population);
    return code;
}
