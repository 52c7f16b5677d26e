#include "cli/report_run.h"

#include <stdio.h>
#include <string.h>

int report_run_read(report_run *out, const char *dir)
{
    const int code = run_data_read(&out->data, dir);
    out->facts = (finding_run){
        .optimizer = &out->data.saved.optimizer,
        .batch = out->data.saved.order.batch,
        .epochs = out->data.epochs,
        .count = out->data.count,
    };
    return code;
}

static int is(const report_run *r, const char *experiment)
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

static void say(char out[REPORT_SENTENCE], finding f)
{
    (void)snprintf(out, REPORT_SENTENCE, "%s: %s (%s)", finding_word(f.verdict), f.claim, f.figures);
}

size_t report_sentences(char out[REPORT_SENTENCES][REPORT_SENTENCE], const report_run *r, const report_run *bn)
{
    if (!is(r, "bn") && !is(r, "l2") && !is(r, "bn_l2")) {
        return 0;
    }
    say(out[0], finding_accuracy(&r->facts, !is(r, "l2")));
    if (is(r, "bn")) {
        say(out[1], finding_growth(&r->facts));
    } else if (is(r, "l2")) {
        say(out[1], finding_shrinking(&r->facts));
    } else if (bn != NULL) {
        say(out[1], finding_smaller(&r->facts, &bn->facts));
    } else {
        (void)snprintf(out[1], REPORT_SENTENCE, "%s: mean |w| stays smaller than with bn alone; give a run of bn too",
                       finding_word(FINDING_UNKNOWN));
    }
    return REPORT_SENTENCES;
}
