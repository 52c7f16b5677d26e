/*
 * The benchmark's small values: subnormal between most layers where nothing flushes them, and nowhere as the program
 * computes. Linked so that whether a thread flushes is asked here first. Runs under mpirun on any number of ranks.
 */
#include <math.h>
#include <stdatomic.h>

#include "comm/ranks.h"

#include "base/fpu.h"
#include "measure/bench_rig.h"

static atomic_bool keeps; /* subnormal numbers */

void __real_fpu_flush_begin(void); /* the names are the linker's */ /* NOLINT(bugprone-reserved-identifier) */
void __wrap_fpu_flush_begin(void);                                  /* NOLINT(bugprone-reserved-identifier) */

void __wrap_fpu_flush_begin(void) /* NOLINT(bugprone-reserved-identifier) */
{
    if (!keeps) {
        __real_fpu_flush_begin();
    }
}

typedef struct found {
    size_t outputs, subnormal, weights, gradient; /* of this rank */
    uint64_t bits;
} found;

static int run_small(found *out, comm *c, const bench_options *o)
{
    bench_rig rig = {0};
    bench_state *s = &rig.small;
    int code = comm_agree(c, bench_rig_open(&rig, c, o));
    if (code == LS_OK) {
        code = comm_agree(c, bench_rig_shrink(&rig, o));
    }
    if (code == LS_OK) {
        const tensor_table *t = model_table(rig.replica.net);
        step_metrics m = {0};
        for (int i = 0; code == LS_OK && i < 2; i++) {
            step_agreement all = {.code = LS_OK};
            code = step_train(rig.replica.steps, &s->samples, s->state, &all, &m);
        }
        out->subnormal = model_subnormals(rig.replica.net, &out->outputs);
        out->weights = fpu_subnormals(state_weights(s->state), t->weights_size, sizeof(real));
        out->gradient = fpu_subnormals(step_gradient(rig.replica.steps), t->weights_size, sizeof(real));
        out->bits = state_hash(s->state);
        EXPECT(isfinite(m.cross_entropy) && m.samples > 0, "loss %g", m.cross_entropy);
    }
    bench_rig_close(&rig);
    return code;
}

static void check(comm *c, bench_options o)
{
    found f[2][2] = {0}; /* kept or flushed, threads */
    for (int kept = 0; kept < 2; kept++) {
        for (int threads = 1; threads <= 2; threads++) {
            keeps = kept;
            o.threads = threads;
            EXPECT(run_small(&f[kept][threads - 1], c, &o) == LS_OK, "%s", error_message());
        }
    }
    keeps = false;
    const found *kept = f[1];
    const bool mixed = o.network.precision == PRECISION_MIXED;
    EXPECT(kept->outputs > 100000, "%zu outputs", kept->outputs);
    /* A bf16 has few digits left to be subnormal with: more of them are zero. */
    EXPECT(kept->subnormal > kept->outputs / (mixed ? 3 : 2), "kept: %zu of %zu outputs are subnormal", kept->subnormal,
           kept->outputs);
    EXPECT(kept->gradient > 0 || mixed, "kept: none of the gradient is subnormal");
    EXPECT(kept[0].bits == kept[1].bits, "kept: other bits on two threads");
    for (int i = 0; i < 2; i++) {
        EXPECT(f[0][i].subnormal == 0, "%d threads: %zu outputs are subnormal", i + 1, f[0][i].subnormal);
        EXPECT(f[0][i].weights == 0, "%d threads: %zu weights are subnormal", i + 1, f[0][i].weights);
        EXPECT(f[0][i].gradient == 0, "%d threads: %zu of the gradient are subnormal", i + 1, f[0][i].gradient);
    }
    EXPECT(f[0][0].bits == f[0][1].bits, "other bits on two threads");
}

static void check_all(comm *c)
{
    bench_options o = {.side = 32, .batch = 8, .classes = 10, .shard_size = 4, .optimizer = {.learning_rate = 0.1}};
    for (int norm = 0; norm < 3; norm++) {
        o.network.batch_norm = norm > 0;
        o.mode = norm == 1 ? BATCH_NORM_SYNC : BATCH_NORM_LOCAL;
        o.network.precision = PRECISION_FLOAT32;
        check(c, o);
        if (sizeof(real) == sizeof(float)) {
            o.network.precision = PRECISION_MIXED;
            check(c, o);
        }
    }
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    if (comm_start(&c, &argc, &argv) != LS_OK) {
        fprintf(stderr, "%s\n", error_message());
        return EXIT_FAILURE;
    }
    check_all(c);
    return ranks_finish(c);
}
