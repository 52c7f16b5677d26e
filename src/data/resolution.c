#include "data/resolution.h"

static size_t last_rows(const resolution_options *o, resolution input)
{
    return o->last > 0 ? o->last : input.height;
}

static size_t first_rows(const resolution_options *o, resolution input)
{
    return o->first > 0 ? o->first : last_rows(o, input);
}

static resolution with_rows(resolution input, size_t rows)
{
    return (resolution){rows, (2 * rows * input.width + input.height) / (2 * input.height)};
}

/* part / whole of the way from a to b, rounded to a multiple that does not leave them. */
static size_t between(size_t a, size_t b, uint64_t part, uint64_t whole, size_t multiple)
{
    const double exact = (double)a + ((double)b - (double)a) * (double)part / (double)whole;
    const size_t rows = (size_t)(exact / (double)multiple + 0.5) * multiple;
    const size_t low = a < b ? a : b;
    const size_t high = a < b ? b : a;
    return rows < low ? low : rows > high ? high : rows;
}

resolution resolution_of_epoch(const resolution_options *o, resolution input, uint64_t epoch)
{
    const size_t first = first_rows(o, input);
    const size_t last = last_rows(o, input);
    if (epoch <= o->from && epoch < o->until) {
        return with_rows(input, first);
    }
    if (epoch >= o->until) {
        return with_rows(input, last);
    }
    return with_rows(input,
                     between(first, last, epoch - o->from, o->until - o->from, o->multiple > 0 ? o->multiple : 1));
}

resolution resolution_smallest(const resolution_options *o, resolution input)
{
    const size_t first = first_rows(o, input);
    const size_t last = last_rows(o, input);
    return with_rows(input, first < last ? first : last);
}

resolution resolution_largest(const resolution_options *o, resolution input)
{
    const size_t first = first_rows(o, input);
    const size_t last = last_rows(o, input);
    return with_rows(input, first > last ? first : last);
}

resolution resolution_room(const resolution_options *o, resolution input)
{
    const resolution most = resolution_largest(o, input);
    return most.height > input.height ? most : input;
}
