#ifndef LOCKSTEP_PAGE_FONT_H
#define LOCKSTEP_PAGE_FONT_H

#include "page/canvas.h"

/*
 * Text in a picture: the printable characters of ASCII in five by nine dots, each as wide as it is; any other character
 * is a box. scale: pixels a dot has, both ways.
 */
enum { FONT_HEIGHT = 9, FONT_LINE = 7 /* dots, and those above the line */ };

/* Pixels that a text in UTF-8 takes. */
size_t font_width(const char *text, size_t scale);

/* Draw it with its upper left corner at (x, y); what goes over `width` pixels ends in dots. Returns the width drawn. */
size_t font_draw(canvas *c, size_t x, size_t y, size_t width, const char *text, size_t scale, canvas_colour colour);

#endif
