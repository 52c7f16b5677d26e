#ifndef LOCKSTEP_BENCH_SCHEDULE_H
#define LOCKSTEP_BENCH_SCHEDULE_H

#include <stddef.h>

#include "comm/comm.h"
#include "comm/stream.h"

/*
 * What a training step does, in order, read from a text with a line for each thing:
 *
 *   weights N       elements of the gradient, once, first
 *   compute S       seconds
 *   agree           the ranks' agreement begins
 *   agreed          and ends
 *   sum N           N float64 for each shard, over all shards: a BatchNorm
 *   gradient        backward begins; the loss rides along
 *   ready FIRST     elements from FIRST on are final
 *   finish          the gradient's sum arrives
 */
typedef enum verb { COMPUTE, AGREE, AGREED, SUM, GRADIENT, READY, FINISH, WEIGHTS, VERBS } verb;

typedef struct action {
    verb what;
    double number;
} action;

enum { MOST_ACTIONS = 1024 };
typedef struct schedule {
    action actions[MOST_ACTIONS]; /* the line `weights` too */
    size_t count, weights;
} schedule;

/* LS_EUSAGE with file and line for what is no schedule. */
int schedule_read(schedule *s, const char *path);

/* One rank, which calls comm/ as the schedule says. Starts as zeros. */
typedef struct player {
    comm *c; /* not owned */
    comm_reducer_context context;
    comm_stream *stream; /* owned */
    real *grads;         /* not owned; [front nodes][weights] */
    double *partials;    /* not owned; [shards][of the longest sum] */
    double loss[3];
} player;

/* shards: of each rank. Released with player_close, on failure too. LS_ENOMEM. */
int player_open(player *p, comm *c, const schedule *s, size_t shards);
void player_close(player *p);

/* The call of comm/ that this action is; none for COMPUTE. Collective as that is. */
int player_act(player *p, const action *a);

#endif
