#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "base/watch.h"
#include "comm/comm_private.h"
#include "comm/flight_private.h"

/*
 * Most bytes of a message over the network. Open MPI sends up to 64 KiB over TCP, header included, at once; for a
 * longer message the receiver must have answered first, and it answers only while it is in MPI, not while it computes.
 */
enum { NETWORK_MESSAGE = 60 << 10 };

static void add_f64(void *restrict into, const void *restrict from, size_t n)
{
    double *restrict a = into;
    const double *restrict b = from;
    for (size_t i = 0; i < n; i++) {
        a[i] += b[i];
    }
}

const element element_f64 = {sizeof(double), MPI_DOUBLE, add_f64};

#ifdef LOCKSTEP_DOUBLE
const element element_real = {sizeof(double), MPI_DOUBLE, add_f64};
#else
static void add_f32(void *restrict into, const void *restrict from, size_t n)
{
    float *restrict a = into;
    const float *restrict b = from;
    for (size_t i = 0; i < n; i++) {
        a[i] += b[i];
    }
}

const element element_real = {sizeof(float), MPI_FLOAT, add_f32};
#endif

/* Element `first` of a vector, by the plan's numbers. */
static unsigned char *locate(const flight *f, size_t vector, size_t first)
{
    const flight_sum *s = &f->sum;
    const plan *p = &f->plan;
    if (vector == 0) {
        return (unsigned char *)s->out + first * s->e->width;
    }
    if (vector <= p->own) {
        return (unsigned char *)s->vectors + ((vector - 1) * s->stride + first) * s->e->width;
    }
    const plan_window *w = p->windows;
    size_t before = 0; /* elements of the windows before */
    while (vector >= w->vector + w->vectors) {
        before += w->vectors * w->count;
        w++;
    }
    return f->memory + (before + (vector - w->vector) * w->count + first - w->first) * s->e->width;
}

/* Room for all scratch vectors of the plan. */
static int reserve_memory(flight *f)
{
    size_t elements = 0;
    size_t bytes = 0;
    for (int i = 0; i < LAYOUT_ALL; i++) {
        elements += f->plan.windows[i].vectors * f->plan.windows[i].count;
    }
    if (size_mul(&bytes, elements, f->sum.e->width) != 0) {
        return error_set(LS_ENOMEM, "a sum over ranks of %zu elements does not fit in memory", f->sum.n);
    }
    if (bytes <= f->memory_size) {
        return LS_OK;
    }
    free(f->memory);
    f->memory_size = 0;
    f->memory = malloc(bytes);
    if (f->memory == NULL) {
        return error_set(LS_ENOMEM, "cannot allocate %zu bytes for sums between ranks", bytes);
    }
    f->memory_size = bytes;
    return LS_OK;
}

static int next_request(flight *f, MPI_Request **out)
{
    if (f->request_count == f->request_capacity) {
        const int capacity = f->request_capacity == 0 ? 16 : 2 * f->request_capacity;
        MPI_Request *requests = realloc(f->requests, (size_t)capacity * sizeof(MPI_Request));
        if (requests == NULL) {
            return error_set(LS_ENOMEM, "out of memory for messages between ranks");
        }
        f->requests = requests;
        f->request_capacity = capacity;
    }
    *out = &f->requests[f->request_count];
    return LS_OK;
}

/* Most elements of a message to or from this rank. */
static size_t most_elements(const flight *f, int peer)
{
    const layout *l = &f->c->ranks;
    const int away = layout_unit_of(l, LAYOUT_NODES, peer) != layout_unit_of(l, LAYOUT_NODES, f->c->rank);
    return away ? NETWORK_MESSAGE / f->sum.e->width : COMM_CHUNK;
}

static int post(flight *f, const plan_step *step)
{
    const flight_sum *s = &f->sum;
    const size_t most = most_elements(f, step->peer);
    for (size_t i = 0; i < step->count; i += most) {
        const int count = (int)(step->count - i < most ? step->count - i : most);
        unsigned char *const at = locate(f, step->vector, step->first + i);
        MPI_Request *request = NULL;
        int code = next_request(f, &request);
        if (code == LS_OK) {
            const int rc = step->verb == PLAN_SEND
                               ? MPI_Isend(at, count, s->e->type, step->peer, s->tag, s->where, request)
                               : MPI_Irecv(at, count, s->e->type, step->peer, s->tag, s->where, request);
            code = comm_check(f->c, rc, "passing on partial sums");
        }
        if (code != LS_OK) {
            return code;
        }
        f->request_count++;
    }
    return LS_OK;
}

/* Whether all messages so far have come and gone; waits for them if `wait` is set. */
static int messages_done(flight *f, int wait, int *done)
{
    *done = 1;
    if (f->request_count == 0) {
        return LS_OK;
    }
    const int rc = wait ? MPI_Waitall(f->request_count, f->requests, MPI_STATUSES_IGNORE)
                        : MPI_Testall(f->request_count, f->requests, done, MPI_STATUSES_IGNORE);
    if (*done) {
        f->request_count = 0;
    }
    return comm_check(f->c, rc, "exchanging partial sums");
}

static void compute(const flight *f, const plan_step *step)
{
    const element *e = f->sum.e;
    void *const vector = locate(f, step->vector, step->first);
    const void *const other = locate(f, step->other, step->first);
    if (step->verb == PLAN_ADD) {
        e->add(vector, other, step->count);
    } else if (vector != other) {
        memmove(vector, other, step->count * e->width);
    }
}

static int advance(flight *f, int wait)
{
    int code = LS_OK;
    while (code == LS_OK && f->at < f->plan.count) {
        const plan_step *step = &f->plan.steps[f->at];
        int done = 1;
        switch (step->verb) {
        case PLAN_SEND:
        case PLAN_RECEIVE: code = post(f, step); break;
        case PLAN_WAIT: code = messages_done(f, wait, &done); break;
        default: compute(f, step); break;
        }
        if (!done) {
            return code;
        }
        watch_beat(); /* on a slow network a sum takes long, and messages that come are progress */
        f->at++;
    }
    f->active = 0;
    return code;
}

int flight_start(flight *f, comm *c, const flight_sum *sum)
{
    f->sum = *sum;
    f->c = c;
    f->active = 0;
    f->at = 0;
    f->request_count = 0;
    if (sum->n == 0) {
        return LS_OK;
    }
    if (sum->total == 0) {
        memset(sum->out, 0, sum->n * sum->e->width);
        return LS_OK;
    }
    const plan_task task = {&c->ranks, c->rank, sum->total, sum->n, sum->n >= PLAN_LARGE / sum->e->width};
    int code = plan_sum(&f->plan, &task);
    if (code == LS_OK && f->plan.own != sum->front) {
        code = error_set(LS_ECOMM,
                         "rank %d brings %zu partial sums where its shards make %zu; this is a defect, report it",
                         c->rank, sum->front, f->plan.own);
    }
    if (code == LS_OK) {
        code = reserve_memory(f);
    }
    f->active = code == LS_OK;
    return code == LS_OK ? advance(f, 0) : code;
}

int flight_poll(flight *f)
{
    return f->active ? advance(f, 0) : LS_OK;
}

int flight_wait(flight *f)
{
    return f->active ? advance(f, 1) : LS_OK;
}

void flight_release(flight *f)
{
    plan_release(&f->plan);
    free(f->memory);
    free(f->requests);
    *f = (flight){0};
}
