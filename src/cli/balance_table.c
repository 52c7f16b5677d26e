#include "cli/balance_table.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sort.h"
#include "instrument/balance.h"

/* Of |measured/predicted − 1| over the layers: the median and the largest, with its layer. Sorts the errors. */
static void print_errors(const char *what, const series *s, double *errors)
{
    size_t worst = 0;
    for (size_t i = 0; i < s->layers; i++) {
        worst = errors[i] > errors[worst] ? i : worst;
    }
    const double most = errors[worst];
    sort_numbers(errors, s->layers);
    log_info("  %s: median |measured/predicted - 1| %.2f%%, at most %.2f%% (%s)", what, 100 * errors[s->layers / 2],
             100 * most, s->names[worst]);
}

/* The balance: what pushes outward and what decay takes. */
static void print_balance(const char *name, uint64_t filters, const balance *b)
{
    log_info("  %-20s %7llu %9.4f %9.4f %6.3f  %9.2e %9.2e %6.3f  %8.2e %6.3f  %9.2e %9.2e  %8.2e %6.2f %6.3f", name,
             (unsigned long long)filters, b->norm, b->norm_predicted, b->norm / b->norm_predicted, b->angle,
             b->angle_predicted, b->angle / b->angle_predicted, b->ratio, b->ratio / b->ratio_predicted, b->outward,
             b->inward, b->effective_rate, b->spread, b->turned);
}

/* How far the layer is from scale-invariant: the part of its gradient that points along the weights. */
static void print_epsilon(const char *name, uint64_t filters, const balance *b)
{
    log_info("  %-20s %7llu  %10.2e  %10.2e  %10.2e  %10.2e  %6.3f", name, (unsigned long long)filters,
             b->epsilon_share, b->cosine, b->radial, b->radial_epsilon, b->radial / b->radial_epsilon);
}

static void print_layers(const series *s, const balance *all, void (*print)(const char *, uint64_t, const balance *))
{
    for (size_t i = 0; i < s->layers; i++) {
        print(s->names[i], s->filters[i], &all[i]);
    }
}

static void print_tables(const series *s, const balance *all)
{
    log_info("  %-20s %7s %9s %9s %6s  %9s %9s %6s  %8s %6s  %9s %9s  %8s %6s %6s", "layer", "filters", "|w|", "|w*|",
             "ratio", "angle", "angle*", "ratio", "|g|/|w|", "ratio", "outward", "inward", "rate/w2", "spread",
             "turned");
    print_layers(s, all, print_balance);
    log_info("  %-20s %7s  %10s  %10s  %10s  %10s  %6s", "layer", "filters", "epsilon", "cos(g,w)", "g.w", "by epsilon",
             "ratio");
    print_layers(s, all, print_epsilon);
}

int balance_table_print(const series *s, uint64_t from, uint64_t to, const optimizer_options *o)
{
    double *norms = calloc(s->layers + 1, sizeof *norms);
    double *angles = calloc(s->layers + 1, sizeof *angles);
    balance *all = calloc(s->layers + 1, sizeof *all);
    int code = norms == NULL || angles == NULL || all == NULL
                   ? error_set(LS_ENOMEM, "out of memory for %zu layers", s->layers)
                   : LS_OK;
    for (size_t i = 0; code == LS_OK && i < s->layers; i++) {
        all[i] = balance_of(s, i, from, to, o);
        norms[i] = fabs(balance_error(all[i].norm, all[i].norm_predicted));
        angles[i] = fabs(balance_error(all[i].angle, all[i].angle_predicted));
    }
    if (code == LS_OK && all[0].count == 0) {
        code = error_set(LS_EUSAGE, "there is no measurement of steps %llu to %llu; give other --from and --to",
                         (unsigned long long)from, (unsigned long long)to);
    }
    if (code == LS_OK) {
        print_tables(s, all);
        log_info("  over %zu measurements of steps %llu to %llu", all[0].count, (unsigned long long)from,
                 (unsigned long long)to);
    }
    if (code == LS_OK && all[0].angle_predicted > 0) {
        print_errors("angle", s, angles);
        print_errors("norm", s, norms);
    }
    free(all);
    free(norms);
    free(angles);
    return code;
}
