#ifndef LOCKSTEP_CLI_REPORT_WORDS_H
#define LOCKSTEP_CLI_REPORT_WORDS_H

#include "cli/report_run.h"

/*
 * What a run shows, in sentences for who knows the article only. Pure: from the run's figures alone. Each writes a
 * text, cut at REPORT_WORDS, "" where there is nothing to say.
 */
enum { REPORT_WORDS = 800 };

/* All runs in a few sentences: how many of the article's findings are seen, which runs were too short. */
void report_words_lead(char out[REPORT_WORDS], const report_run *runs, size_t count);

/* "BatchNorm and L2 (c = 0.001)". */
void report_words_kind(char out[REPORT_WORDS], const report_run *r);

/* Whether it learned. */
void report_words_learned(char out[REPORT_WORDS], const report_run *r);

/* What decay did to its weights. bn: a run with BatchNorm alone to compare with, or NULL. */
void report_words_decay(char out[REPORT_WORDS], const report_run *r, const report_run *bn);

/* Whether it was long enough to show what decay does. */
void report_words_length(char out[REPORT_WORDS], const report_run *r);

/* What its validation is worth: moving statistics beside the data's own. */
void report_words_validation(char out[REPORT_WORDS], const report_run *r);

/* What to do next. beside: a run with both BatchNorm and L2, or NULL. */
void report_words_next(char out[REPORT_WORDS], const report_run *r, const report_run *beside);

#endif
