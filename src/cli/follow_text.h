#ifndef LOCKSTEP_CLI_FOLLOW_TEXT_H
#define LOCKSTEP_CLI_FOLLOW_TEXT_H

#include <stddef.h>

#include "store/status_file.h"

/* Times for people. Each function returns out; "?" stands for what is not known (NaN). */

/* "0:42", "12:03", "1:32:10", "2 d 3:05:00" of seconds. */
const char *follow_duration(char *out, size_t size, double seconds);

/* "14:32:10", with the date in front where it is not the day of `now`; both seconds since 1970, in local time. */
const char *follow_moment(char *out, size_t size, double when, double now);

/* How long a run still takes, in seconds; NaN: not known. What its epochs took beside their steps counts once one has
 * ended in this start. */
typedef struct follow_left {
    double epoch, run;
} follow_left;
follow_left follow_left_of(const status_report *r);

#endif
