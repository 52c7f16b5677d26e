#ifndef LOCKSTEP_BASE_THREAD_H
#define LOCKSTEP_BASE_THREAD_H

#include <pthread.h>

/*
 * Start a thread with all signals blocked, so that they reach the thread that trains. Returns 0, or LS_ERROR with what
 * the thread is for in the message ("a thread for PURPOSE").
 */
int thread_start(pthread_t *out, void *(*work)(void *), void *context, const char *purpose);

#endif
