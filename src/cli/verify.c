#include <math.h>

#include "base/error.h"
#include "base/log.h"
#include "base/real.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/parallel.h"
#include "verify/golden.h"

/* Largest relative error allowed where --tolerance does not say. */
#ifdef LOCKSTEP_DOUBLE
#define TOLERANCE 1e-9
#else
#define TOLERANCE 1e-2
#endif

#define NOT_GIVEN (-1.0)

static const char help[] =
    "usage: [mpirun -n RANKS] lockstep verify FILE.h5 [--tolerance T] [--ratio R] [--threads N] [--shard N]\n"
    "                                            [--precision float32|mixed]\n"
    "\n"
    "Check the training step against a file of reference results: logits, losses, gradients, updated weights and\n"
    "moving statistics. Fails when a relative error (norm of the difference over norm of the reference) is past the\n"
    "tolerance. Ends with `bits` and a hash of all results, which must not depend on ranks and threads.\n"
    "\n"
    "  --tolerance T  largest relative error allowed (default 1e-2, and 1e-9 in the build `double`)\n"
    "  --ratio R      also fail when our errors are more than R times TensorFlow's in float32, in the median over\n"
    "                 tensors (default: not checked)\n"
    "  --threads N    computing threads a rank (default 1)\n"
    "  --shard N      samples a shard (default 4)\n"
    "  --precision float32|mixed\n"
    "                 with mixed, errors are reported, and checked only where --tolerance is given (default float32)\n"
    "\n"
    "example: lockstep verify tests/golden/step_bn_l2_96_affine.h5\n";

typedef struct verify_arguments {
    const char *path;
    golden_options options;
} verify_arguments;

static const args_option options[] = {
    {"tolerance", ARGS_NUMBER, ARGS_FIELD(verify_arguments, options.tolerance), .high = 1e6},
    {"ratio", ARGS_NUMBER, ARGS_FIELD(verify_arguments, options.ratio), .high = 1e6},
    {"threads", ARGS_WHOLE, ARGS_FIELD(verify_arguments, options.threads), .least = 1, .most = 1024},
    {"shard", ARGS_WHOLE, ARGS_FIELD(verify_arguments, options.shard_size), .least = 1, .most = 1024},
    {"precision", ARGS_WORD, ARGS_FIELD(verify_arguments, options.precision), .words = args_precision},
    {0},
};

static int verify(comm *c, void *context)
{
    const verify_arguments *a = context;
    golden_result result;
    const int code = golden_verify(c, a->path, &a->options, &result);
    if (code != LS_OK) {
        return code;
    }
    log_info("%s: largest error %.2e: %s", a->path, result.worst, result.passed ? "passed" : "FAILED");
    return result.passed ? EXIT_DONE : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    verify_arguments a = {.options = {.tolerance = NOT_GIVEN, .threads = 1, .shard_size = 4}};
    const int code = args_read_all(&a, argc, argv, options, 1, 1, "FILE.h5");
    if (code != LS_OK) {
        return code;
    }
    a.path = argv[optind];
    if (a.options.tolerance == NOT_GIVEN) {
        a.options.tolerance = a.options.precision == PRECISION_MIXED ? (double)INFINITY : TOLERANCE;
    }
    return parallel_run(verify, &a);
}

const command verify_command = {
    .name = "verify",
    .summary = "check the training step against a file of reference results",
    .help = help,
    .run = run,
};
