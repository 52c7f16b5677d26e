#ifndef LOCKSTEP_TRAIN_FEATURES_H
#define LOCKSTEP_TRAIN_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#include "data/dataset.h"
#include "train/session.h"

/*
 * A frozen backbone computes the same for a picture in each epoch, so it does it once: the features of all pictures are
 * computed by all ranks together before the first step, kept by each, and batches have them instead of pictures. The
 * training has the same bits as without.
 */

/* Whether a session of these options keeps features: the backbone is frozen, nothing is mixed, and pictures are not
 * augmented, or have a number of variants. Pure. */
bool features_wanted(const session_options *o);

/* Bytes that a rank keeps them in, of this data set; 0 where none are wanted. */
size_t features_memory(const session_options *o, const dataset *d);

/*
 * Compute them, or read them where `features.cache: file` has left them beside the data set, and have the session's
 * loaders hand them out. Nothing to do where none are wanted, or from the epoch on that all is trained in. After the
 * weights are set. Collective; a failure is returned by all.
 */
int features_prepare(session *s);

#endif
