#ifndef LOCKSTEP_PAGE_STYLE_H
#define LOCKSTEP_PAGE_STYLE_H

#include "base/text.h"

/*
 * How pages and drawings look. Colours of series: six that people who confuse red and green tell apart (Okabe & Ito
 * 2008), darker or lighter by ground. Drawings use the classes s1 to s6 (lines), f1 to f6 (areas), dashed, soft, grid,
 * axis, strong.
 */
enum { STYLE_COLOURS = 6 };

/* The style sheet of a page: light, dark, on paper, narrow. */
void style_add_page(text_builder *t);

/* That of a drawing in a file of its own, on white: without variables, which not every program knows. */
void style_add_drawing(text_builder *t);

/* "s1" to "s6", "f1" to "f6", of colour 1 and up; more begin again. Static. */
const char *style_line(int colour);
const char *style_area(int colour);

#endif
