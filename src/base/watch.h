#ifndef LOCKSTEP_BASE_WATCH_H
#define LOCKSTEP_BASE_WATCH_H

#include <stdint.h>

/*
 * What this process is doing: reported by the one thread that trains, read by any other. A report costs a few stores
 * and takes no lock. In other threads these functions do nothing, except watch_beat, so any thread may call them.
 */
typedef enum watch_phase {
    WATCH_STARTING,    /* MPI */
    WATCH_PREPARING,   /* configuration, network, memory */
    WATCH_STAGING,     /* copying the data set to this node */
    WATCH_OPENING,     /* the data set */
    WATCH_LOADING,     /* a checkpoint */
    WATCH_PICTURES,    /* waiting for the loader */
    WATCH_FORWARD,     /* of a training step */
    WATCH_LOSS,        /* of a training step */
    WATCH_BACKWARD,    /* of a training step */
    WATCH_REDUCING,    /* the gradient: sending parts of it during backward, and the wait after it */
    WATCH_UPDATE,      /* of the weights */
    WATCH_BETWEEN,     /* training steps */
    WATCH_VALIDATING,  /* or estimating statistics */
    WATCH_SAVING,      /* a checkpoint */
    WATCH_LOGGING,     /* to the run's log */
    WATCH_ENDING,      /* MPI */
    WATCH_PHASE_COUNT, /* not a phase */
} watch_phase;

typedef struct watch_state {
    watch_phase phase;
    int waits;           /* 1: inside the collective call of number `collective` */
    uint64_t step;       /* training steps completed */
    uint64_t collective; /* calls entered so far; the same on all ranks that stand at the same place */
    uint64_t beats;      /* grows with every report; it stands still where nothing happens */
} watch_state;

/* From now on the calling thread is the one that reports. */
void watch_this_thread(void);

/* The phase from now on; returns the one before, for those who come back to it. */
watch_phase watch_enter(watch_phase now);
/* So many training steps are completed. */
void watch_step(uint64_t completed);
/* One more is. */
void watch_step_done(void);
/* Something is done in the middle of something long; from any thread that the training thread may wait for. */
void watch_beat(void);
/* Around a call in which ranks wait for each other. Not nested. */
void watch_collective_begin(void);
void watch_collective_end(void);

/*
 * What the training thread has spent its time on since watch_count_spent; microseconds, by a clock of ticks, so that
 * only sums over many calls mean something. What has not ended yet is not in it.
 */
typedef struct watch_spent {
    uint64_t waiting;  /* inside collective calls */
    uint64_t pictures; /* in WATCH_PICTURES */
} watch_spent;

/* Begin to count; as long as nobody has, there are zeros, and nothing is spent on it. */
void watch_count_spent(void);

/* The newest. */
watch_spent watch_read_spent(void);

/*
 * Where the time of the training thread goes, in seconds by phase. Inside collective calls it counts as waiting
 * instead, but for WATCH_REDUCING, which is one wait. Starts as zeros.
 */
typedef struct watch_times {
    double seconds[WATCH_PHASE_COUNT];
    double waiting;
    double mark; /* when it was last counted */
} watch_times;

/* From now on times are added to *t (not owned; must outlive it); NULL, the default: none are taken. */
void watch_measure(watch_times *t);

/* The newest state. Fields that change while it is read may be of different moments. */
watch_state watch_read(void);

/* "forward"; "?" for what is no phase. Static. */
const char *watch_phase_name(watch_phase phase);

#endif
