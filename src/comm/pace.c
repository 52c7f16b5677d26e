#include "comm/pace.h"

static const double WINDOW = 15; /* seconds: what is longer ago than this counts less than half */

static double share_of(uint64_t before, uint64_t now, double passed)
{
    const double share = now > before ? (double)(now - before) * 1e-6 / passed : 0;
    return share < 1 ? share : 1;
}

void pace_note(pace_rank *r, double now, const watch_spent *spent)
{
    const double passed = now - r->when;
    if (r->reports > 0 && passed > 0) {
        const double weight = r->reports == 1 ? 1 : passed / (passed + WINDOW);
        r->waiting += weight * (share_of(r->spent.waiting, spent->waiting, passed) - r->waiting);
        r->pictures += weight * (share_of(r->spent.pictures, spent->pictures, passed) - r->pictures);
    }
    if (r->reports == 0 || passed > 0) {
        r->reports += r->reports < 2;
        r->when = now;
        r->spent = *spent;
    }
}

pace pace_of(const pace_rank *ranks, int n)
{
    pace p = {.rank = -1};
    double sum = 0;
    for (int r = 0; r < n; r++) {
        if (ranks[r].reports < 2) {
            return (pace){.rank = -1};
        }
        if (p.rank < 0 || ranks[r].waiting < ranks[p.rank].waiting) {
            p.rank = r;
        }
        sum += ranks[r].waiting;
    }
    if (n < 2) {
        return (pace){.rank = -1};
    }
    p.waiting = ranks[p.rank].waiting;
    p.pictures = ranks[p.rank].pictures;
    p.others = (sum - p.waiting) / (n - 1);
    return p;
}
