#ifndef LOCKSTEP_CLI_FINDINGS_H
#define LOCKSTEP_CLI_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "optim/options.h"
#include "optim/rate.h"
#include "store/runlog.h"

/* What the article found, examined in the logs of runs. Pure: no files, no printing. */

typedef struct finding_run {
    const optimizer_options *optimizer;
    rate_run run;                   /* by which its rates went */
    const runlog_epoch_row *epochs; /* [count] */
    size_t count;
} finding_run;

/* Where a difference begins to count. */
#define FINDING_RISE   0.05 /* training accuracy of the last epoch minus that of the first */
#define FINDING_ERRORS 0.5  /* or: share of the first epoch's errors that the last still makes; it may begin near 1 */
#define FINDING_GROWTH 0.01 /* mean |w| at the end over that at the start, minus 1 */
#define FINDING_SPREAD 0.05 /* of a common factor: (largest - smallest) / mean */

typedef enum finding_verdict { FINDING_SHOWN, FINDING_NOT_SHOWN, FINDING_UNKNOWN } finding_verdict;

/* A verdict with its figures, one line. */
typedef struct finding {
    finding_verdict verdict;
    char claim[96];
    char figures[320];
} finding;

/* Training accuracy rises, or (rise 0) does not. Unknown with less than two epochs. */
finding finding_accuracy(const finding_run *r, int rise);

/* Mean |w| at the end of the run is larger than at its start. */
finding finding_growth(const finding_run *r);

/* The watched weights shrink by a common factor from the first to the last print. */
finding finding_shrinking(const finding_run *r);

/* At the end of each epoch that both have, mean |w| of `with` (L2) is smaller than that of `without`. */
finding finding_smaller(const finding_run *with, const finding_run *without);

/* last / first of the watched weights: smallest and largest, and how many there are (those that were 0 are left out).
 */
size_t finding_ratios(const finding_run *r, double *smallest, double *largest);

/* The factor that decay alone gives between the first and the last print, as decay_law_factor. */
double finding_decay(const finding_run *r);

/* "shows", "does not show", "cannot tell". */
const char *finding_word(finding_verdict verdict);

#endif
