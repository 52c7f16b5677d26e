#include "optim/growth.h"

#include <assert.h>

#include "base/clones.h"
#include "base/error.h"
#include "optim/gradient.h"

bool growth_asked(const optimizer_options *o)
{
    return o->decay.as_rate && (o->l2 > 0 || o->decay.decoupled > 0);
}

bool growth_covers(const optimizer_options *o, const tensor_info *t)
{
    return growth_asked(o) && t->scale_invariant != 0 && t->trainable && optimizer_decays(o, t);
}

int growth_check(const state *s)
{
    return s->shrink.left >= GROWTH_LEAST
               ? LS_OK
               : error_set(
                     LS_EUSAGE,
                     "`decay.as_rate`: after step %llu decay would have left %.1e of the weights, and the rate has "
                     "grown by the square of that; numbers do not reach further, end the run here",
                     (unsigned long long)s->step, s->shrink.left);
}

/* The names are those of growth.h; rule and order of factors those of momentum.c. */
growth growth_at(const state_shrink *now, const rate_now *rate, const optimizer_options *o)
{
    const double eta = (double)(real)rate->rate;
    const double share = o->decay.follow_rate ? rate->share : 1;
    const double lambda = (double)optimizer_coupled(o, share);
    const double kept = 1 - eta * o->decay.decoupled * share;
    const double mu = (double)(real)o->momentum;
    const bool keras = o->form == OPTIMIZER_KERAS;
    const double in = keras ? -eta : 1;
    const double out = keras ? 1 : -eta;
    const double ahead = o->nesterov ? mu : 1;
    const double again = o->nesterov ? in : 0;
    const double pull = lambda * now->left;
    growth g = {.next.velocity = mu * now->velocity + in * pull};
    g.next.left = kept * now->left + out * (ahead * g.next.velocity + again * pull);
    const double by = out / (now->left * g.next.left);
    g.by_vector = by * ahead * mu;
    g.by_gradient = by * (ahead * in + again);
    g.keeps = kept * mu + (o->nesterov ? out * mu * in * lambda : 0);
    g.takes = kept * in - (o->nesterov ? out * mu * in * now->velocity / now->left : 0);
    return g;
}

rate_now growth_rate(const state *s, const rate_now *rate, const optimizer_options *o)
{
    if (!growth_asked(o)) {
        return *rate;
    }
    const growth g = growth_at(&s->shrink, rate, o);
    return (rate_now){.rate = rate->rate / (s->shrink.left * g.next.left), .share = rate->share};
}

/* In float64, each result rounded once. */
CLONED void growth_update(const update_part *part, const growth *by)
{
    real *restrict w = part->weights;
    real *restrict v = part->slots[0];
    const real *restrict g = part->grads;
    const growth k = *by;
    if (v == NULL) {
        for (size_t i = 0; i < part->count; i++) {
            w[i] = (real)((double)w[i] + k.by_gradient * (double)g[i]);
        }
        return;
    }
    for (size_t i = 0; i < part->count; i++) {
        const double before = (double)v[i];
        w[i] = (real)((double)w[i] + (k.by_vector * before + k.by_gradient * (double)g[i]));
        v[i] = (real)(k.keeps * before + k.takes * (double)g[i]);
    }
}

static void scale(const state *s, const tensor_info *t, double by)
{
    real *values = state_values(s, t);
    for (size_t i = 0; i < t->size; i++) {
        values[i] = (real)((double)values[i] * by);
    }
}

/* The statistics of the BatchNorm after a kernel whose outputs are times `by`. */
static void scale_moving(const state *s, const tensor_info *kernel, double by)
{
    assert(kernel[TENSOR_TO_MEAN].role == TENSOR_MOVING_MEAN &&
           kernel[TENSOR_TO_VARIANCE].role == TENSOR_MOVING_VARIANCE);
    scale(s, &kernel[TENSOR_TO_MEAN], by);
    scale(s, &kernel[TENSOR_TO_VARIANCE], by * by);
}

void growth_finish(state *s, const growth *g, const optimizer_options *o)
{
    const double by = s->shrink.left / g->next.left;
    for (size_t i = 0; i < s->table->count; i++) {
        if (growth_covers(o, &s->table->tensors[i])) {
            scale_moving(s, &s->table->tensors[i], by);
        }
    }
    s->shrink = g->next;
}

/* A kernel, its momentum, and its gradients since the last update, which are in proportion to 1/|w|. */
static void enter_kernel(const state *s, const tensor_info *t, const state_shrink *at, bool has_momentum)
{
    real *w = state_values(s, t);
    real *v = has_momentum ? s->vectors[STATE_SLOTS].values + t->offset : NULL;
    real *sum = gradient_sum(s);
    for (size_t k = 0; k < t->size; k++) {
        if (v != NULL) {
            v[k] = (real)((double)v[k] * at->left - (double)w[k] * at->velocity);
        }
        if (sum != NULL) {
            sum[t->offset + k] = (real)((double)sum[t->offset + k] * at->left);
        }
        w[k] = (real)((double)w[k] / at->left);
    }
}

void growth_enter(state *s, const state_shrink *at, const optimizer_options *o)
{
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *t = &s->table->tensors[i];
        if (growth_covers(o, t)) {
            enter_kernel(s, t, at, o->momentum > 0);
            scale_moving(s, t, 1 / at->left);
        }
    }
    s->shrink = *at;
}
