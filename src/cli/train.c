#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/args.h"
#include "cli/balance_check.h"
#include "cli/command.h"
#include "cli/facts.h"
#include "cli/parallel.h"
#include "cli/rate_curve.h"
#include "cli/run_memory.h"
#include "cli/run_options.h"
#include "cli/start.h"
#include "cli/start_weights.h"
#include "cli/trace_option.h"
#include "run/launch.h"
#include "run/run_lock.h"
#include "run/stages.h"

static const char help[] =
    "usage: [mpirun -n RANKS] lockstep train CONFIG.yaml [--set SECTION.KEY=VALUE]... [--check|--facts]\n"
    "                                        [--resume auto|CHECKPOINT [--same-bits] | --fresh] [--max-time TIME]\n"
    "                                        [--trace FILE.json [--trace-steps N|FIRST..LAST]]\n"
    "\n"
    "Train as CONFIG.yaml says. Checkpoints, log.h5 and train.log go to <checkpoint.dir>/<experiment.name>/. The\n"
    "result has the same bits for any number of ranks and threads; the last line is its hash, `weights <16 hex\n"
    "digits>`.\n"
    "\n"
    "  --set SECTION.KEY=VALUE  instead of what the file says; may be given again, the last one counts\n"
    "  --check                  check the configuration, print it as it takes effect, what memory a rank needs,\n"
    "                           the learning rate over the run, whether it is long enough for decay and BatchNorm to\n"
    "                           come into balance, and how large pictures are; do not train\n"
    "  --facts[=RANKS]          check the configuration as well, and print for scripts what launchers need: a line\n"
    "                           KEY<TAB>VALUE each, of which `printf %b` gives the value back: experiment.name,\n"
    "                           checkpoint.dir, run.folder, data.file, data.problem (why it cannot be used here, or\n"
    "                           empty), train.batch, train.shard, timeouts.abort (whole seconds), memory.rank (bytes\n"
    "                           planned) and memory.ranks (of how many ranks). RANKS: so many are to run on this\n"
    "                           machine; refused where its memory does not suffice for them\n"
    "  --resume auto            go on from the run's newest usable checkpoint, or start when there is none\n"
    "  --resume CHECKPOINT      go on from this one; of a run's folder, from its newest usable one\n"
    "  --same-bits              refuse to go on where the checkpoint was computed in another number type, or by\n"
    "                           kernels of an older version, so that the bits would be others from there on\n"
    "  --fresh                  start over: remove the run's checkpoints and logs first\n"
    "  --max-time TIME          stop and save in time to have ended after TIME: seconds, or as 90m, 12h, 2d, 1:30:00;\n"
    "                           without it, before SLURM_JOB_END_TIME (seconds since 1970) where that is set\n"
    "  --trace FILE.json        write a timeline of some steps, what each thread of each rank did when, for\n"
    "                           ui.perfetto.dev and chrome://tracing\n"
    "  --trace-steps N          of N steps (10), after the first 5 of this start\n"
    "  --trace-steps FIRST..LAST  of these, counted from 1; at most 200\n"
    "\n"
    "SIGTERM, SIGINT and SIGUSR1, to any rank, have all ranks stop after the same step and save; so has SIGHUP, when\n"
    "the terminal is closed, SIGPIPE, when whoever reads the output has left, and SIGXCPU, when processor time is\n"
    "over. The exit status is 75 then, and --resume auto goes on exactly there. A second SIGINT ends a rank at once.\n"
    "\n"
    "example: mpirun -n 4 lockstep train config/digits-bn.yaml --set train.epochs=2 --resume auto\n"
    "\n"
    "keys:\n";

typedef struct train_arguments {
    const char *config;
    args_texts overrides;
    const char *resume;
    bool fresh, check, facts, same_bits;
    uint64_t ranks;  /* of --facts; 0: not known */
    double started;  /* on the clock */
    double max_time; /* seconds from then; 0: no limit was given */
    tracing_options trace;
    bool trace_steps; /* are given */
} train_arguments;

enum { MOST_RANKS = 1000000 };

static int print_keys(void)
{
    char *keys = NULL;
    const int code = config_reference(&keys);
    if (code == LS_OK) {
        log_lines(keys);
    }
    free(keys);
    return code;
}

static int take_max_time(void *arguments, const char *option, const char *text)
{
    return args_duration(&((train_arguments *)arguments)->max_time, option, text);
}

static int take_facts(void *arguments, const char *option, const char *text)
{
    train_arguments *a = arguments;
    a->facts = true;
    return text == NULL ? LS_OK : args_whole(&a->ranks, option, text, 1, MOST_RANKS);
}

static int take_trace_steps(void *arguments, const char *option, const char *text)
{
    train_arguments *a = arguments;
    a->trace_steps = true;
    return trace_option_steps(&a->trace, option, text);
}

static const args_option options[] = {
    {"set", ARGS_TEXTS, ARGS_FIELD(train_arguments, overrides)},
    {"check", ARGS_FLAG, ARGS_FIELD(train_arguments, check)},
    {"facts", ARGS_OTHER, .take = take_facts, .optional = true},
    {"resume", ARGS_TEXT, ARGS_FIELD(train_arguments, resume)},
    {"fresh", ARGS_FLAG, ARGS_FIELD(train_arguments, fresh)},
    {"same-bits", ARGS_FLAG, ARGS_FIELD(train_arguments, same_bits)},
    {"max-time", ARGS_OTHER, .take = take_max_time},
    {"trace", ARGS_TEXT, ARGS_FIELD(train_arguments, trace.file)},
    {"trace-steps", ARGS_OTHER, .take = take_trace_steps},
    {0},
};

static int read_arguments(train_arguments *a, int argc, char **argv)
{
    const int code = args_read_all(a, argc, argv, options, 1, 1, "CONFIG.yaml");
    if (code != LS_OK) {
        return code;
    }
    if (a->check && a->facts) {
        return error_set(LS_EUSAGE, "--check and --facts exclude each other; give one of them");
    }
    if (a->fresh && a->resume != NULL) {
        return error_set(LS_EUSAGE, "--fresh and --resume exclude each other; give one of them");
    }
    if (a->same_bits && a->resume == NULL) {
        return error_set(LS_EUSAGE, "--same-bits is about a checkpoint to go on from; give --resume as well");
    }
    if (a->trace_steps && a->trace.file == NULL) {
        return error_set(LS_EUSAGE, "--trace-steps is about a timeline; give --trace FILE.json as well");
    }
    a->config = argv[optind];
    return LS_OK;
}

/* weights: see start_weights_load. */
static int load(const train_arguments *a, config *out, importer **weights)
{
    return start_weights_load(out, weights, a->config, &a->overrides, a->resume != NULL);
}

static int check_trace(const train_arguments *a, const config *c)
{
    const char *const inputs[] = {a->config, c->data.file};
    return trace_option_check(&a->trace, inputs, sizeof inputs / sizeof *inputs);
}

/* Memory and learning rate, as comments, so that what is printed is a configuration still. */
static int print_plan(memory_need *out, const session_options *o, int ranks)
{
    run_memory memory;
    const int code = run_memory_of(&memory, o, ranks);
    const bool known = memory.problem[0] == '\0';
    if (code == LS_OK) {
        log_info("%s", "");
        log_info("# memory of a rank, %d rank%s of %d thread%s, %zu classes%s%s%s:", ranks, ranks == 1 ? "" : "s",
                 o->train.threads, o->train.threads == 1 ? "" : "s", memory.classes,
                 known ? "" : " (a guess: ", known ? "" : o->data.file, known ? "" : " cannot be opened)");
        memory_plan_print(&memory.plan, "#   ");
        log_info("#   %-26s %10.1f MiB", "pictures held beside that", (double)memory.need.held / 1048576);
        rate_curve_print(o, memory.samples);
        balance_check_print(o, memory.samples);
        stages_print(o);
        *out = memory.need;
    }
    return code;
}

static int print_check(memory_need *out, const train_arguments *a, int ranks)
{
    config c = {0};
    char *yaml = NULL;
    int code = load(a, &c, NULL);
    if (code == LS_OK) {
        code = config_print(&c, &yaml);
    }
    if (code == LS_OK) {
        code = check_trace(a, &c);
    }
    if (code == LS_OK) {
        const session_options o = run_options_session(&c);
        log_lines(yaml);
        code = print_plan(out, &o, ranks);
    }
    config_free(&c);
    free(yaml);
    return code;
}

static int check(comm *c, void *context)
{
    memory_need need = {0};
    int code = comm_agree(c, comm_rank(c) == 0 ? print_check(&need, context, comm_size(c)) : LS_OK);
    if (code == LS_OK) {
        code = comm_broadcast(c, &need, sizeof need);
    }
    return code == LS_OK ? memory_check(c, &need, memory_plan_advice(&(session_options){.training = true})) : code;
}

/* For scripts, which want it soon: without MPI. */
static int print_facts(const train_arguments *a)
{
    config c = {0};
    int code = load(a, &c, NULL);
    if (code == LS_OK) {
        code = facts_print(&c, (int)a->ranks);
    }
    config_free(&c);
    return code;
}

/* Second on the clock by which the run must have ended; 0: none. */
static double time_limit(const train_arguments *a)
{
    const char *const end = getenv("SLURM_JOB_END_TIME");
    if (a->max_time > 0) {
        return a->started + a->max_time;
    }
    const double second = end == NULL ? 0 : strtod(end, NULL);
    return second > 0 ? clock_seconds() + second - (double)time(NULL) : 0;
}

/* Rank 0 reads files and decides; all ranks get what it found. */
static int train(comm *c, void *context)
{
    const train_arguments *a = context;
    const bool leads = comm_rank(c) == 0;
    char run_dir[CHECKPOINT_PATH_SIZE];
    char *yaml = NULL;
    config wanted = {0};
    importer *weights = NULL;
    start begin = {0};
    run_lock *lock = NULL;
    run_folder *folder = NULL;
    live *alive = NULL;
    int code = launch_refuse_alone(c);
    if (code == LS_OK) {
        code = parallel_share_config(c, leads ? load(a, &wanted, &weights) : LS_OK, &wanted, &yaml);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    comm_set_timeouts(c, &wanted.timeouts);
    code = run_folder_file(run_dir, sizeof run_dir, wanted.checkpoint.dir, wanted.experiment.name);
    if (code == LS_OK && leads) {
        code = start_check_named(&wanted, a->resume); /* before a folder is made */
    }
    if (code == LS_OK && leads) {
        code = check_trace(a, &wanted);
    }
    if (code == LS_OK && leads) {
        code = run_lock_take(&lock, run_dir);
    }
    if (code == LS_OK && leads) {
        code = run_folder_open(&folder, run_dir, run_options_owns, &wanted.experiment.name);
    }
    if (code == LS_OK && leads) {
        code = start_choose(&begin, folder, &wanted, run_dir, a->resume, a->fresh);
    }
    const double limit = time_limit(a);
    if (code == LS_OK && leads && wanted.log.status && !begin.done) {
        const live_options told = {.c = c,
                                   .run_dir = run_dir,
                                   .run = wanted.experiment.name,
                                   .epochs = wanted.train.epochs,
                                   .batch = wanted.order.batch,
                                   .limit = limit};
        code = live_start(&alive, &told);
    }
    code = comm_agree(c, code);
    if (code == LS_OK) {
        code = comm_broadcast(c, &begin, sizeof begin);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    if (begin.resumes) { /* nobody reads it, and it would stay open as long as the run takes */
        import_close(weights);
        weights = NULL;
    }
    trainer_options o = run_options_trainer(&wanted);
    o.weights = &weights;
    o.run_dir = run_dir;
    o.folder = folder;
    o.fresh = a->fresh;
    o.resume = begin.resumes ? begin.checkpoint : NULL;
    o.origin = &begin.origin;
    o.same_bits = a->same_bits;
    o.config = yaml;
    o.limit = limit;
    o.trace = a->trace;
    o.alive = alive;
    code = trainer_run(c, &o);
cleanup:
    live_end(alive, code);
    run_folder_close(folder);
    run_lock_free(lock);
    import_close(weights);
    config_free(&wanted);
    free(yaml);
    return code;
}

static int run(int argc, char **argv)
{
    train_arguments a = {.started = clock_seconds(), .trace.count = TRACING_STEPS};
    int code = read_arguments(&a, argc, argv);
    if (code == LS_OK && a.facts) {
        code = print_facts(&a);
    } else if (code == LS_OK) {
        if (!a.check) {
            signals_catch();
        }
        code = parallel_run(a.check ? check : train, &a);
    }
    free(a.overrides.texts);
    return code;
}

const command train_command = {
    .name = "train",
    .summary = "train as a configuration says, from the start or from a checkpoint",
    .help = help,
    .more = print_keys,
    .run = run,
};
