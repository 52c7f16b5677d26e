#ifndef LOCKSTEP_TESTS_FUZZ_BLIND_H
#define LOCKSTEP_TESTS_FUZZ_BLIND_H

/*
 * Checksums keep a fuzzer away from what lies behind them: each edit of a file would end at the first one. The
 * harnesses that link blind.c have the linker put a hash in place of hash_bytes that may be made blind: then it is the
 * same for all bytes (which it still reads), as if whoever made the file had computed every checksum anew.
 */
void blind_hashes(int blind);

#endif
