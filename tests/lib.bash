# shellcheck shell=bash
# Sourced by the tests that run the program: what starts, waits, kills and compares. Nothing here waits for the clock; where
# something does not come, ten minutes are what a machine that is slow is given, and not what passing takes.
#
#   begin_test NAME   first: a folder of its own in $work, where the test is from then on, and what MPI needs. NAME is for
#                     messages. A function `leave` of the test is called at the end, however that comes
#   source            the source folder
#   job, got          what `start` has started; the exit status of what has ended
#   output            the file that a command's output goes to, and is looked for in
#   shown             files that are shown when the test fails
# shellcheck disable=SC2034,SC2154 # set here for the tests, and by them
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
test_name=${0##*/} job="" got=0 output=log shown=(log)
patience=10 # minutes
pause=0.05  # seconds

begin_test() {
    test_name=$1
    work=$(mktemp -d)
    work=$(cd "$work" && pwd -P) # what is preloaded sees paths without links
    trap end_test EXIT
    cd "$work" || exit 1
    # shellcheck source=launcher/mpi-environment
    . "$source/launcher/mpi-environment"
    export OMPI_MCA_ess_singleton_isolated=1 # a process alone starts no daemon, which takes longer than most tests
    export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$source/tests/reliability/tsan.supp} # of MPI's
    mpirun=${MPIRUN:-mpirun}
    export NETNS_HOSTS_DIR=$work/hosts
}

# shellcheck disable=SC2317 # called by trap
end_test() {
    kill_job
    [ "$(type -t leave)" != function ] || leave
    [ ! -d "$NETNS_HOSTS_DIR" ] || "$hosts" down >/dev/null 2>&1 || true
    [ -z "${TEST_APART:-}" ] || umount "$work/disk" 2>/dev/null || true
    cd /
    rm -rf "$work"
}

fail() {
    local file
    echo "$test_name: $*" >&2
    for file in "${shown[@]}"; do
        [ ! -s "$work/$file" ] || { echo "--- $file" && tail -n 60 "$work/$file" | cut -c 1-1000 | cat -v; } >&2
    done
    exit 1
}

skip() {
    echo "SKIPPED: $test_name: $*"
    exit 77
}

# run_part PARTS...: the function run_PART, if it is one of these.
run_part() {
    [[ " $* " == *" $part "* ]] || { echo "$test_name: unknown part" >&2 && exit 2; }
    "run_$part"
    echo "$test_name: all good"
}

# mount_apart PROGRAM ARGUMENTS...: run the test again where its mounts end with it, such as that of its folder `disk`, unless
# it is there already. Before begin_test.
mount_apart() {
    [ -z "${TEST_APART:-}" ] || return 0
    local apart=(unshare --mount --propagation private)
    [ "$(id -u)" -eq 0 ] || apart+=(--map-root-user)
    "${apart[@]}" sh -c 'mount -t tmpfs -o size=1m none /tmp' 2>/dev/null || skip 'no file system can be mounted here'
    TEST_APART=1 exec "${apart[@]}" "$@"
}

# patiently COMMAND...: until it succeeds, tried again after each pause.
patiently() {
    local until=$((SECONDS + 60 * patience))
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || fail "$patience minutes, and still not: $*"
        sleep "$pause"
    done
}

# start COMMAND...: in the background, as a process group of its own, by which INT is not ignored there. Job control says
# nothing of its end.
start() {
    : >"$output" # the job empties it only once it runs, and lines of the one before must not be taken for its own
    set -m
    "$@" >"$output" 2>&1 </dev/null &
    job=$!
    set +m
}

job_ended() {
    ! kill -0 "$job" 2>/dev/null
}

true_or_ended() {
    "$@" || job_ended
}

# comes WHAT COMMAND...: it succeeds while the job runs, or has as that has ended.
comes() {
    local what=$1
    shift
    patiently true_or_ended "$@"
    "$@" || fail "the job has ended without $what"
}

# comes_line PATTERN [WHAT]: of the job's output.
comes_line() {
    comes "${2:-a line} '$1'" grep -qE -e "$1" "$output"
}

# over: the job ends; its status in got.
over() {
    patiently job_ended
    got=0
    wait "$job" 2>/dev/null || got=$?
    job=""
}

# ended STATUS...: it ends, with one of these.
ended() {
    over
    [[ " $* " == *" $got "* ]] || fail "exit status $got, not $*"
}

kill_job() {
    [ -n "$job" ] || return 0
    kill -KILL -- "-$job" 2>/dev/null || kill -KILL "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
    job=""
}

# stopped PID: all threads of a process are stopped.
stopped() {
    local states
    states=$(grep -hs '^State:' "/proc/$1/task"/*/status) && ! grep -qv 'T (stopped)' <<<"$states"
}

# gone PID [WORD]: the process has ended, and what it was given; its number may be another's by now, whose command line
# does not have the word.
gone() {
    ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.*Z' "/proc/$1/status" ||
        { [ -n "${2:-}" ] && [ -r "/proc/$1/cmdline" ] && ! grep -qsF -e "$2" "/proc/$1/cmdline"; }
}

# ends STATUS COMMAND...: into output.
ends() {
    local wanted=$1
    shift
    got=0
    timeout -k 5 $((60 * patience)) "$@" >"$output" 2>&1 || got=$?
    [ "$got" -eq "$wanted" ] || fail "exit status $got, not $wanted: $*"
}

# run ARGUMENTS...: lockstep, into out and err; its exit status in got.
run() {
    got=0
    timeout -k 5 $((60 * patience)) "$lockstep" "$@" >out 2>err || got=$?
}

# expect STATUS ARGUMENTS...: it ends with this status.
expect() {
    local wanted=$1
    shift
    run "$@"
    [ "$got" -eq "$wanted" ] || fail "lockstep $*: exit status $got, not $wanted"
}

# as_other: lockstep is from then on run by an ordinary user, who may not read everything; by the present one if that is so.
as_other() {
    [ "$(id -u)" -eq 0 ] || return 0
    chmod 755 "$work"
    install -m 755 "$lockstep" "$work/program"
    printf '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=%s %s/program "$@"\n' "$work" "$work" \
        >"$work/as_other"
    chmod 755 "$work/as_other"
    lockstep=$work/as_other
}

# has FILE TEXT, lacks FILE TEXT: whether a line contains it.
has() {
    grep -qF -e "$2" "$1" || fail "no line with '$2' in $1"
}

lacks() {
    ! grep -qF -e "$2" "$1" || fail "a line with '$2' in $1"
}

# says TEXT: a line of the output contains it.
says() {
    has "$output" "$1"
}

# pack_digits [VALIDATION [FILE]]: the digits, so many pictures of them to validate (297), as digits.h5.
pack_digits() {
    "$lockstep" pack --csv "$source/launcher/digits/digits.csv.gz" "${2:-digits.h5}" --size 8x8 --max 16 \
        --val-count "${1:-297}" >log 2>&1 || fail "the digits cannot be packed"
}

# weights [FILE]: the line of the result in the output, or another file.
weights() {
    grep -E '^weights [0-9a-f]{16}$' "${1:-$output}" | tail -n 1 | grep . || fail 'it has printed no weights'
}

# same_weights [WHAT]: the output has the result $expected.
same_weights() {
    grep -qxF "$expected" "$output" || fail "${1:+$1: }another result than $expected"
}

# newest RUN: the checkpoint of the highest step in a run's folder.
newest() {
    find "$1" -name 'step-*.weights.h5' | sort | tail -n 1
}

# need_hosts N: as many virtual hosts, by reliability/netns-hosts, until the test ends; their state is in the folder hosts.
hosts=$source/tests/reliability/netns-hosts
need_hosts() {
    "$hosts" check >log 2>&1 || { cat log && skip 'no hosts can be made of network namespaces here'; }
    "$hosts" up "$1" >log 2>&1 || fail 'the virtual hosts do not start'
}
