#include "run/observation.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/runlog_read.h"

static int add(observation *out, const verdict_point *p)
{
    if (out->count == out->room) {
        const size_t room = 2 * out->room + 64;
        verdict_point *more = realloc(out->points, room * sizeof *more);
        if (more == NULL) {
            return error_set(LS_ENOMEM, "out of memory for %zu measurements", room);
        }
        out->points = more;
        out->room = room;
    }
    out->points[out->count++] = *p;
    return LS_OK;
}

/* What cannot be read is not there: the log itself says why. */
static int take_over(observation *out, const session *s, const char *log_path)
{
    series before = {0};
    int code = LS_OK;
    if (runlog_read_samples(log_path, &before) == LS_OK) {
        for (size_t i = 0; code == LS_OK && i < before.count && before.steps[i] <= s->replica.state.step; i++) {
            const verdict_point p = verdict_point_in(&before, i, &s->options.optimizer);
            code = add(out, &p);
        }
    }
    series_release(&before);
    return code;
}

int observation_open(observation *out, const session *s, const instrument_options *o, const char *log_path)
{
    *out = (observation){0};
    state start = {0};
    if (o->mode == INSTRUMENT_OFF) {
        return LS_OK;
    }
    int code = session_beginning(&start, s);
    if (code == LS_OK) {
        const instrument_setting of = {
            .table = model_table(s->replica.net),
            .start = state_weights(&start),
            .optimizer = &s->options.optimizer,
            .epsilon = s->options.norm.epsilon,
            .threads = model_threads(s->replica.net),
        };
        code = instrument_create(&out->by, &of, o);
    }
    state_release(&start);
    return code == LS_OK && out->by != NULL && log_path != NULL ? take_over(out, s, log_path) : code;
}

void observation_release(observation *out)
{
    instrument_free(out->by);
    free(out->points);
    *out = (observation){0};
}

int observation_take(observation *out, const session *s, const instrument_row **row)
{
    *row = instrument_take(out->by);
    if (*row == NULL) {
        return LS_OK;
    }
    const verdict_point p = verdict_point_of((*row)->layers, instrument_layers(out->by), (*row)->step, &(*row)->rate,
                                             &s->options.optimizer);
    return add(out, &p);
}

const char *observation_line(char *line, size_t size, const observation *out, const session *s)
{
    char text[80];
    char figures[160] = "";
    line[0] = '\0';
    if (out->by == NULL || out->count == 0) {
        return line;
    }
    const rate_run run = session_rate_run(&s->options, dataset_count(s->data, DATASET_TRAIN));
    const verdict v = verdict_of(out->points, out->count, &s->options.optimizer, &run);
    const double angle = out->points[out->count - 1].angle;
    if (v.turn > 0) {
        (void)snprintf(figures, sizeof figures, ", %.2f of what balances the decay; %.2f time constants are over",
                       v.turn, v.clock);
    }
    (void)snprintf(line, size, "%s; an update turns them by %.2g rad%s", verdict_text(text, sizeof text, &v), angle,
                   figures);
    return line;
}
