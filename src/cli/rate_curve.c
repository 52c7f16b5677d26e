#include "cli/rate_curve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { ROWS = 10, COLUMNS = 64, POINTS = 12 };

typedef struct curve {
    const optimizer_options *options;
    rate_run run;
    uint64_t steps; /* of the whole run */
} curve;

static double rate_of(const curve *c, uint64_t step)
{
    return rate_at(c->options, &c->run, step).rate;
}

/* Of `count` points from the first step to the last, the step at point i. */
static uint64_t step_of(const curve *c, size_t i, size_t count)
{
    return (uint64_t)((double)(c->steps - 1) * (double)i / (double)(count - 1) + 0.5);
}

static void print_table(const curve *c)
{
    uint64_t last = 0;
    log_info("#   %10s %12s  %s", "epoch", "step", "rate");
    for (size_t i = 0; i < POINTS; i++) {
        const uint64_t step = step_of(c, i, POINTS);
        if (i == 0 || step != last) {
            log_info("#   %10.2f %12llu  %.6g", (double)step / (double)c->run.steps_per_epoch, (unsigned long long)step,
                     rate_of(c, step));
        }
        last = step;
    }
}

static void print_plot(const curve *c)
{
    char rows[ROWS][COLUMNS + 1];
    double rates[COLUMNS];
    double most = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        rates[i] = rate_of(c, step_of(c, i, COLUMNS));
        most = fmax(most, rates[i]);
    }
    memset(rows, ' ', sizeof rows);
    for (size_t i = 0; i < COLUMNS; i++) {
        const double height = most > 0 ? rates[i] / most * (ROWS - 1) : 0;
        rows[ROWS - 1 - (size_t)(height + 0.5)][i] = '*';
    }
    for (size_t r = 0; r < ROWS; r++) {
        char label[32] = "";
        if (r == 0 || r == ROWS - 1) {
            (void)snprintf(label, sizeof label, "%.4g", r == 0 ? most : 0);
        }
        rows[r][COLUMNS] = '\0';
        log_info("#   %10s |%s", label, rows[r]);
    }
    log_info("#   %10s  0%*.6g epochs", "", COLUMNS - 1, (double)c->steps / (double)c->run.steps_per_epoch);
}

void rate_curve_print(const session_options *o, size_t samples)
{
    enum { GUESS = 1000 }; /* steps an epoch */
    curve c = {.options = &o->optimizer, .run = session_rate_run(o, samples)};
    const bool known = c.run.steps_per_epoch > 0;
    c.run.steps_per_epoch = known ? c.run.steps_per_epoch : GUESS;
    c.steps = o->train.epochs * c.run.steps_per_epoch;
    log_info("%s", "");
    log_info("# learning rate over %llu epochs of %llu steps%s:", (unsigned long long)o->train.epochs,
             (unsigned long long)c.run.steps_per_epoch, known ? "" : " (a guess)");
    print_table(&c);
    print_plot(&c);
}
