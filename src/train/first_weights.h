#ifndef LOCKSTEP_TRAIN_FIRST_WEIGHTS_H
#define LOCKSTEP_TRAIN_FIRST_WEIGHTS_H

#include "exchange/import.h"
#include "tensor/state.h"
#include "train/session.h"

/* The weights that a run begins with where model.weights names a file (exchange/import.h). */

/*
 * Fill in a state of the same network, whose other layers keep what they have; *out says what was taken: "torchvision's
 * mobilenet_v2", and what of the head. Errors as import_open and import_read. Not collective.
 */
enum { FIRST_WEIGHTS_TEXT = 256 };
int first_weights_read(state *s, const char *path, const dataset *d, char out[FIRST_WEIGHTS_TEXT]);

/*
 * Rank 0 reads them into the session's state, and all get it. *opened: the file, where rank 0 has it open; it is closed
 * and NULL then. Collective; a failure is returned by all.
 */
int first_weights_share(session *s, importer **opened);

#endif
