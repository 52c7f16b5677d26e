#ifndef LOCKSTEP_TESTS_FUZZ_H
#define LOCKSTEP_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/problems.h"

/*
 * A harness is a file fuzz_<target>.c that defines these. The fuzzer (libFuzzer) or replay.c calls them: prepare once,
 * then LLVMFuzzerTestOneInput for each input, which must leave nothing behind. README.md has more.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The harness's own starting inputs: number 0, 1, ... into out [room]; returns its size, 0 past the last one (none is
 * empty). The same ones every time.
 */
size_t fuzz_seed(size_t number, uint8_t *out, size_t room);
enum { FUZZ_SEED_SIZE = 1 << 16 };

/* A promise that the input made the program break: says where, and ends the process, which is a finding. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *condition);

/* What every function promises that fails: a code of base/error.h and one line of text that a terminal can show. */
void fuzz_check_code(int code);

/* The same of what a thorough check told. */
void fuzz_check_problems(const problems *found);

/*
 * A file called `name` in a folder of this process, in memory where there is /dev/shm and TMPDIR names no other place;
 * the folder goes with the process. The path is good for as long as the process.
 */
const char *fuzz_path(const char *name);

/* Write or read a whole file; *bytes is freed by the caller. They end the process when the system refuses. */
void fuzz_write_file(const char *path, const void *bytes, size_t size);
void fuzz_read_file(const char *path, uint8_t **bytes, size_t *size);

#endif
