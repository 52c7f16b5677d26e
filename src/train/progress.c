#include "train/progress.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

static const double BAR_SECONDS = 0.1;
static const double LINE_SECONDS = 60;
enum { BAR_WIDTH = 24 };

/* "1:02:03" or "2:03". */
static void duration(char *out, size_t size, double seconds)
{
    const unsigned long long s = (unsigned long long)(seconds + 0.5);
    if (s >= 3600) {
        (void)snprintf(out, size, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    } else {
        (void)snprintf(out, size, "%llu:%02llu", s / 60, s % 60);
    }
}

void progress_step(progress *p, size_t done, double images, double loss)
{
    const double now = clock_seconds();
    const double passed = now - p->started;
    const int terminal = log_is_terminal();
    const int due = terminal        ? now - p->shown >= BAR_SECONDS || done == p->steps
                    : p->every != 0 ? done % p->every == 0
                                    : now - p->shown >= LINE_SECONDS;
    if (!due || done <= p->first) {
        return;
    }
    p->shown = now;
    const double rate = passed > 0 ? (images - p->before) / passed : 0;
    const size_t fresh = done - p->first;
    char left[32];
    duration(left, sizeof left, passed / (double)fresh * (double)(p->steps - done));
    if (!terminal) {
        log_info("epoch %llu/%llu step %zu/%zu loss %.4f %.1f images/s %s left", (unsigned long long)p->epoch,
                 (unsigned long long)p->epochs, done, p->steps, loss, rate, left);
        return;
    }
    char bar[BAR_WIDTH + 1];
    const size_t filled = done * BAR_WIDTH / p->steps;
    for (size_t i = 0; i < BAR_WIDTH; i++) {
        bar[i] = (char)(i < filled ? '=' : i == filled ? '>' : ' ');
    }
    bar[BAR_WIDTH] = '\0';
    log_progress("epoch %llu/%llu %zu/%zu [%s] %.1f images/s loss %.4f %s left", (unsigned long long)p->epoch,
                 (unsigned long long)p->epochs, done, p->steps, bar, rate, loss, left);
}

void progress_copied(progress_copy *p, uint64_t done, uint64_t all)
{
    static const double MIB = 1048576;
    const double now = clock_seconds();
    const double passed = now - p->started;
    const int terminal = log_is_terminal();
    if (done == 0 || done > all || now - p->shown < (terminal ? BAR_SECONDS : LINE_SECONDS)) {
        return;
    }
    p->shown = now;
    char left[32];
    duration(left, sizeof left, passed / (double)done * (double)(all - done));
    if (terminal) {
        log_progress("copying %s to %s: %.0f of %.0f MiB, %.1f MiB/s, %s left", p->from, p->to, (double)done / MIB,
                     (double)all / MIB, (double)done / MIB / passed, left);
    } else {
        log_info("copying %s to %s: %.0f of %.0f MiB, %.1f MiB/s, %s left", p->from, p->to, (double)done / MIB,
                 (double)all / MIB, (double)done / MIB / passed, left);
    }
}

char *progress_weights(char *out, size_t size, const real *values, size_t count)
{
    size_t used = (size_t)snprintf(out, size, "[");
    for (size_t i = 0; i < count; i++) {
        char number[64];
        const int n = snprintf(number, sizeof number, "%s% .8f", i == 0 ? "" : " ", (double)values[i]);
        if (n < 0 || used + (size_t)n + 2 > size) {
            break;
        }
        used += (size_t)snprintf(out + used, size - used, "%s", number);
    }
    (void)snprintf(out + used, size - used, "]");
    return out;
}
