/* Operations that look at one value at a time: each is a table of 256. */
#include "data/augment_ops.h"

#include <stdbool.h>
#include <string.h>

enum { VALUES = 256 };

static void look_up(image *p, size_t channel, const uint8_t *table)
{
    const size_t end = p->width * p->height * 3;
    for (size_t i = channel; i < end; i += 3) {
        p->pixels[i] = table[p->pixels[i]];
    }
}

static void look_up_all(image *p, const uint8_t *table)
{
    const size_t end = p->width * p->height * 3;
    for (size_t i = 0; i < end; i++) {
        p->pixels[i] = table[p->pixels[i]];
    }
}

void augment_brightness(image *picture, double factor)
{
    uint8_t table[VALUES];
    for (int v = 0; v < VALUES; v++) {
        const float scaled = (float)v * (float)factor;
        table[v] = scaled < 255 ? (uint8_t)scaled : 255;
    }
    look_up_all(picture, table);
}

void augment_posterize(image *picture, int bits)
{
    const unsigned mask = bits >= 8 ? 0xffu : 0xffu << (8 - bits);
    uint8_t table[VALUES];
    for (unsigned v = 0; v < VALUES; v++) {
        table[v] = (uint8_t)(v & mask);
    }
    look_up_all(picture, table);
}

void augment_solarize(image *picture, double threshold)
{
    uint8_t table[VALUES];
    for (int v = 0; v < VALUES; v++) {
        table[v] = (uint8_t)((float)v >= (float)threshold ? 255 - v : v);
    }
    look_up_all(picture, table);
}

void augment_invert(image *picture)
{
    augment_solarize(picture, 0);
}

static void count_values(size_t counts[VALUES], const image *p, size_t channel)
{
    const size_t end = p->width * p->height * 3;
    memset(counts, 0, VALUES * sizeof *counts);
    for (size_t i = channel; i < end; i += 3) {
        counts[p->pixels[i]]++;
    }
}

void augment_autocontrast(image *picture)
{
    size_t counts[VALUES];
    uint8_t table[VALUES] = {0};
    for (size_t channel = 0; channel < 3; channel++) {
        int low = 0;
        int high = VALUES - 1;
        count_values(counts, picture, channel);
        while (low < high && counts[low] == 0) {
            low++;
        }
        while (high > low && counts[high] == 0) {
            high--;
        }
        if (low == high) {
            continue;
        }
        const float scale = (float)(high - low) * (float)(1.0 / 255);
        for (int v = low; v <= high; v++) {
            const float wide = (float)(v - low) / scale;
            table[v] = wide < 255 ? (uint8_t)wide : 255;
        }
        look_up(picture, channel, table);
    }
}

/* The share of values below v, in steps of 1/255 of all but the largest value's; false where there are too few. */
static bool equalizing_table(uint8_t table[VALUES], const size_t counts[VALUES], size_t total)
{
    size_t last = VALUES - 1;
    while (last > 0 && counts[last] == 0) {
        last--;
    }
    const size_t step = (total - counts[last]) / 255;
    if (step == 0) {
        return false;
    }
    size_t below = step / 2;
    for (size_t v = 0; v < VALUES; v++) {
        const size_t level = below / step;
        table[v] = level < 255 ? (uint8_t)level : 255;
        below += counts[v];
    }
    return true;
}

void augment_equalize(image *picture)
{
    size_t counts[VALUES];
    uint8_t table[VALUES];
    for (size_t channel = 0; channel < 3; channel++) {
        count_values(counts, picture, channel);
        if (equalizing_table(table, counts, picture->width * picture->height)) {
            look_up(picture, channel, table);
        }
    }
}
