#ifndef LOCKSTEP_BENCH_IN_SIMULATION_H
#define LOCKSTEP_BENCH_IN_SIMULATION_H

/*
 * Given to the compiler before each file of src/comm, when it is compiled for a simulation. Scratch memory for parts of
 * gradients is one block for all ranks, so that thousands of them fit into one machine's memory: sizes of messages stay
 * true, values mean nothing. SMPI says that it knows no threads, and a simulated rank has none. What receiving and
 * testing cost is said in simgrid.c.
 */
#include <stdlib.h>

#include <mpi.h>

enum { LARGE_MEMORY = 1 << 16 };

void *large_memory_get(size_t bytes);
void large_memory_free(void *memory);
int simulated_init_thread(int *argc, char ***argv, int required, int *provided);
int simulated_irecv(void *to, int count, MPI_Datatype type, int from, int tag, MPI_Comm where, MPI_Request *request);
int simulated_testall(int count, MPI_Request *requests, int *all_done, MPI_Status *statuses);

#undef malloc
#undef free
#undef MPI_Init_thread
#undef MPI_Irecv
#undef MPI_Testall
#define malloc          large_memory_get
#define free            large_memory_free
#define MPI_Init_thread simulated_init_thread
#define MPI_Irecv       simulated_irecv
#define MPI_Testall     simulated_testall

#endif
