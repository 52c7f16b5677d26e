#include "nn/loss.h"

#include <math.h>

#include "kernels/kernels.h"

enum { B = KERNEL_BLOCK };

static size_t place(const loss_values *v, size_t c)
{
    return c / B * v->stride + c % B;
}

static double logit(const loss_values *v, size_t c)
{
    return (double)v->logits[place(v, c)];
}

static size_t largest(const loss_values *v)
{
    size_t best = 0;
    for (size_t c = 1; c < v->classes; c++) {
        best = logit(v, c) > logit(v, best) ? c : best;
    }
    return best;
}

/* The target's part in class c. */
static double target(const loss_values *v, const loss_options *o, const loss_target *t, size_t c)
{
    const double hard = (c == t->label ? t->share : 0) + (c == t->other ? 1 - t->share : 0);
    return (1 - o->label_smoothing) * hard + o->label_smoothing / (double)v->classes;
}

static double weight(const loss_options *o, const loss_target *t)
{
    const double *w = o->class_weights;
    return w == NULL ? 1 : t->share * w[t->label] + (1 - t->share) * w[t->other];
}

double loss_sample(const loss_values *v, const loss_options *o, const loss_target *t, double scale, int *right)
{
    const size_t best = largest(v);
    const double top = logit(v, best);
    const double times = weight(o, t);
    double sum = 0;
    for (size_t c = 0; c < v->classes; c++) {
        sum += exp(logit(v, c) - top);
    }
    for (size_t c = 0; v->gradient != NULL && c < v->classes; c++) {
        const double p = exp(logit(v, c) - top) / sum;
        v->gradient[place(v, c)] = (real)((p - target(v, o, t, c)) * (times * scale));
    }
    double wanted = 0; /* Σ t·logit */
    for (size_t c = 0; c < v->classes; c++) {
        const double part = target(v, o, t, c);
        wanted += part != 0 ? part * logit(v, c) : 0;
    }
    *right = best == (t->share >= 0.5 ? t->label : t->other);
    return times * (log(sum) + top - wanted);
}
