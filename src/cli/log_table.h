#ifndef LOCKSTEP_CLI_LOG_TABLE_H
#define LOCKSTEP_CLI_LOG_TABLE_H

/* Print the epochs of a run's log as a table. Returns 0 or a negative code, as runlog_read_epochs. */
int log_table_print(const char *path);

#endif
