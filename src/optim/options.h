#ifndef LOCKSTEP_OPTIM_OPTIONS_H
#define LOCKSTEP_OPTIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an update depends on besides weights and gradients: sections `optimizer`, `decay`, `rate`, `ema`, `l2` of a
 * configuration and a part of `train`. All zero is plain SGD without decay at the rate 0. */

typedef enum optimizer_kind {
    OPTIMIZER_SGD,
    OPTIMIZER_RMSPROP,
    OPTIMIZER_ADAM,
    OPTIMIZER_ADAMW,
    OPTIMIZER_LARS,
    OPTIMIZER_LAMB,
} optimizer_kind;

/* Whose form of it. They are the same function up to where the rate and epsilon stand. */
typedef enum optimizer_form {
    OPTIMIZER_KERAS,   /* momentum's vector holds steps, the rate in them; RMSProp's epsilon is inside the root */
    OPTIMIZER_PYTORCH, /* momentum's vector holds gradients, the rate is that of the step; epsilon is outside */
} optimizer_form;

/* Which tensors decay. */
typedef enum decay_tensors {
    DECAY_KERNELS_AND_BIAS, /* the article's: kernels and the dense layer's bias */
    DECAY_ALL,              /* gamma and beta as well */
    DECAY_KERNELS,
} decay_tensors;

typedef struct decay_options {
    double decoupled;            /* λ of w -= rate·λ·w, which is no part of the gradient */
    decay_tensors norm_and_bias; /* of the penalty too */
    bool follow_rate;            /* both decays of scale-invariant tensors are times rate / its highest */
    bool as_rate;                /* scale-invariant tensors do not decay, their rate grows (optim/growth.h) */
    const char *norms_of;        /* whose norms these tensors are given after each update (optim/norm_hold.h): none,
                                    start, or the folder of a run; NULL: none */
} decay_options;

typedef enum rate_schedule {
    RATE_CONSTANT,
    RATE_STEP,        /* times `factor` after each `every` */
    RATE_EXPONENTIAL, /* the same, but smoothly */
    RATE_COSINE,      /* half a cosine from 1 to `floor` within `length` */
    RATE_POLYNOMIAL,  /* from 1 to `floor` within `length`, as (1 - x)^power */
    RATE_ONE_CYCLE,   /* up and down by half cosines within `length`, as PyTorch's OneCycleLR */
} rate_schedule;

typedef enum rate_unit { RATE_EPOCHS, RATE_STEPS } rate_unit;

typedef struct rate_options {
    rate_schedule schedule;
    rate_unit unit;      /* of every, length and warm_up */
    rate_unit changes;   /* with each step, or where an epoch begins */
    double every;        /* of RATE_STEP and RATE_EXPONENTIAL */
    double factor;       /* of these two */
    double length;       /* of the others, after the warm-up; from its end on the rate stays */
    double floor;        /* share of the learning rate that is left at the end */
    double power;        /* of RATE_POLYNOMIAL */
    double warm_up;      /* linear, before the schedule begins; 0: none */
    double warm_up_from; /* share of the learning rate at its first step */
    double rise;         /* share of `length` in which RATE_ONE_CYCLE rises */
    double start;        /* share of the learning rate that it begins with */
    size_t batch;        /* global batch that the learning rate is for: it is times batch / this; 0: not */
} rate_options;

typedef struct ema_options {
    double decay; /* what the averages keep of themselves; 0: there are none */
    size_t every; /* updates between two of the averages'; 0: 1 */
    bool warm_up; /* begin with less, as timm's ModelEmaV3: 1 - (1 + n)^(-2/3) */
} ema_options;

typedef struct optimizer_options {
    uint64_t updates_before; /* before it began, where it did not begin with the run; no key */
    optimizer_kind kind;
    optimizer_form form;
    double learning_rate;
    double momentum;       /* what an update keeps of the one before; 0: none */
    bool nesterov;         /* momentum looks a step ahead */
    double l2;             /* adds l2·Σw² to the loss; 0: no penalty */
    double rho;            /* what the mean square of RMSProp keeps of itself */
    double beta_1, beta_2; /* the same of Adam's mean and mean square, and of LAMB's */
    double epsilon;
    double initial_scale; /* what RMSProp's mean square begins with: 0, or 1 as in TensorFlow 1 */
    double trust;         /* LARS: share of a tensor's norm that a step takes */
    size_t accumulate;    /* batches that an update averages the gradients of; 0: 1 */
    double clip_norm;     /* most that the gradient's norm over all tensors may be, the penalty's part not included;
                             0: no limit */
    double clip_value;    /* the same of each element */
    decay_options decay;
    rate_options rate;
    ema_options ema;
} optimizer_options;

#endif
