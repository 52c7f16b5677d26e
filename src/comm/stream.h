#ifndef LOCKSTEP_COMM_STREAM_H
#define LOCKSTEP_COMM_STREAM_H

#include <stddef.h>

#include "base/extent.h"
#include "base/real.h"
#include "base/sink.h"
#include "comm/comm.h"

/*
 * The sum of a long vector along the shard tree, while it is still being computed: it becomes ready from its end
 * towards its beginning, and is summed in buckets, each on its way as soon as it is full. The bits are those of one
 * sum over all of it. One stream of a comm at a time may be between begin and finish; other sums may come between.
 * After an error the job must end (comm_abort): messages may be on their way.
 */
typedef struct comm_stream comm_stream;

/*
 * Elements of a bucket, 1 MiB of float32: long enough that a message's fixed cost does not count, and a tenth of the
 * network, so that most of it has arrived when backward is through.
 */
enum { COMM_STREAM_BUCKET = 1 << 18 };

/* For vectors of n elements, in buckets of `bucket` or more, the same on all ranks. *out: comm_stream_free. */
int comm_stream_create(comm_stream **out, comm *c, size_t n, size_t bucket);
void comm_stream_free(comm_stream *s);

/*
 * From now on these are neither summed nor sent, and are left alone: ascending, none within or next to another; the
 * same on all ranks. Between sums. Returns 0 or LS_ENOMEM.
 */
int comm_stream_leave_out(comm_stream *s, const extent *spans, size_t count);

/*
 * A new sum. vectors: this rank's front for these shards, node k's vector at vectors + k * n, to be filled; room for
 * one vector also without shards. Not touched before comm_stream_ready says so. Collective with comm_stream_finish.
 */
void comm_stream_begin(comm_stream *s, real *vectors, const shard_range *range);

/*
 * Let a short vector travel with the gradient: partials [shards][n], overwritten; out [n] holds the sum after
 * comm_stream_finish. Once a sum, by all ranks at the same point of it.
 */
int comm_stream_attach(comm_stream *s, double *out, double *partials, size_t n);

/* Elements from `first` on are final; also gets on with what is under way. Never waits. All ranks say the same. */
int comm_stream_ready(comm_stream *s, size_t first);
/* As a sink for whoever computes the gradient. */
gradient_sink comm_stream_sink(comm_stream *s);

/* All elements are final: wait for the sum, which then is in `vectors` (the first), the same bits on every rank. */
int comm_stream_finish(comm_stream *s);

#endif
