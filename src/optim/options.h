#ifndef LOCKSTEP_OPTIM_OPTIONS_H
#define LOCKSTEP_OPTIM_OPTIONS_H

#include <stdbool.h>

/* What an update depends on besides weights and gradients: keys of the sections train and l2. */
typedef struct optimizer_options {
    double learning_rate;
    double momentum; /* what an update keeps of the one before; 0: plain SGD */
    bool nesterov;   /* momentum looks a step ahead */
    double l2;       /* adds l2·Σw² to the loss; 0: no penalty */
} optimizer_options;

#endif
