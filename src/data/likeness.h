#ifndef LOCKSTEP_DATA_LIKENESS_H
#define LOCKSTEP_DATA_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A number that tells pictures that look the same from others: a copy that was encoded again or made smaller mostly has
 * the same one, another picture another one. It looks at brightness alone. Of the picture, turned as its tag says,
 * means over 32 x 32 equal parts are taken, of these the DCT's lowest 8 x 8 coefficients, and of each but the mean a
 * bit: whether it is above their median (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions,
 * 2010, section 3.2.1).
 */
enum { LIKENESS_SIDE = 32, LIKENESS_LOW = 8 };

/* Memory that is used again. Starts as zeros. */
typedef struct likeness_space {
    uint32_t *columns; /* owned; [width][3], sums of a strip of rows, and behind them [width], their brightness */
    size_t capacity;
    double cosines[LIKENESS_LOW][LIKENESS_SIDE];
    bool ready; /* these are */
} likeness_space;

/*
 * *out is 0, none, where a side is shorter than LIKENESS_SIDE or fewer than half of the coefficients are above a tenth
 * of a grey level, as of a picture of one colour, or of stripes: their bits would be those of noise. pixels:
 * [height][width][3], sides at most IMAGE_MAX_SIDE (data/image.h); orientation: 1 to 8, data/orientation.h. Returns 0
 * or LS_ENOMEM.
 */
int likeness_of(uint64_t *out, const uint8_t *pixels, size_t width, size_t height, int orientation,
                likeness_space *space);

void likeness_space_release(likeness_space *s);

#endif
