#ifndef LOCKSTEP_PAGE_FIGURE_H
#define LOCKSTEP_PAGE_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/*
 * What chart, bars, ridges and matrix have in common: a drawing (SVG) within a page (page/html.h) with title,
 * description, legend and what stands behind it, and the same drawing as a file of its own.
 */

/* A drawing as a file: its name has no ending and is made of small letters, digits and dashes. Both are owned. */
typedef struct figure_file {
    char *name, *svg;
    int width, height; /* pixels */
} figure_file;

typedef struct figure_files {
    figure_file *files; /* owned; [count] */
    size_t count;
    bool failed; /* memory ran out: some are missing */
} figure_files;

void figure_files_release(figure_files *f);

/* A page that is being written. Starts as zeros. */
typedef struct page {
    text_builder text;
    figure_files *apart; /* gets each drawing as well; NULL: not wanted; not owned */
} page;

/* A row of a legend. */
typedef struct figure_key {
    const char *name;
    int colour;  /* as in page/style.h */
    bool dashed; /* of a line */
    bool area;   /* not of a line */
} figure_key;

typedef struct figure {
    const char *name; /* of its file and in links: small letters, digits and dashes, once in a page */
    const char *title;
    const char *says; /* what is to be seen, for who does not see it; below the title for all */
    int width, height;
    const figure_key *keys; /* [key_count]; drawn as a legend */
    size_t key_count;
    bool wide; /* too fine for a narrow screen: there it scrolls */
} figure;

/* The drawing, a text that lies within <svg>, with what belongs to it; what is behind it comes next, then the end. */
void figure_begin(page *p, const figure *f, const char *drawing);
void figure_end(page *p);

/* About how wide a text is drawn, in the drawing's units, and how many of its bytes fit into a width. */
double figure_text_width(const char *text, double size);
size_t figure_text_fit(const char *text, double size, double width);

#endif
