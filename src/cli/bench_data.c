#include "cli/bench_data.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/output.h"
#include "cli/bench_report.h"
#include "cli/parallel.h"
#include "cli/run_options.h"
#include "cli/start_weights.h"
#include "config/config.h"
#include "measure/feed.h"
#include "model/model.h"

static const char what[] = "a report";
static const char *const part_names[LOADER_PARTS] = {
    [LOADER_READING] = "reading", [LOADER_DECODING] = "decoding", [LOADER_MAKING] = "making"};

/* The keys that options stand for, after those of --set. */
static int add_keys(text_builder *out, const bench_data_arguments *a, int ranks)
{
    for (size_t i = 0; i < a->sets.count; i++) {
        text_add(out, "%s%c", a->sets.texts[i], '\0');
    }
    text_add(out, "data.file=%s%c", a->file, '\0');
    if (a->batch > 0) {
        text_add(out, "train.batch=%" PRIu64 "%c", a->batch * (uint64_t)ranks, '\0');
    }
    if (a->width > 0) {
        text_add(out, "data.width=%zu%cdata.height=%zu%c", a->width, '\0', a->height, '\0');
    }
    if (a->threads > 0) {
        text_add(out, "train.threads=%d%c", a->threads, '\0');
    }
    return out->failed ? error_set(LS_ENOMEM, "out of memory for a configuration") : LS_OK;
}

/* Rank 0's part of reading the configuration. */
static int load(config *out, const bench_data_arguments *a, int ranks)
{
    static const char plain[] = "experiment: {name: bench}\n";
    text_builder keys = {0};
    char **sets = NULL;
    size_t count = 0;
    int code = add_keys(&keys, a, ranks);
    if (code == LS_OK) {
        sets = text_take_list(&keys, &count);
        code = sets == NULL ? error_set(LS_ENOMEM, "out of memory for a configuration") : LS_OK;
    }
    if (code == LS_OK && a->config != NULL) {
        const args_texts overrides = {(const char **)sets, count};
        code = start_weights_load(out, NULL, a->config, &overrides, false);
    } else if (code == LS_OK) {
        code = config_parse(out, plain, sizeof plain - 1, "bench --data", (const char *const *)sets, count);
        if (code == LS_OK && train_has_weights(&out->train)) {
            code = error_set(LS_EUSAGE, "model.weights says what the network is; give --config FILE with it");
        }
    }
    text_release(&keys);
    free(sets);
    return code;
}

static double per_thread(const feed_result *r)
{
    double seconds = 0;
    for (int p = 0; p < LOADER_PARTS; p++) {
        seconds += r->parts[p];
    }
    return 1 / seconds;
}

static resolution size_of(const session_options *o)
{
    return session_resolution(o, 0);
}

static void print_alone(const feed_result *r)
{
    log_info("%s", "");
    log_info("input alone %.1f pictures/s, all ranks; %.1f for each second of a thread, which goes to (a picture):",
             r->alone, per_thread(r));
    for (int p = 0; p < LOADER_PARTS; p++) {
        log_info("  %-10s %9.3f ms %6.1f %%", part_names[p], r->parts[p] * 1e3, 100 * r->parts[p] * per_thread(r));
    }
}

static void print_steps(const feed_result *r)
{
    log_info("%s", "");
    log_info("step        %.2f ms on a batch that is there, while nothing is loaded", r->bare * 1e3);
    log_info("            %.2f ms with loading, %.2f images/s, all ranks", r->step * 1e3, r->images);
    log_info("waits       for pictures %.3f ms of it, %.2f %%; the rank that waits most: %.3f ms, %.2f %%",
             r->waited * 1e3, 100 * r->waited / r->step, r->waited_most * 1e3, 100 * r->waited_most / r->step);
}

static void print(const feed_result *r, const feed_options *f)
{
    const session_options *o = &f->session;
    const resolution size = size_of(o);
    char processor[128];
    machine_processor(processor, sizeof processor);
    log_info("machine     %s, kernels %s, %zu rank%s of %d thread%s, and of %.3g loading", processor, model_isa(),
             r->ranks, r->ranks == 1 ? "" : "s", o->train.threads, o->train.threads == 1 ? "" : "s", r->loaders);
    log_info("data        %s: %zu pictures to train, %.1f kB each%s", o->data.file, r->pictures, r->bytes * 1e-3,
             r->held ? ", held in memory" : "");
    log_info("work        %zux%zu, batch %zu; %zu batches alone, %zu steps after %zu", size.width, size.height,
             r->batch, FEED_ALONE * f->steps, f->steps, f->warm_up);
    print_alone(r);
    print_steps(r);
}

static void write_setting(json *j, const feed_result *r, const feed_options *f)
{
    const session_options *o = &f->session;
    const resolution size = size_of(o);
    bench_report_computer(j);
    json_number(j, "ranks", (double)r->ranks);
    json_number(j, "threads", o->train.threads);
    json_number(j, "loader_threads", r->loaders);
    json_text(j, "file", o->data.file);
    json_number(j, "pictures", (double)r->pictures);
    json_number(j, "bytes_per_picture", r->bytes);
    json_text(j, "pictures_from", r->held ? "memory" : "file");
    json_number(j, "width", (double)size.width);
    json_number(j, "height", (double)size.height);
    json_number(j, "batch", (double)r->batch);
    json_number(j, "steps", (double)f->steps);
    json_number(j, "warm_up", (double)f->warm_up);
}

static void write_report(FILE *to, const feed_result *r, const feed_options *f)
{
    json j = {.to = to};
    json_open(&j, NULL, '{');
    write_setting(&j, r, f);
    json_open(&j, "input_alone", '{');
    json_number(&j, "pictures_per_second", r->alone);
    json_number(&j, "pictures_per_thread_second", per_thread(r));
    json_open(&j, "seconds_per_picture", '{');
    for (int p = 0; p < LOADER_PARTS; p++) {
        json_number(&j, part_names[p], r->parts[p]);
    }
    json_close(&j, '}');
    json_close(&j, '}');
    json_number(&j, "step_seconds_without_loading", r->bare);
    json_number(&j, "step_seconds", r->step);
    json_number(&j, "images_per_second", r->images);
    json_number(&j, "waiting_seconds", r->waited);
    json_number(&j, "waiting_seconds_most", r->waited_most);
    json_number(&j, "waiting_share", r->waited / r->step);
    json_close(&j, '}');
}

static int report(const bench_data_arguments *a, const feed_result *r, const feed_options *f)
{
    char *text = NULL;
    size_t size = 0;
    if (a->json == NULL || strcmp(a->json, "-") != 0) {
        print(r, f);
    }
    if (a->json == NULL) {
        return LS_OK;
    }
    FILE *to = open_memstream(&text, &size);
    int code = LS_ENOMEM;
    if (to != NULL) {
        write_report(to, r, f);
        code = fclose(to) == 0 ? LS_OK : LS_ENOMEM;
    }
    code = code == LS_OK ? output_write_text(a->json, what, text, size)
                         : error_set(LS_ENOMEM, "%s: out of memory for a report", a->json);
    free(text);
    return code;
}

/* Before anything is timed, so that a wrong name costs nobody an hour. */
static int check_named(const bench_data_arguments *a)
{
    const int code = dataset_check_place(a->file);
    return code == LS_OK && a->json != NULL ? output_check_text(a->json, what) : code;
}

int bench_data_run(comm *c, const bench_data_arguments *a)
{
    const bool leads = comm_rank(c) == 0;
    config wanted = {0};
    char *yaml = NULL;
    feed_result r = {0};
    int code = comm_agree(c, leads ? check_named(a) : LS_OK);
    if (code == LS_OK) {
        code = parallel_share_config(c, leads ? load(&wanted, a, comm_size(c)) : LS_OK, &wanted, &yaml);
    }
    if (code == LS_OK) {
        comm_set_timeouts(c, &wanted.timeouts);
        feed_options f = {.session = run_options_session(&wanted), .steps = a->steps, .warm_up = a->warm_up};
        f.session.measures = false;
        code = feed_run(&r, c, &f);
        if (code == LS_OK) {
            code = comm_agree(c, leads ? report(a, &r, &f) : LS_OK);
        }
    }
    config_free(&wanted);
    free(yaml);
    return code;
}
