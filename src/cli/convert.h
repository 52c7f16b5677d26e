#ifndef LOCKSTEP_CLI_CONVERT_H
#define LOCKSTEP_CLI_CONVERT_H

/*
 * Drawings (SVG) made into PNG files by a program that is installed: rsvg-convert, or else a browser. Drawing letters
 * takes fonts and all that belongs to them, which is more than all the rest of this program needs.
 */
typedef struct convert {
    char program[4096]; /* its path */
    char folder[64];    /* a browser's own, empty at first; "": not made */
    int is_browser;
} convert;

/* Before any work: find the program; LS_EUSAGE with what to install where there is none. End it with convert_end. */
int convert_begin(convert *c);

/* The SVG file to a PNG file of so many pixels. A file of that name is replaced. LS_EIO, LS_ENOMEM. */
int convert_file(convert *c, const char *svg, const char *png, int width, int height);

/* Removes what a browser has left. */
void convert_end(convert *c);

#endif
