#ifndef LOCKSTEP_BASE_LOG_H
#define LOCKSTEP_BASE_LOG_H

/*
 * Lines for people: whatever is printed goes through here, so that no name that came from outside reaches a terminal
 * as it is (text_make_plain). Each line goes to standard output (information) or standard error (warnings and errors),
 * and to a log file when one is open. Knows a rank number, not MPI: log_info and log_warn speak on rank 0 only,
 * log_error on every rank, with the rank's number in front when there is more than one.
 */

/*
 * State this process's rank and how many there are; until then the process is rank 0 of 1, and its output is written
 * when it fits the system best. From then on each line is written at once.
 */
void log_set_rank(int rank, int size);

/* Also append every line of rank 0 to this file; NULL closes it. Returns 0 or LS_EIO. */
int log_open(const char *path);

/* One line, without its newline; rank 0 only. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As log_info, to standard error: about the work, and no part of its result. */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A text of several lines, as log_info prints each. */
void log_lines(const char *text);

/*
 * Lines for scripts, with their tabs; rank 0 only, to standard output alone. What came from outside must be harmless
 * already (text_add_escaped).
 */
void log_script(const char *lines);

/* As log_info, with "warning: " in front. */
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As log_info, from every rank, with "error: " in front. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A line that replaces itself on a terminal (a progress bar). The next log line, or log_progress_end, moves past it.
 * Does nothing when standard output or standard error is not a terminal, or on ranks other than 0.
 */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_progress_end(void);

/*
 * Lines that replace those of the last call, on a terminal of standard output, where nothing else is printed meanwhile.
 * rows: most that fit; what is below them is left out. Rank 0 only.
 */
void log_block(const char *lines, int rows);

/*
 * LS_EIO when standard output has not taken a line so far, or does not take what is left; to be asked at the end. It is
 * returned once, so that it is said once.
 */
int log_check_output(void);

/* 1 when log_progress shows anything in this process. */
int log_is_terminal(void);

#endif
