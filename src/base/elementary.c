#include "base/elementary.h"

#include <math.h>
#include <stddef.h>

/* log 2 in two parts: the first has zeros at its end, so that its product with a small whole number is exact. */
static const double LOG2_HIGH = 0x1.62e42fee00000p-1;
static const double LOG2_LOW = 0x1.a39ef35793c76p-33;
static const double PI = 0x1.921fb54442d18p+1;

/* x = k·log 2 + r with |r| <= log 2 / 2; exp(r) by its series, whose terms end below the last bit. */
double elementary_exp(double x)
{
    enum { TERMS = 14 };
    if (isnan(x) || x > 709.7 || x < -745.2) {
        return isnan(x) ? x : x > 0 ? INFINITY : 0;
    }
    const double k = floor(x / (LOG2_HIGH + LOG2_LOW) + 0.5);
    const double r = (x - k * LOG2_HIGH) - k * LOG2_LOW;
    double sum = 1;
    for (int n = TERMS; n > 1; n--) {
        sum = 1 + r / n * sum;
    }
    return ldexp(1 + r * sum, (int)k);
}

/* x = 2^k·m with m near 1; log m = 2·artanh((m - 1)/(m + 1)) by its series. */
double elementary_log(double x)
{
    enum { LAST = 25 };
    if (!(x > 0) || isinf(x)) {
        return x == 0 ? -INFINITY : x > 0 ? x : NAN;
    }
    int k = 0;
    double m = frexp(x, &k); /* 1/2 to 1 */
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        k--;
    }
    const double z = (m - 1) / (m + 1); /* at most 0.172 */
    const double square = z * z;
    double sum = 0;
    for (int n = LAST; n >= 3; n -= 2) {
        sum = square * (sum + 1.0 / n);
    }
    const double small = 2 * z + 2 * z * sum;
    return k * LOG2_HIGH + (small + k * LOG2_LOW);
}

/* x to a whole power, by squaring. */
static double whole_power(double x, unsigned n)
{
    double result = 1;
    for (; n > 0; n >>= 1) {
        result = (n & 1) != 0 ? result * x : result;
        x *= x;
    }
    return result;
}

double elementary_pow(double x, double y)
{
    enum { MOST = 1024 }; /* whole powers below this come from products alone */
    if (y >= 0 && y < MOST && floor(y) == y) {
        return whole_power(x, (unsigned)y);
    }
    if (x == 0) {
        return y > 0 ? 0 : INFINITY;
    }
    return elementary_exp(y * elementary_log(x));
}

/* cos(a) for |a| <= pi/4, and sin(a), by their series. */
static double cosine(double a)
{
    enum { LAST = 18 };
    double sum = 1;
    for (int n = LAST; n >= 2; n -= 2) {
        sum = 1 - a * a / (n * (n - 1)) * sum;
    }
    return sum;
}

static double sine(double a)
{
    enum { LAST = 19 };
    double sum = 1;
    for (int n = LAST; n >= 3; n -= 2) {
        sum = 1 - a * a / (n * (n - 1)) * sum;
    }
    return a * sum;
}

double elementary_cos_pi(double x)
{
    if (!isfinite(x)) {
        return NAN;
    }
    const double turned = fabs(x - 2 * floor(x / 2 + 0.5)); /* 0 to 1: half a period, which is even */
    if (turned > 0.75) {
        return -cosine(PI * (1 - turned));
    }
    return turned < 0.25 ? cosine(PI * turned) : sine(PI * (0.5 - turned));
}

double elementary_sin_pi(double x)
{
    if (!isfinite(x)) {
        return NAN;
    }
    const double turned = x - 2 * floor(x / 2 + 0.5); /* -1 to 1: a period */
    const double size = fabs(turned) > 0.5 ? 1 - fabs(turned) : fabs(turned);
    const double sign = turned < 0 ? -1 : 1;
    return sign * (size > 0.25 ? cosine(PI * (0.5 - size)) : sine(PI * size));
}
