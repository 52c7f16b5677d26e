#ifndef LOCKSTEP_CLI_PARALLEL_H
#define LOCKSTEP_CLI_PARALLEL_H

#include "base/text.h"
#include "comm/comm.h"
#include "config/config.h"

/*
 * Start MPI, do `work` on every rank, stop MPI. work returns an exit code or a negative code, the same on all ranks;
 * rank 0 prints the message of the latter. Returns the exit code, or a negative code when MPI did not start.
 * Collective.
 */
int parallel_run(int (*work)(comm *c, void *context), void *context);

/*
 * Give all ranks the configuration that rank 0 holds in *shared, when its code is LS_OK; *yaml: as it is printed, for
 * free(), on all ranks. *shared, zeros on the other ranks, is the caller's on all. Returns the agreed code. Collective.
 */
int parallel_share_config(comm *c, int code, config *shared, char **yaml);

/*
 * Give all ranks the texts that rank 0 has added, each with its zero: *out as text_take_list, which empties the
 * builder. Returns the agreed code. Collective.
 */
int parallel_share_texts(comm *c, text_builder *texts, char ***out, size_t *count);

#endif
