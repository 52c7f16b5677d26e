#ifndef LOCKSTEP_STORE_SPENT_H
#define LOCKSTEP_STORE_SPENT_H

/* What the time of a run's rank 0 goes into: columns of its log, and of a checkpoint within an epoch. */
typedef enum spent_kind {
    SPENT_COMPUTING,  /* forward, loss, backward, update */
    SPENT_PICTURES,   /* waiting for pictures to train on */
    SPENT_SUMS,       /* waiting for other ranks: sums and agreements */
    SPENT_VALIDATING, /* all of it, waits included */
    SPENT_SAVING,     /* held up by checkpoints */
    SPENT_OTHER,
    SPENT_KINDS, /* not a kind */
} spent_kind;

#endif
