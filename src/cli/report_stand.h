#ifndef LOCKSTEP_CLI_REPORT_STAND_H
#define LOCKSTEP_CLI_REPORT_STAND_H

#include "cli/report_run.h"

/* Where a run of a report stands between BatchNorm and decay. Pure: from its configuration and its figures. */

/* Whether its weights decay, by L2 or apart from the gradient. */
bool report_decays(const report_run *r);

/* Time constants that its steps were, by its schedule; NaN where no law is known for its optimizer. */
double report_clock(const report_run *r);

/* By its measurements; VERDICT_TOO_SHORT without any. */
verdict report_verdict(const report_run *r);

/* Whether a balance forms in it, and whether it lasted too short a time for that. */
bool report_is_too_short(const report_run *r);

/* Whether it lasted long enough, and its filters are still on their way: the balance itself has moved. */
bool report_lags(const report_run *r);

/* The effective rate of a run's last measurement over that of another's: the median of the layers; NaN: unknown. */
double report_effective_rates(const report_run *r, const report_run *other);

#endif
