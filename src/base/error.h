#ifndef LOCKSTEP_BASE_ERROR_H
#define LOCKSTEP_BASE_ERROR_H

/*
 * Errors: a function that can fail returns 0 (LS_OK) or a negative code, and leaves one line of text for a person in
 * a buffer of its thread. The line names the file, key or tensor, what is wrong and what to do; what a terminal would
 * obey in it is '?' (text_make_plain).
 */

enum {
    LS_OK = 0,
    LS_ERROR = -1,     /* anything without a code of its own */
    LS_ENOMEM = -2,    /* memory ran out */
    LS_EIO = -3,       /* the system refused to read or write */
    LS_EFORMAT = -4,   /* a file is not what it should be */
    LS_ENOTFOUND = -5, /* no such file, key, tensor or class */
    LS_EUSAGE = -6,    /* the command line or the configuration is wrong */
    LS_ENUMERIC = -7,  /* a loss or a gradient is not finite */
    LS_ECOMM = -8,     /* communication between ranks failed */
};

/* Exit codes of the program. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NUMERIC = 3,  /* the loss or the weights are not finite: another run would end the same */
    EXIT_SAVED = 75,   /* stopped and saved; wants to be run again */
    EXIT_STALLED = 76, /* the job made no progress for too long, or MPI did not start */
};

/* Set this thread's message (printf style) and return code, so that `return error_set(LS_EIO, "...")` reads well. */
int error_set(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " in front of this thread's message and return code. */
int error_prefix(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time; this shows it which code these return. */
#define error_set(code, ...)    ((void)(error_set)(code, __VA_ARGS__), (code))
#define error_prefix(code, ...) ((void)(error_prefix)(code, __VA_ARGS__), (code))
#endif

/* This thread's last message, "" when none; valid until the thread's next error. */
const char *error_message(void);

enum { ERROR_MESSAGE_SIZE = 1024 };

/* An error kept for later, or for another thread: LS_OK in `code` means none, so {0} is a good start. */
typedef struct saved_error {
    int code;
    char message[ERROR_MESSAGE_SIZE];
} saved_error;

/* Keep `code` and this thread's message. */
void error_save(saved_error *out, int code);

/* Make a saved message this thread's, unless it is of LS_OK. Returns the saved code. */
int error_restore(const saved_error *e);

/* The process exit code that belongs to an error code. */
int error_exit_code(int code);

#endif
