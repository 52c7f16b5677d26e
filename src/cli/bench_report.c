#include "cli/bench_report.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/sort.h"
#include "model/model.h"

static const char *const phase_names[BENCH_PHASES] = {
    [BENCH_FORWARD] = "forward", [BENCH_LOSS] = "loss",           [BENCH_BACKWARD] = "backward",
    [BENCH_WAITING] = "waiting", [BENCH_REDUCTION] = "reduction", [BENCH_UPDATE] = "update",
};

typedef struct rates {
    double median, mean, min, max; /* images a second, over all ranks */
} rates;

/* seconds: [steps] */
static rates images_a_second(const bench_options *o, const bench_result *r, const double *seconds)
{
    const double samples = (double)r->samples;
    double total = 0;
    double sorted[BENCH_MAX_STEPS];
    memcpy(sorted, seconds, o->steps * sizeof *sorted);
    const double median = sort_median(sorted, o->steps);
    for (size_t i = 0; i < o->steps; i++) {
        total += sorted[i];
    }
    return (rates){samples / median, samples * (double)o->steps / total, samples / sorted[o->steps - 1],
                   samples / sorted[0]};
}

static const char *batch_norm_name(const bench_options *o)
{
    return !o->network.batch_norm ? "none" : o->mode == BATCH_NORM_SYNC ? "sync" : "local";
}

static const char *precision_name(const bench_options *o)
{
    return o->network.precision == PRECISION_MIXED ? "mixed" : REAL_NAME;
}

/* What is left of a step. */
static double rest(const bench_result *r)
{
    double seconds = r->step_mean;
    for (int i = 0; i < BENCH_PHASES; i++) {
        seconds -= r->phases[i];
    }
    return seconds;
}

static void print_phase(const char *name, double seconds, double step)
{
    log_info("  %-10s %9.2f ms %6.1f %%", name, seconds * 1e3, 100 * seconds / step);
}

static void print_phases(const bench_result *r)
{
    log_info("%s", "");
    log_info("step        %.2f ms, of these (mean over ranks and steps):", r->step_mean * 1e3);
    print_phase("input", 0, r->step_mean);
    for (int i = 0; i < BENCH_PHASES; i++) {
        print_phase(phase_names[i], r->phases[i], r->step_mean);
    }
    print_phase("rest", rest(r), r->step_mean);
}

static void print_layers(const bench_row *rows, size_t count)
{
    log_info("%s", "");
    log_info("%-18s %-9s %-9s %-10s %8s %8s %7s %7s %8s  %s", "layer", "channels", "map", "pass", "ms", "GFLOP/s",
             "GB/s", "flop/B", "of limit", "limit");
    for (size_t i = 0; i < count; i++) {
        const bench_row *row = &rows[i];
        char channels[32];
        char map[32];
        (void)snprintf(channels, sizeof channels, "%zu-%zu", row->cost.cin, row->cost.cout);
        (void)snprintf(map, sizeof map, "%zux%zu%s", row->cost.width, row->cost.height,
                       row->cost.stride == 2 ? "/2" : "");
        log_info("%-18s %-9s %-9s %-10s %8.3f %8.2f %7.2f %7.2f %6.1f %%  %s", row->cost.name, channels, map,
                 cost_direction_name(row->direction), row->seconds * 1e3, row->flops / row->seconds * 1e-9,
                 row->bytes / row->seconds * 1e-9, row->flops / row->bytes, 100 * row->ideal / row->seconds,
                 row->memory_bound ? "memory" : "compute");
    }
}

static void print_class(const bench_class *c)
{
    if (c->ideal > 0) {
        log_info("%-24s %9.2f %8.2f %7.2f %9.2f %6.1f %%", c->name, c->seconds * 1e3, c->flops / c->seconds * 1e-9,
                 c->bytes / c->seconds * 1e-9, c->ideal * 1e3, 100 * c->ideal / c->seconds);
    } else {
        log_info("%-24s %9.2f", c->name, c->seconds * 1e3);
    }
}

static void print_classes(const bench_row *rows, size_t count, const bench_result *r)
{
    bench_class classes[BENCH_MAX_CLASSES];
    bench_class all = {.name = "all of these"};
    const size_t n = bench_classes(classes, rows, count, r);
    log_info("%s", "");
    log_info("%-24s %9s %8s %7s %9s %8s", "a rank's step", "ms", "GFLOP/s", "GB/s", "limit ms", "of limit");
    for (size_t i = 0; i < n; i++) {
        print_class(&classes[i]);
        all.seconds += classes[i].seconds;
        all.ideal += classes[i].ideal;
        all.flops += classes[i].flops;
        all.bytes += classes[i].bytes;
    }
    print_class(&all);
}

/* Of the rate on small values to the ordinary one, each step beside its neighbour; the median. */
static double small_ratio(const bench_options *o, const bench_result *r)
{
    double ratios[BENCH_MAX_STEPS];
    for (size_t i = 0; i < o->steps; i++) {
        ratios[i] = r->beside_seconds[i] / r->small_seconds[i];
    }
    return sort_median(ratios, o->steps);
}

static void print_small(const bench_options *o, const bench_result *r)
{
    if (r->small_seconds != NULL) {
        const rates images = images_a_second(o, r, r->small_seconds);
        log_info(
            "on small    %.2f images/s (median), %.2f to %.2f: %.3f of ordinary steps in turns with them; subnormal "
            "numbers left between layers: %.0f of %.0f",
            images.median, images.min, images.max, small_ratio(o, r), r->subnormal, r->outputs);
    }
}

void bench_report_print(const bench_options *o, const bench_result *r, const bench_row *rows, size_t count,
                        bool with_layers)
{
    char processor[128];
    const rates images = images_a_second(o, r, r->step_seconds);
    double resident = 0;
    for (size_t i = 0; i < r->ranks; i++) {
        resident = r->peak_resident[i] > resident ? r->peak_resident[i] : resident;
    }
    machine_processor(processor, sizeof processor);
    log_info("machine     %s, kernels %s, %zu rank%s of %d thread%s", processor, model_isa(), r->ranks,
             r->ranks == 1 ? "" : "s", o->threads, o->threads == 1 ? "" : "s");
    log_info("work        %zux%zu, batch %zu a rank, %zu classes, BatchNorm %s, L2 %g, %s; %zu steps after %zu",
             o->side, o->side, o->batch, o->classes, batch_norm_name(o), o->optimizer.l2, precision_name(o), o->steps,
             o->warm_up);
    log_info("limits      %.1f GFLOP/s and %.1f GB/s a rank, all ranks at once", r->peak.flops * 1e-9,
             r->peak.bytes * 1e-9);
    log_info("memory      %.1f MiB planned a rank, %.1f MiB resident at most", r->plan_bytes / 1048576,
             resident / 1048576);
    log_info("images/s    %.2f (median), %.2f to %.2f", images.median, images.min, images.max);
    print_small(o, r);
    print_phases(r);
    if (with_layers) {
        print_layers(rows, count);
    }
    print_classes(rows, count, r);
}

static void json_rates(json *j, const rates *images)
{
    json_open(j, "images_per_second", '{');
    json_number(j, "median", images->median);
    json_number(j, "mean", images->mean);
    json_number(j, "min", images->min);
    json_number(j, "max", images->max);
    json_close(j, '}');
}

static void json_numbers(json *j, const char *key, const double *values, size_t n)
{
    json_open(j, key, '[');
    for (size_t i = 0; i < n; i++) {
        json_number(j, NULL, values[i]);
    }
    json_close(j, ']');
}

static void json_small(json *j, const bench_options *o, const bench_result *r)
{
    if (r->small_seconds != NULL) {
        const rates images = images_a_second(o, r, r->small_seconds);
        json_open(j, "small_values", '{');
        json_numbers(j, "step_seconds", r->small_seconds, o->steps);
        json_numbers(j, "beside_seconds", r->beside_seconds, o->steps);
        json_rates(j, &images);
        json_number(j, "ratio", small_ratio(o, r));
        json_number(j, "outputs", r->outputs);
        json_number(j, "subnormal", r->subnormal);
        json_close(j, '}');
    }
}

static void json_layer(json *j, const bench_row *row)
{
    json_open(j, NULL, '{');
    json_text(j, "name", row->cost.name);
    json_text(j, "kind", cost_kind_name(row->cost.kind));
    json_text(j, "pass", cost_direction_name(row->direction));
    json_number(j, "cin", (double)row->cost.cin);
    json_number(j, "cout", (double)row->cost.cout);
    json_number(j, "seconds", row->seconds);
    json_number(j, "gflop", row->flops * 1e-9);
    json_number(j, "gflops", row->flops / row->seconds * 1e-9);
    json_number(j, "gb", row->bytes * 1e-9);
    json_number(j, "gbs", row->bytes / row->seconds * 1e-9);
    json_text(j, "bound", row->memory_bound ? "memory" : "compute");
    json_number(j, "share", row->ideal / row->seconds);
    json_close(j, '}');
}

void bench_report_computer(json *j)
{
    char processor[128];
    machine_processor(processor, sizeof processor);
    json_text(j, "version", LOCKSTEP_VERSION);
    json_text(j, "cpu", processor);
    json_text(j, "isa", model_isa());
    json_text(j, "numbers", REAL_NAME);
}

static void json_setting(json *j, const bench_options *o, const bench_result *r)
{
    bench_report_computer(j);
    json_text(j, "precision", precision_name(o));
    json_number(j, "ranks", (double)r->ranks);
    json_number(j, "threads", o->threads);
    json_number(j, "size", (double)o->side);
    json_number(j, "batch_per_rank", (double)o->batch);
    json_number(j, "classes", (double)o->classes);
    json_number(j, "shard", (double)o->shard_size);
    json_text(j, "batch_norm", batch_norm_name(o));
    json_number(j, "l2", o->optimizer.l2);
    json_number(j, "warm_up", (double)o->warm_up);
}

static void json_phases(json *j, const bench_result *r)
{
    json_open(j, "phases", '{');
    json_number(j, "input", 0);
    for (int i = 0; i < BENCH_PHASES; i++) {
        json_number(j, phase_names[i], r->phases[i]);
    }
    json_number(j, "rest", rest(r));
    json_close(j, '}');
}

void bench_report_json(FILE *to, const bench_options *o, const bench_result *r, const bench_row *rows, size_t count)
{
    json j = {.to = to};
    bench_class classes[BENCH_MAX_CLASSES];
    const size_t class_count = bench_classes(classes, rows, count, r);
    const rates images = images_a_second(o, r, r->step_seconds);
    json_open(&j, NULL, '{');
    json_setting(&j, o, r);
    json_numbers(&j, "step_seconds", r->step_seconds, o->steps);
    json_rates(&j, &images);
    json_small(&j, o, r);
    json_numbers(&j, "peak_rss_bytes", r->peak_resident, r->ranks);
    json_number(&j, "plan_bytes", r->plan_bytes);
    json_phases(&j, r);
    json_open(&j, "peak", '{');
    json_number(&j, "gflops", r->peak.flops * 1e-9);
    json_number(&j, "triad_gbs", r->peak.bytes * 1e-9);
    json_close(&j, '}');
    json_open(&j, "layer_classes", '[');
    for (size_t i = 0; i < class_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "name", classes[i].name);
        json_number(&j, "seconds", classes[i].seconds);
        json_number(&j, "ideal_seconds", classes[i].ideal);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "layers", '[');
    for (size_t i = 0; i < count; i++) {
        json_layer(&j, &rows[i]);
    }
    json_close(&j, ']');
    json_close(&j, '}');
}
