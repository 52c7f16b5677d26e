#include "run/stages.h"

#include "base/log.h"

static bool same(resolution a, resolution b)
{
    return a.height == b.height && a.width == b.width;
}

/* Whether there is anything to say. */
static bool varies(const session_options *o)
{
    const resolution input = session_input(o);
    return !same(session_resolution(o, 0), input) || !same(resolution_smallest(&o->data.resolution, input), input) ||
           !same(resolution_largest(&o->data.resolution, input), input);
}

void stages_print(const session_options *o)
{
    if (!varies(o)) {
        return;
    }
    log_info("%s", "");
    log_info("# training pictures, validated at %zux%zu:", o->data.width, o->data.height);
    for (uint64_t first = 0, last = 0; first < o->train.epochs; first = last) {
        const resolution size = session_resolution(o, first);
        do {
            last++;
        } while (last < o->train.epochs && same(session_resolution(o, last), size));
        log_info("#   epochs %5llu to %5llu  %zux%zu", (unsigned long long)first + 1, (unsigned long long)last,
                 size.width, size.height);
    }
}

void stages_print_ends(const session_options *o)
{
    const resolution first = session_resolution(o, 0);
    const resolution last = session_resolution(o, o->train.epochs - 1);
    if (varies(o)) {
        log_info("pictures    %zux%zu in the first epoch, %zux%zu in the last, %zux%zu to validate", first.width,
                 first.height, last.width, last.height, o->data.width, o->data.height);
    }
}

void stages_print_epoch(const session_options *o, uint64_t epoch)
{
    const resolution now = session_resolution(o, epoch);
    if (varies(o) && (epoch == 0 || !same(now, session_resolution(o, epoch - 1)))) {
        log_info("epoch %llu/%llu trains on pictures of %zux%zu", (unsigned long long)epoch + 1,
                 (unsigned long long)o->train.epochs, now.width, now.height);
    }
}
