#ifndef LOCKSTEP_OPTIM_OPTIONS_H
#define LOCKSTEP_OPTIM_OPTIONS_H

/* What an update depends on besides weights and gradients: the keys train.learning_rate and l2.c. */
typedef struct optimizer_options {
    double learning_rate;
    double l2; /* adds l2·Σw² to the loss; 0: no penalty */
} optimizer_options;

#endif
