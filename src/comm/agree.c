/* What the ranks agree on, and whether they are the same. */
#include <limits.h>
#include <stdio.h>

#include "base/error.h"
#include "base/watch.h"
#include "comm/comm_private.h"

int comm_agree(comm *c, int code)
{
    if (c->size == 1) {
        return code;
    }
    struct {
        int code, rank;
    } mine = {code, c->rank}, worst = {0, 0};
    watch_collective_begin();
    int rc = MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MINLOC, c->world);
    const int agreed = comm_waited(c, rc, "an agreement between ranks");
    if (agreed != LS_OK || worst.code >= 0) {
        return agreed;
    }
    struct {
        char host[MPI_MAX_PROCESSOR_NAME];
        char text[ERROR_MESSAGE_SIZE];
    } failure = {{0}, {0}};
    if (c->rank == worst.rank) {
        (void)snprintf(failure.host, sizeof failure.host, "%s", c->host);
        (void)snprintf(failure.text, sizeof failure.text, "%s", error_message());
    }
    watch_collective_begin();
    rc = MPI_Bcast(&failure, (int)sizeof failure, MPI_BYTE, worst.rank, c->world);
    const int passed_on = comm_waited(c, rc, "passing on an error message");
    if (passed_on != LS_OK) {
        return passed_on;
    }
    /* A rank that failed by itself keeps its own words. */
    return code < 0 ? worst.code : error_set(worst.code, "rank %d on %s: %s", worst.rank, failure.host, failure.text);
}

/* Failures are rare, so only their number travels; who failed, and why, is asked when there are any. */
int comm_agree_begin(comm *c, int code, unsigned requests)
{
    enum { COUNTED = sizeof c->counted / sizeof *c->counted };
    c->brought = code;
    c->counted[0] = code < 0;
    for (unsigned i = 0; i < COMM_REQUESTS; i++) {
        c->counted[1 + i] = requests >> i & 1U;
    }
    const flight_sum sum = {
        .e = &element_f64,
        .out = c->counted,
        .vectors = c->counted,
        .stride = COUNTED,
        .n = COUNTED,
        .front = 1, /* each rank is one leaf */
        .total = (size_t)c->size,
        .where = c->background,
        .tag = comm_next_tag(c),
    };
    return flight_start(&c->agreement, c, &sum);
}

int comm_agree_end(comm *c, unsigned *requests)
{
    watch_collective_begin();
    const int code = flight_wait(&c->agreement);
    watch_collective_end();
    *requests = 0;
    if (code != LS_OK) {
        return code;
    }
    for (unsigned i = 0; i < COMM_REQUESTS; i++) {
        *requests |= c->counted[1 + i] > 0 ? 1U << i : 0;
    }
    return c->counted[0] > 0 ? comm_agree(c, c->brought) : LS_OK;
}

int comm_max(comm *c, int flag, int *out)
{
    if (c->size == 1) {
        *out = flag;
        return LS_OK;
    }
    watch_collective_begin();
    return comm_waited(c, MPI_Allreduce(&flag, out, 1, MPI_INT, MPI_MAX, c->world), "the maximum over ranks");
}

int comm_max_f64(comm *c, double *values, size_t n)
{
    if (c->size == 1) {
        return LS_OK;
    }
    watch_collective_begin();
    return comm_waited(c, MPI_Allreduce(MPI_IN_PLACE, values, (int)n, MPI_DOUBLE, MPI_MAX, c->world),
                       "the maximum over ranks");
}

int comm_same(comm *c, uint64_t value, const char *what)
{
    if (c->size == 1) {
        return LS_OK;
    }
    uint64_t expected = value;
    int code = comm_broadcast(c, &expected, sizeof expected);
    if (code != LS_OK) {
        return code;
    }
    const int mine = value == expected ? INT_MAX : c->rank;
    int first = INT_MAX;
    watch_collective_begin();
    code = comm_waited(c, MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, c->world), "a comparison between ranks");
    if (code != LS_OK || first == INT_MAX) {
        return code;
    }
    struct {
        uint64_t value;
        char host[MPI_MAX_PROCESSOR_NAME];
    } other = {value, {0}};
    (void)snprintf(other.host, sizeof other.host, "%s", c->host);
    watch_collective_begin();
    code =
        comm_waited(c, MPI_Bcast(&other, (int)sizeof other, MPI_BYTE, first, c->world), "a comparison between ranks");
    if (code != LS_OK) {
        return code;
    }
    return error_set(LS_ECOMM,
                     "%s differs between ranks: %016llx on rank 0, %016llx on rank %d (%s); start again from the last "
                     "checkpoint, and check that machine's memory and that all ranks run the same program",
                     what, (unsigned long long)expected, (unsigned long long)other.value, first, other.host);
}
