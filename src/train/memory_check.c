#include "train/memory_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "comm/comm.h"

enum { AMOUNT_SIZE = 32, SHOWN_WARNINGS = 4 };

/* "1.50 GiB", "12.0 MiB" */
static const char *amount(char out[AMOUNT_SIZE], double bytes)
{
    const double gib = bytes / 1073741824;
    (void)snprintf(out, AMOUNT_SIZE, gib >= 1 ? "%.2f GiB" : "%.1f MiB", gib >= 1 ? gib : bytes / 1048576);
    return out;
}

/* What the ranks that share a limit need together. */
typedef struct sharing {
    int ranks;
    double planned, held;
} sharing;

static sharing share_of(const machine_limit *limit, const memory_rank *ranks, int count)
{
    sharing all = {0};
    for (int r = 0; r < count; r++) {
        const machine_memory *has = &ranks[r].has;
        size_t i = 0;
        while (i < has->count && has->limits[i].id != limit->id) {
            i++;
        }
        if (i < has->count) {
            all.ranks++;
            all.planned += (double)ranks[r].need.planned;
            all.held += (double)ranks[r].need.held;
        }
    }
    return all;
}

/* "2 processes need 3.00 GiB of memory, 200.0 MiB of it for pictures" */
static void describe(char *out, size_t size, const machine_limit *limit, const memory_rank *ranks, int count)
{
    const sharing all = share_of(limit, ranks, count);
    char need[AMOUNT_SIZE];
    char held[AMOUNT_SIZE];
    const int n = snprintf(out, size, "%d process%s need%s %s of memory", all.ranks, all.ranks == 1 ? "" : "es",
                           all.ranks == 1 ? "s" : "", amount(need, all.planned + all.held));
    if (all.held > 0 && n > 0 && (size_t)n < size) {
        (void)snprintf(out + n, size - (size_t)n, ", %s of it for pictures", amount(held, all.held));
    }
}

/* The tightest of the limits that are exceeded, by all that is needed or by what is planned of what is free; or NULL.
 */
static const machine_limit *exceeded(const memory_rank *ranks, int count, int own, bool now)
{
    const machine_limit *tightest = NULL;
    const machine_memory *has = &ranks[own].has;
    for (size_t i = 0; i < has->count; i++) {
        const machine_limit *limit = &has->limits[i];
        const sharing all = share_of(limit, ranks, count);
        const uint64_t most = now ? limit->available : limit->bytes;
        const double need = all.planned + (now ? 0 : all.held);
        if (need > (double)most && (tightest == NULL || most < (now ? tightest->available : tightest->bytes))) {
            tightest = limit;
        }
    }
    return tightest;
}

int memory_judge(char warning[MEMORY_TEXT_SIZE], const memory_rank *ranks, int count, int own, const char *advice)
{
    char needs[160];
    char has[AMOUNT_SIZE];
    warning[0] = '\0';
    const machine_limit *limit = exceeded(ranks, count, own, false);
    if (limit != NULL) {
        describe(needs, sizeof needs, limit, ranks, count);
        return error_set(LS_EUSAGE, "%s, more than the %s of %s; %s", needs, amount(has, (double)limit->bytes),
                         limit->name, advice);
    }
    limit = exceeded(ranks, count, own, true);
    if (limit != NULL) {
        describe(needs, sizeof needs, limit, ranks, count);
        (void)snprintf(warning, MEMORY_TEXT_SIZE, "%s, but only %s of %s are free now; if the system ends it, %s",
                       needs, amount(has, (double)limit->available), limit->name, advice);
    }
    return LS_OK;
}

/* The warnings of each node's first rank, from rank 0. Collective. */
static int print_warnings(comm *c, const char warning[MEMORY_TEXT_SIZE])
{
    char mine[2 * MEMORY_TEXT_SIZE] = "";
    void *all = NULL;
    int any = 0;
    int code = comm_max(c, warning[0] != '\0', &any);
    if (code != LS_OK || any == 0) {
        return code;
    }
    if (warning[0] != '\0' && comm_node_rank(c) == 0) {
        const bool one = comm_nodes(c) == 1;
        (void)snprintf(mine, sizeof mine, "%s%s%s", one ? "" : comm_node_name(c), one ? "" : ": ", warning);
    }
    code = comm_gather(c, mine, sizeof mine, &all);
    const char(*texts)[sizeof mine] = all;
    int shown = 0;
    for (int r = 0; texts != NULL && r < comm_size(c) && shown < SHOWN_WARNINGS; r++) {
        if (texts[r][0] != '\0') {
            log_warn("%s", texts[r]);
            shown++;
        }
    }
    free(all);
    return code;
}

static int check_ranks(comm *c, const memory_rank *own, const char *advice)
{
    char warning[MEMORY_TEXT_SIZE] = "";
    void *all = NULL;
    int ranks = 0;
    int me = 0;
    int code = comm_gather_machine(c, own, sizeof *own, &all, &ranks, &me);
    if (code == LS_OK) {
        code = memory_judge(warning, all, ranks, me, advice);
    }
    free(all);
    code = comm_agree(c, code);
    return code == LS_OK ? print_warnings(c, warning) : code;
}

static bool ignored(void)
{
    const char *const wanted = getenv("LOCKSTEP_MEMORY");
    return wanted != NULL && strcmp(wanted, "any") == 0;
}

int memory_check(comm *c, const memory_need *need, const char *advice)
{
    memory_rank own = {.need = *need};
    int any = ignored();
    const int code = comm_max(c, any, &any);
    if (code != LS_OK || any != 0) {
        return code;
    }
    machine_memory_of(&own.has, "");
    return check_ranks(c, &own, advice);
}

int memory_check_here(const memory_need *need, int ranks, const char *advice)
{
    char warning[MEMORY_TEXT_SIZE];
    if (ignored()) {
        return LS_OK;
    }
    memory_rank *all = calloc((size_t)ranks, sizeof *all);
    if (all == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %d processes' limits", ranks);
    }
    all[0].need = *need;
    machine_memory_of(&all[0].has, "");
    for (int i = 1; i < ranks; i++) {
        all[i] = all[0];
    }
    const int code = memory_judge(warning, all, ranks, 0, advice);
    free(all);
    if (code == LS_OK && warning[0] != '\0') {
        log_warn("%s", warning);
    }
    return code;
}
