#ifndef LOCKSTEP_INSTRUMENT_OPTIONS_H
#define LOCKSTEP_INSTRUMENT_OPTIONS_H

#include <stddef.h>

typedef enum instrument_mode {
    INSTRUMENT_OFF,
    INSTRUMENT_LIGHT, /* an update out of `every` */
    INSTRUMENT_FULL,  /* each */
} instrument_mode;

/* Of section `log` of a configuration. */
typedef struct instrument_options {
    unsigned mode; /* an instrument_mode */
    size_t every;  /* 0: INSTRUMENT_EVERY */
} instrument_options;

/* A measurement takes a quarter of the time of a step at 32×32 on a core, less of larger pictures. */
enum { INSTRUMENT_EVERY = 50 };

#endif
