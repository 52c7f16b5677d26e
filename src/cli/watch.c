#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/follow_view.h"

static const char help[] =
    "usage: lockstep watch RUN [--once] [--every SECONDS]\n"
    "\n"
    "Show what a run is doing, from its folder alone: on the machine where it trains or on any other that sees the\n"
    "folder, while it trains, while its job is queued again, before it has begun and when it is over. On a terminal "
    "the\n"
    "lines are drawn in place until the run is over, or until q or Ctrl-C; otherwise they are printed once.\n"
    "\n"
    "  --once           print them once\n"
    "  --every SECONDS  how often it looks again (default 1)\n"
    "\n"
    "exit status: 0; 1 where the run has failed in a way that is not repeated; 2 where there is no such folder\n"
    "example: lockstep watch checkpoints/digits-bn\n";

typedef struct watch_arguments {
    bool once;
    double every;
} watch_arguments;

static const args_option options[] = {
    {"once", ARGS_FLAG, ARGS_FIELD(watch_arguments, once)},
    {"every", ARGS_NUMBER, ARGS_FIELD(watch_arguments, every), .low = 0.1, .high = 3600},
    {0},
};

/* As lines; one row of the terminal stays free for the cursor. */
static int show(const follow *f, bool draw)
{
    text_builder lines = {0};
    int columns = 0;
    int rows = 0;
    terminal_size(&columns, &rows);
    const follow_screen screen = {.columns = (size_t)columns, .utf8 = terminal_is_utf8()};
    follow_view(&lines, f, &screen);
    const int code = lines.failed ? error_set(LS_ENOMEM, "out of memory for the lines") : LS_OK;
    if (code == LS_OK && draw) {
        log_block(text_of(&lines), rows - 1);
    } else if (code == LS_OK) {
        log_lines(text_of(&lines));
    }
    text_release(&lines);
    return code;
}

static bool asked_to_end(double seconds)
{
    const char key = terminal_key(seconds);
    return key == 'q' || key == 'Q' || signals_received() != 0;
}

static int watch(follow *f, const watch_arguments *a)
{
    const bool draw = !a->once && terminal_can_draw();
    int code = LS_OK;
    if (draw) {
        signals_catch();
        terminal_keys_begin();
    }
    do {
        code = follow_look(f);
        if (code == LS_OK) {
            code = show(f, draw);
        }
    } while (code == LS_OK && draw && f->stage != FOLLOW_DONE && !follow_is_over(f) && !asked_to_end(a->every));
    if (draw) {
        terminal_keys_end();
    }
    return code == LS_OK && follow_is_over(f) ? EXIT_FAILED : code;
}

static int run(int argc, char **argv)
{
    watch_arguments a = {.every = 1};
    int code = args_read_all(&a, argc, argv, options, 1, 1, "RUN");
    if (code != LS_OK) {
        return code;
    }
    follow f = {.dir = argv[optind]};
    code = watch(&f, &a);
    follow_release(&f);
    return code;
}

const command watch_command = {
    .name = "watch",
    .summary = "show in a terminal what a run is doing, also from another machine",
    .help = help,
    .run = run,
};
