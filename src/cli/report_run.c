#include "cli/report_run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int report_run_read(report_run *out, const char *dir)
{
    *out = (report_run){0};
    const int code = run_data_read(&out->data, dir);
    if (code == LS_OK) {
        out->facts = (finding_run){
            .optimizer = &out->data.saved.optimizer,
            .run = run_data_rate_run(&out->data),
            .epochs = out->data.epochs,
            .count = out->data.count,
        };
    }
    return code;
}

void report_run_release(report_run *r)
{
    run_data_release(&r->data);
    report_eval_release(&r->eval);
}

/* The last part of a path, and how long it is. */
static const char *last_part(const char *path, size_t *length)
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    *length = end - start;
    return path + start;
}

static bool same_part(const char *a, const char *b)
{
    size_t n = 0;
    size_t m = 0;
    const char *x = last_part(a, &n);
    const char *y = last_part(b, &m);
    return n == m && memcmp(x, y, n) == 0;
}

static void make_tag(report_run *r, size_t number)
{
    size_t length = 0;
    const char *part = last_part(r->data.dir, &length);
    int at = snprintf(r->tag, REPORT_TAG, "%zu-", number + 1);
    for (size_t i = 0; i < length && at < REPORT_TAG - 1; i++) {
        const unsigned char c = (unsigned char)part[i];
        r->tag[at++] = (char)(isascii(c) && isalnum(c) ? tolower(c) : '-');
    }
    r->tag[at] = '\0';
}

void report_run_name(report_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        const char *part = last_part(runs[i].data.dir, &length);
        bool alone = length > 0 && strcmp(part, ".") != 0;
        for (size_t k = 0; k < count; k++) {
            alone = alone && (k == i || !same_part(runs[i].data.dir, runs[k].data.dir));
        }
        if (alone) {
            (void)snprintf(runs[i].label, REPORT_LABEL, "%.*s", (int)length, part);
        } else {
            (void)snprintf(runs[i].label, REPORT_LABEL, "%s", runs[i].data.dir);
        }
        make_tag(&runs[i], i);
    }
}

int report_run_evaluate(report_run *runs, size_t count, const report_eval_options *o)
{
    report_eval_job *jobs = calloc(count + 1, sizeof *jobs);
    if (jobs == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %zu evaluations", count);
    }
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (report_eval_job){&runs[i].data, &runs[i].eval};
    }
    const int code = report_eval_runs(jobs, count, o);
    free(jobs);
    return code;
}

static bool is(const report_run *r, const char *experiment)
{
    return strcmp(r->data.info.experiment, experiment) == 0;
}

const report_run *report_find(const report_run *runs, size_t count, const char *experiment)
{
    for (size_t i = 0; i < count; i++) {
        if (is(&runs[i], experiment)) {
            return &runs[i];
        }
    }
    return NULL;
}

static finding without_bn(void)
{
    return (finding){FINDING_UNKNOWN, "mean |w| stays smaller than with bn alone", "give a run of bn too"};
}

size_t report_findings(finding out[REPORT_SENTENCES], const report_run *r, const report_run *bn)
{
    if (!is(r, "bn") && !is(r, "l2") && !is(r, "bn_l2")) {
        return 0;
    }
    out[0] = finding_accuracy(&r->facts, !is(r, "l2"));
    if (is(r, "bn")) {
        out[1] = finding_growth(&r->facts);
    } else if (is(r, "l2")) {
        out[1] = finding_shrinking(&r->facts);
    } else {
        out[1] = bn != NULL ? finding_smaller(&r->facts, &bn->facts) : without_bn();
    }
    return REPORT_SENTENCES;
}
