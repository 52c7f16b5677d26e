#ifndef LOCKSTEP_CLI_INSPECT_DATASET_H
#define LOCKSTEP_CLI_INSPECT_DATASET_H

/*
 * `lockstep inspect` of a data set: its classes and how many pictures each has, after all pictures were compared with
 * their checksums. montage: a file to draw some of them into first, which is done also where others are damaged; NULL:
 * none. Returns 0 or an error.
 */
int inspect_dataset(const char *path, const char *montage);

#endif
