#ifndef LOCKSTEP_INSTRUMENT_THEORY_H
#define LOCKSTEP_INSTRUMENT_THEORY_H

#include <stdbool.h>

#include "optim/options.h"
#include "optim/rate.h"

/*
 * What the literature says of a weight w that a BatchNorm makes scale-invariant: its gradient is at right angles to it
 * and in proportion to 1/|w|, so that steps push it outward and decay pulls it back, and what comes of the two is a
 * balance.
 *
 * With a decay that shrinks w by the share κ a step, and steps whose sum over time is s·g of a gradient g of its own,
 *   d|w|⁴/dt = 2·s²·G − 4κ·|w|⁴ where G = |g|²·|w|² (SGD, momentum),
 *   d|w|²/dt = s²·C − 2κ·|w|² where each of C elements is divided by the root of its mean square (AdamW, RMSProp).
 * SGD: κ = ηλ/(1−μ) of a coupled decay λ = 2c, ηλ of a decoupled one; s = η/(1−μ). The angle of one step follows from
 * the mean square of a step, which is less than s² as steps overlap. Sources: Wan et al. 2021 (arXiv 2006.08419),
 * Kosson et al. 2024 (arXiv 2305.17212), Li & Arora 2019 (arXiv 1910.07454).
 */
typedef struct theory {
    bool known;     /* there is a law for this optimizer; the rest is 0 where not */
    int power;      /* 4 or 2: of the norm, whose way to the balance is exponential */
    double shrink;  /* κ: share of w that decay takes in a step */
    double outward; /* s²: growth of |w|^power a step is (power / 2) times this, times G or C */
    double overlap; /* mean square of a step over s² times that of the gradient */
    double angle;   /* of a step in balance, radians: root mean square; 0 without decay */
    double clock;   /* power·κ: a step in units of the time that |w|^power takes to come to 1/e of its distance */
} theory;

/* At a rate, with decay times `share` (rate_now). */
theory theory_of(const optimizer_options *o, double rate, double share);

/* Of scale-invariant weights at a step, whose decay may follow the rate, or be none (decay.as_rate). */
theory theory_at(const optimizer_options *o, const rate_now *now);

/* The norm in balance. force: the mean of G where power is 4; the number of the filter's weights where it is 2.
 * Infinite without decay. */
double theory_norm(const theory *t, double force);

/* The root mean square of the angle of a step at a norm that is not in balance, force as above. */
double theory_angle_at(const theory *t, double force, double norm);

/* |w|^power after so many steps from `from` at a constant rate and force. */
double theory_power_after(const theory *t, double force, double from, double steps);

/* |g|/|w| in balance (Defazio 2025, arXiv 2506.02285), g without the decay's part; 0 where power is 2. */
double theory_gradient_ratio(const theory *t);

#endif
