#include "instrument/balance.h"

#include <math.h>

#include "instrument/theory.h"

/* Sums over measurements. */
typedef struct sums {
    double power, predicted_power, angle2, predicted_angle2, ratio2, predicted_ratio2;
    double growth, shrink, effective_rate, cosine2, spread;
    double radial, radial_epsilon, epsilon_share, turned;
    int norm_power;
    size_t count;
} sums;

static void add(sums *s, const filters_row *row, const theory *t, double rate, double size)
{
    const double force = t->power == 4 ? row->force : size;
    s->norm_power = t->power;
    s->power += t->power == 4 ? row->norm4 : row->norm2;
    s->predicted_power += t->shrink > 0 ? t->outward * force / (2 * t->shrink) : INFINITY;
    s->angle2 += row->angle2;
    s->predicted_angle2 += t->angle * t->angle;
    s->ratio2 += row->ratio2;
    s->predicted_ratio2 += theory_gradient_ratio(t) * theory_gradient_ratio(t);
    s->growth += row->growth;
    s->shrink += t->shrink;
    s->effective_rate += rate * row->inverse2;
    s->cosine2 += row->cosine2;
    s->radial += row->radial;
    s->radial_epsilon += row->radial_epsilon;
    s->epsilon_share += row->epsilon_share;
    s->turned = row->turned;
    s->spread += row->norm_p5 > 0 ? row->norm_p95 / row->norm_p5 : 1;
    s->count++;
}

balance balance_of(const series *s, size_t layer, uint64_t from, uint64_t to, const optimizer_options *o)
{
    sums all = {0};
    for (size_t i = 0; i < s->count; i++) {
        if (s->steps[i] >= from && s->steps[i] <= to) {
            const rate_now now = {s->rates[i], s->shares[i]};
            const theory t = theory_at(o, &now);
            add(&all, &s->rows[i * s->layers + layer], &t, s->rates[i], (double)s->sizes[layer]);
        }
    }
    if (all.count == 0) {
        return (balance){0};
    }
    const double n = (double)all.count;
    const double root = all.norm_power == 2 ? 0.5 : 0.25;
    return (balance){
        .norm = pow(all.power / n, root),
        .norm_predicted = pow(all.predicted_power / n, root),
        .angle = sqrt(all.angle2 / n),
        .angle_predicted = sqrt(all.predicted_angle2 / n),
        .ratio = sqrt(all.ratio2 / n),
        .ratio_predicted = sqrt(all.predicted_ratio2 / n),
        .outward = (all.growth + all.shrink) / n,
        .inward = all.shrink / n,
        .effective_rate = all.effective_rate / n,
        .cosine = sqrt(all.cosine2 / n),
        .radial = all.radial / n,
        .radial_epsilon = all.radial_epsilon / n,
        .epsilon_share = all.epsilon_share / n,
        .turned = all.turned,
        .spread = all.spread / n,
        .count = all.count,
    };
}

double balance_error(double measured, double predicted)
{
    return measured / predicted - 1;
}
