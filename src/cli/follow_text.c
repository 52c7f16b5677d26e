#include "cli/follow_text.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

const char *follow_duration(char *out, size_t size, double seconds)
{
    if (!(seconds >= 0) || seconds > 1e12) {
        (void)snprintf(out, size, "?");
        return out;
    }
    const unsigned long long s = (unsigned long long)(seconds + 0.5);
    if (s >= 86400) {
        (void)snprintf(out, size, "%llu d %llu:%02llu:%02llu", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
    } else if (s >= 3600) {
        (void)snprintf(out, size, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    } else {
        (void)snprintf(out, size, "%llu:%02llu", s / 60, s % 60);
    }
    return out;
}

const char *follow_moment(char *out, size_t size, double when, double now)
{
    struct tm then;
    struct tm today;
    const double farthest = 1e11; /* the year 5138 */
    (void)snprintf(out, size, "?");
    if (!(fabs(when) < farthest) || !(fabs(now) < farthest)) {
        return out;
    }
    const time_t a = (time_t)when;
    const time_t b = (time_t)now;
    if (localtime_r(&a, &then) == NULL || localtime_r(&b, &today) == NULL) {
        return out;
    }
    const int same = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
    if (strftime(out, size, same ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then) == 0) {
        (void)snprintf(out, size, "?");
    }
    return out;
}

follow_left follow_left_of(const status_report *r)
{
    const double steps = r->epoch_steps - r->epoch_step;
    const double further = r->epochs - r->epoch; /* epochs after this one */
    follow_left left = {.epoch = NAN, .run = NAN};
    if (!(steps >= 0) || !(further >= 0) || !(r->seconds_per_step >= 0)) {
        return left;
    }
    const double between = r->between_epochs > r->seconds_per_step ? r->between_epochs - r->seconds_per_step : 0;
    left.epoch = steps * r->seconds_per_step;
    left.run = left.epoch + further * r->epoch_steps * r->seconds_per_step + (further + 1) * between;
    return left;
}
