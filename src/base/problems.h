#ifndef LOCKSTEP_BASE_PROBLEMS_H
#define LOCKSTEP_BASE_PROBLEMS_H

#include <stddef.h>

/*
 * What a thorough check of a file finds: not only the first problem, as an error message has it, but all of them, the
 * first few in words. Starts as zeros; nothing to free.
 */
enum { PROBLEMS_SHOWN = 8, PROBLEM_SIZE = 400 };

typedef struct problems {
    size_t count;
    char shown[PROBLEMS_SHOWN][PROBLEM_SIZE];
} problems;

/* Add one, printf style: what is wrong, without the file's name. */
void problems_add(problems *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add this thread's error message, without "file: " where it begins so. */
void problems_add_error(problems *p, const char *file);

/* All of them in one line, "a; b; and 3 more"; cut to size. Returns out. */
char *problems_text(char *out, size_t size, const problems *p);

#endif
