#ifndef LOCKSTEP_CLI_FOLLOW_VIEW_H
#define LOCKSTEP_CLI_FOLLOW_VIEW_H

#include "base/text.h"
#include "cli/follow.h"

/* Where lines are for. */
typedef struct follow_screen {
    size_t columns; /* a line has fewer: those of 20 and more are kept to */
    bool utf8;
} follow_screen;

/* What is seen of a run, as lines for people; pure. */
void follow_view(text_builder *out, const follow *f, const follow_screen *screen);

#endif
