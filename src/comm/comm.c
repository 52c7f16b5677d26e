#include "comm/comm.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "comm/comm_private.h"

enum { MESSAGE_SIZE = 1024 };

int comm_check(const comm *c, int rc, const char *what)
{
    if (rc == MPI_SUCCESS) {
        return LS_OK;
    }
    char text[MPI_MAX_ERROR_STRING] = "unknown error";
    int length = 0;
    (void)MPI_Error_string(rc, text, &length);
    return error_set(LS_ECOMM, "rank %d of %d on %s: %s failed: %s; see whether a rank or its network has died",
                     c->rank, c->size, c->host, what, text);
}

static long environment_number(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

/* How many processes the launcher says it started. */
typedef struct launched {
    const char *by; /* the variable that says so */
    long processes; /* 0: it does not say */
} launched;

/* To be asked before MPI starts: a process that MPI finds alone gets a launcher's variables from MPI itself. */
static launched ask_launcher(void)
{
    const char *const counts[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (environment_number(counts[i]) > 0) {
            return (launched){counts[i], environment_number(counts[i])};
        }
    }
    /* Under a batch script mpirun itself may run in a Slurm step; then it hands down PMIX or PMI variables. */
    const int in_step = getenv("SLURM_PROCID") != NULL && getenv("SLURM_STEP_ID") != NULL;
    const int managed = getenv("PMIX_RANK") != NULL || getenv("PMI_RANK") != NULL;
    if (!in_step || managed) {
        return (launched){NULL, 0};
    }
    const char *const by = getenv("SLURM_NTASKS") != NULL ? "SLURM_NTASKS" : "SLURM_NPROCS";
    return (launched){by, environment_number(by)};
}

/*
 * A launcher that does not speak MPI's protocol starts N processes that each find themselves rank 0 of 1; they would
 * all train the same and overwrite each other's files.
 */
static int refuse_strangers(const comm *c, const launched *l)
{
    if (c->size > 1 || l->processes <= 1) {
        return LS_OK;
    }
    return error_set(LS_EUSAGE,
                     "%s=%ld, but MPI knows one process only; start with the mpirun of the MPI library that this "
                     "program was built with, or under Slurm with `srun --mpi=pmix`",
                     l->by, l->processes);
}

static int connect_world(comm *c)
{
    const char *const what = "starting MPI";
    int length = 0;
    int rc = MPI_Comm_rank(MPI_COMM_WORLD, &c->rank);
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_size(MPI_COMM_WORLD, &c->size);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Get_processor_name(c->host, &length);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_dup(MPI_COMM_WORLD, &c->world);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_set_errhandler(c->world, MPI_ERRORS_RETURN);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_dup(c->world, &c->aside); /* error handler included */
    }
    return comm_check(c, rc, what);
}

int comm_start(comm **out, int *argc, char ***argv)
{
    *out = NULL;
    comm *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the communicator");
    }
    c->world = MPI_COMM_NULL;
    c->aside = MPI_COMM_NULL;
    c->size = 1;
    int code = LS_OK;
    int provided = MPI_THREAD_SINGLE;
    const launched l = ask_launcher();
    const int rc = MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    if (rc != MPI_SUCCESS) {
        free(c); /* MPI does not run, so there is nothing to finalize */
        return error_set(LS_ECOMM, "MPI did not start (code %d); check the MPI installation with a small program", rc);
    }
    if (provided < MPI_THREAD_FUNNELED) {
        code = error_set(LS_ECOMM, "this MPI library knows no threads; use one built with MPI_THREAD_FUNNELED");
        goto cleanup;
    }
    code = connect_world(c);
    if (code != LS_OK) {
        goto cleanup;
    }
    code = refuse_strangers(c, &l);
    if (code != LS_OK) {
        goto cleanup;
    }
    *out = c;
    c = NULL;
cleanup:
    comm_finish(c);
    return code;
}

void comm_finish(comm *c)
{
    if (c == NULL) {
        return;
    }
    if (c->aside != MPI_COMM_NULL) {
        (void)MPI_Comm_free(&c->aside);
    }
    if (c->world != MPI_COMM_NULL) {
        (void)MPI_Comm_free(&c->world);
    }
    flight_release(&c->sum);
    flight_release(&c->agreement);
    free(c);
    (void)MPI_Finalize();
}

_Noreturn void comm_abort(comm *c, int exit_code)
{
    (void)fflush(NULL);
    if (c != NULL && c->size > 1) {
        (void)MPI_Abort(c->world, exit_code);
    }
    _Exit(exit_code);
}

int comm_rank(const comm *c)
{
    return c->rank;
}

int comm_size(const comm *c)
{
    return c->size;
}

int comm_next_tag(comm *c)
{
    enum { TAGS = 32768 }; /* that many every MPI library has */
    c->next_tag = (c->next_tag + 1) % TAGS;
    return c->next_tag;
}

int comm_barrier(comm *c)
{
    return c->size == 1 ? LS_OK : comm_check(c, MPI_Barrier(c->world), "a barrier");
}

int comm_broadcast(comm *c, void *bytes, size_t n)
{
    for (size_t i = 0; c->size > 1 && i < n; i += COMM_CHUNK) {
        const size_t count = n - i < COMM_CHUNK ? n - i : COMM_CHUNK;
        const int rc = MPI_Bcast((unsigned char *)bytes + i, (int)count, MPI_BYTE, 0, c->world);
        if (rc != MPI_SUCCESS) {
            return comm_check(c, rc, "a broadcast");
        }
    }
    return LS_OK;
}

int comm_agree(comm *c, int code)
{
    if (c->size == 1) {
        return code;
    }
    struct {
        int code, rank;
    } mine = {code, c->rank}, worst = {0, 0};
    int rc = MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MINLOC, c->world);
    if (rc != MPI_SUCCESS) {
        return comm_check(c, rc, "an agreement between ranks");
    }
    if (worst.code >= 0) {
        return LS_OK;
    }
    struct {
        char host[MPI_MAX_PROCESSOR_NAME];
        char text[MESSAGE_SIZE];
    } news = {{0}, {0}};
    if (c->rank == worst.rank) {
        (void)snprintf(news.host, sizeof news.host, "%s", c->host);
        (void)snprintf(news.text, sizeof news.text, "%s", error_message());
    }
    rc = MPI_Bcast(&news, (int)sizeof news, MPI_BYTE, worst.rank, c->world);
    if (rc != MPI_SUCCESS) {
        return comm_check(c, rc, "passing on an error message");
    }
    /* A rank that failed by itself keeps its own words. */
    return code < 0 ? worst.code : error_set(worst.code, "rank %d on %s: %s", worst.rank, news.host, news.text);
}

/* Failures are rare, so only their number travels; who failed, and why, is asked when there are any. */
int comm_agree_begin(comm *c, int code, unsigned wishes)
{
    enum { COUNTED = sizeof c->counted / sizeof *c->counted };
    c->brought = code;
    c->counted[0] = code < 0;
    for (unsigned i = 0; i < COMM_WISHES; i++) {
        c->counted[1 + i] = wishes >> i & 1U;
    }
    const flight_sum sum = {
        .e = &element_f64,
        .out = c->counted,
        .vectors = c->counted,
        .stride = COUNTED,
        .n = COUNTED,
        .front = 1, /* each rank is one leaf */
        .total = (size_t)c->size,
        .where = c->aside,
        .tag = comm_next_tag(c),
    };
    return flight_start(&c->agreement, c, &sum);
}

int comm_agree_end(comm *c, unsigned *wishes)
{
    const int code = flight_wait(&c->agreement);
    *wishes = 0;
    if (code != LS_OK) {
        return code;
    }
    for (unsigned i = 0; i < COMM_WISHES; i++) {
        *wishes |= c->counted[1 + i] > 0 ? 1U << i : 0;
    }
    return c->counted[0] > 0 ? comm_agree(c, c->brought) : LS_OK;
}

int comm_max(comm *c, int flag, int *out)
{
    if (c->size == 1) {
        *out = flag;
        return LS_OK;
    }
    return comm_check(c, MPI_Allreduce(&flag, out, 1, MPI_INT, MPI_MAX, c->world), "the maximum over ranks");
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
    code = comm_check(c, MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, c->world), "a comparison between ranks");
    if (code != LS_OK || first == INT_MAX) {
        return code;
    }
    struct {
        uint64_t value;
        char host[MPI_MAX_PROCESSOR_NAME];
    } other = {value, {0}};
    (void)snprintf(other.host, sizeof other.host, "%s", c->host);
    code = comm_check(c, MPI_Bcast(&other, (int)sizeof other, MPI_BYTE, first, c->world), "a comparison between ranks");
    if (code != LS_OK) {
        return code;
    }
    return error_set(LS_ECOMM,
                     "%s differs between ranks: %016llx on rank 0, %016llx on rank %d (%s); start again from the last "
                     "checkpoint, and check that machine's memory and that all ranks run the same program",
                     what, (unsigned long long)expected, (unsigned long long)other.value, first, other.host);
}
