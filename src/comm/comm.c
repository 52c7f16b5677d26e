#include "comm/comm.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "comm/comm_private.h"
#include "comm/guard.h"
#include "comm/launcher_private.h"

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

int comm_waited(const comm *c, int rc, const char *what)
{
    watch_collective_end();
    return comm_check(c, rc, what);
}

/*
 * The world with the ranks of a node in a row: nodes in the order of their first ranks, the ranks of a node in the
 * order that the launcher gave them. Rank 0 stays rank 0.
 */
static int gather_nodes(comm *c)
{
    int number = 0;
    int rc = MPI_Comm_rank(MPI_COMM_WORLD, &number);
    int first = number;
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, number, MPI_INFO_NULL, &c->node);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Bcast(&first, 1, MPI_INT, 0, c->node);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_split(MPI_COMM_WORLD, 0, first, &c->world);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_rank(c->world, &c->rank);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_size(c->world, &c->size);
    }
    c->renumbered = c->rank != number;
    return comm_check(c, rc, "starting MPI");
}

/* Every rank learns which ranks share a node. */
static int learn_layout(comm *c)
{
    int first = c->rank;
    int *node = malloc((size_t)c->size * sizeof *node);
    if (node == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the layout of %d ranks", c->size);
    }
    int rc = MPI_Bcast(&first, 1, MPI_INT, 0, c->node);
    if (rc == MPI_SUCCESS) {
        rc = MPI_Allgather(&first, 1, MPI_INT, node, 1, MPI_INT, c->world);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Allreduce(MPI_IN_PLACE, &c->renumbered, 1, MPI_INT, MPI_MAX, c->world);
    }
    int code = comm_check(c, rc, "starting MPI");
    if (code == LS_OK) {
        code = layout_make(&c->ranks, node, c->size);
    }
    free(node);
    return code;
}

static int connect_world(comm *c)
{
    int length = 0;
    int code = gather_nodes(c);
    if (code != LS_OK) {
        return code;
    }
    int rc = MPI_Get_processor_name(c->host, &length);
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_set_errhandler(c->world, MPI_ERRORS_RETURN);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_set_errhandler(c->node, MPI_ERRORS_RETURN);
    }
    if (rc == MPI_SUCCESS) {
        rc = MPI_Comm_dup(c->world, &c->background); /* error handler included */
    }
    code = comm_check(c, rc, "starting MPI");
    return code == LS_OK ? learn_layout(c) : code;
}

static int start(comm **out, int *argc, char ***argv, const launcher *l)
{
    comm *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the communicator");
    }
    c->world = MPI_COMM_NULL;
    c->background = MPI_COMM_NULL;
    c->node = MPI_COMM_NULL;
    c->size = 1;
    int code = LS_OK;
    int provided = MPI_THREAD_SINGLE;
    c->tasks = l->tasks;
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
    code = launcher_refuse_strangers(l, c->size);
    if (code == LS_OK) {
        code = watchdog_start(&c->dog, c);
    }
    if (code != LS_OK) {
        goto cleanup;
    }
    *out = c;
    c = NULL;
cleanup:
    comm_finish(c);
    return code;
}

int comm_start(comm **out, int *argc, char ***argv)
{
    guard *g = NULL;
    *out = NULL;
    watch_this_thread();
    (void)watch_enter(WATCH_STARTING);
    launcher l;
    launcher_ask(&l);
    int code = launcher_hide_step(&l); /* before there is another thread */
    if (code == LS_OK) {
        code = guard_begin(&g);
    }
    if (code == LS_OK) {
        code = start(out, argc, argv, &l);
    }
    guard_end(g);
    launcher_show_step(&l);
    (void)watch_enter(WATCH_PREPARING);
    return code;
}

void comm_set_timeouts(comm *c, const comm_timeouts *t)
{
    watchdog_set(c->dog, t);
}

int comm_standing_now(const comm *c, comm_standing *out)
{
    return watchdog_standing(c->dog, out);
}

/* Watched to the end: MPI waits for all ranks in MPI_Finalize. */
void comm_finish(comm *c)
{
    if (c == NULL) {
        return;
    }
    watchdog *const dog = c->dog;
    (void)watch_enter(WATCH_ENDING);
    watch_collective_begin();
    if (c->background != MPI_COMM_NULL) {
        (void)MPI_Comm_free(&c->background);
    }
    if (c->node != MPI_COMM_NULL) {
        (void)MPI_Comm_free(&c->node);
    }
    if (c->world != MPI_COMM_NULL) {
        (void)MPI_Comm_free(&c->world);
    }
    layout_release(&c->ranks);
    flight_release(&c->sum);
    flight_release(&c->agreement);
    free(c);
    (void)MPI_Finalize();
    watch_collective_end();
    watchdog_stop(dog);
}

_Noreturn void comm_abort(comm *c, int exit_code)
{
    (void)fflush(NULL);
    (void)watch_enter(WATCH_ENDING); /* MPI_Abort may block; then the watchdog ends this rank */
    if (c != NULL && c->size > 1) {
        (void)MPI_Abort(c->world, exit_code);
    }
    _Exit(exit_code);
}

int comm_or_abort(comm *c, int code)
{
    if (code != LS_OK && c->size > 1) {
        log_error("%s", error_message());
        comm_abort(c, error_exit_code(code));
    }
    return code;
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
    if (c->size == 1) {
        return LS_OK;
    }
    watch_collective_begin();
    return comm_waited(c, MPI_Barrier(c->world), "a barrier");
}

int comm_broadcast(comm *c, void *bytes, size_t n)
{
    for (size_t i = 0; c->size > 1 && i < n; i += COMM_CHUNK) {
        const size_t count = n - i < COMM_CHUNK ? n - i : COMM_CHUNK;
        watch_collective_begin();
        const int code =
            comm_waited(c, MPI_Bcast((unsigned char *)bytes + i, (int)count, MPI_BYTE, 0, c->world), "a broadcast");
        if (code != LS_OK) {
            return code;
        }
    }
    return LS_OK;
}
