# shellcheck shell=bash
# Sourced by the job scripts here: run lockstep in a Slurm job, see it through signals and failures, and decide whether
# the job is to be queued again. What a site may want to change is in the environment:
#   LOCKSTEP            the program (build/release/lockstep beside launcher/, or else the one on the PATH)
#   LOCKSTEP_REQUEUES   how often in a row the job is queued again without a newer checkpoint (5)
#   LOCKSTEP_GRACE, LOCKSTEP_SILENCE   seconds, as --grace (60) and --silence (3600) of lockstep-run
#   MPIRUN              another mpirun

# What the traps call. Slurm's warning is USR1; TERM comes from a preemption, scancel, scontrol requeue or the time's end.
job_asked() {
    stops=$((stops + 1)) asked=$1
    say "$1: the ranks are asked to save and end"
    [ -z "$job" ] || ask_to_stop
}

# The disk of the job's output may be full: that is no reason to end.
say() {
    printf 'lockstep job %s, %(%F %T)T: %s\n' "$job_name" -1 "$*" 2>/dev/null || true
}

# What Slurm calls the job. The last task of an array has the number of the whole array as its SLURM_JOB_ID.
job_name=${SLURM_JOB_ID:-}
if [ -n "${SLURM_ARRAY_JOB_ID:-}" ]; then
    job_name=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
fi
job="" stops=0
asked="" # the last signal that asked the job to stop
# Before anything else: a signal that comes without a trap ends the job, or is lost while a command runs. The scripts note
# in early what came before.
trap 'job_asked USR1' USR1
trap 'job_asked TERM' TERM
trap 'job_asked INT' INT
trap 'job_asked HUP' HUP
[ -z "${early:-}" ] || job_asked "$early"

job_home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR/../..
. "$job_home/launcher/lockstep-run-guard"

program=() first=() launch=() helpers=()
state="" run_folder="" status=1 known="" reached=-1 mpi=other lockstep="" here_ranks=""
grace=${LOCKSTEP_GRACE:-60} silence=${LOCKSTEP_SILENCE:-3600}

# job_asks FORMAT: squeue's answer about this job.
job_asks() {
    squeue -h -j "$job_name" -o "$1" 2>/dev/null | head -n 1
}

# How the user has submitted this job's script.
job_command() {
    scontrol show job "$job_name" 2>/dev/null | sed -n 's/^ *Command=//p' | head -n 1
}

# By SLURM_JOB_END_TIME lockstep saves in time; Slurm sets it from version 23.02 on.
job_end_time() {
    local end
    end=$(job_asks %e)
    if [ -z "${SLURM_JOB_END_TIME:-}" ] && [ -n "$end" ] && end=$(date -d "$end" +%s 2>/dev/null); then
        export SLURM_JOB_END_TIME=$end
    fi
}

# The most ranks that a node has; Slurm says it like 4(x2),3.
job_ranks_of_a_node() {
    tr ',' '\n' <<<"${SLURM_TASKS_PER_NODE:-1}" | sed 's/(.*//' | sort -n | tail -n 1
}

# What Open MPI is to know; srun hands it to the ranks as well. What is set already stays.
job_mpi() {
    local ranks cpus threads=${SLURM_CPUS_PER_TASK:-1}
    # mpirun notices within 12 s that a node is gone; by itself after minutes.
    export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time-5}"
    export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl-2}"
    export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes-3}"
    # Asking X servers for graphics cards can take seconds on each node.
    export HWLOC_COMPONENTS="${HWLOC_COMPONENTS--gl}"
    if [ "$threads" -gt 1 ]; then # a rank bound to one core would keep its threads there; lockstep places them
        export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy-none}"
    fi
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    ranks=$(job_ranks_of_a_node) cpus=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
    [ "$cpus" -le "${SLURM_CPUS_ON_NODE:-$cpus}" ] || cpus=$SLURM_CPUS_ON_NODE
    if [ "$ranks" -gt "$cpus" ]; then
        say "$ranks ranks on a node with $cpus CPUs for them: those that wait give way (mpi_yield_when_idle)"
        export OMPI_MCA_mpi_yield_when_idle="${OMPI_MCA_mpi_yield_when_idle-1}"
    fi
}

job_program() {
    if ! find_lockstep "$job_home"; then
        say "no ${LOCKSTEP:-lockstep}: $job_home/build/release/lockstep is not there (build it on a login node, see README.md), nor" \
            "is there one on the PATH; LOCKSTEP=FILE names another"
        exit 2
    fi
    program=("$lockstep")
}

job_begin() {
    if [ -z "$job_name" ]; then
        echo "this is a script for sbatch: sbatch $0 $*" >&2
        exit 2
    fi
    say "start $((${SLURM_RESTART_COUNT:-0} + 1)), on ${SLURM_JOB_NODELIST:-this node}, until $(job_asks %e)"
    job_program
    state=$(mktemp -d)
    trap leave EXIT
}

# Waiting in the queue again does not bring a data set whose name is wrong. Later starts have had it: they try again.
job_data() {
    local file=${fact[data.file]:-} problem=${fact[data.problem]:-}
    [ "${SLURM_RESTART_COUNT:-0}" -eq 0 ] && [ -n "$problem" ] || return 0
    status=2
    if [ -r "$file" ]; then
        job_ends "data.file: $problem"
    fi
    [[ $file == /* ]] || file="$file in $PWD"
    job_ends "the data set $file cannot be read on ${SLURMD_NODENAME:-this node}; 'lockstep pack' makes one"
}

# job_options ARGUMENTS...: of lockstep train.
job_options() {
    local argument
    if argument=$(not_for_a_job "$@"); then
        say "$argument is not for a job that may be queued again, which always goes on from its newest checkpoint;" \
            "for another start give the run another experiment.name, or remove its folder"
        exit 2
    fi
    first=(${SLURM_CPUS_PER_TASK:+--set "train.threads=$SLURM_CPUS_PER_TASK"} "$@" --resume auto)
}

# job_train mpirun|srun ARGUMENTS...: lockstep train with these arguments on all that the job has. Returns when the run is
# done; otherwise the job ends here, or is queued again.
job_train() {
    local tries=0 kills=0 now
    launch=("${MPIRUN:-mpirun}")
    if [ "$1" = srun ]; then # which does not take --cpus-per-task over from sbatch
        launch=(srun --mpi=pmix --kill-on-bad-exit=1
            ${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"})
    else
        mpi=$(mpi_kind "${launch[0]}")
    fi
    shift
    job_begin "$@"
    job_options "$@"
    job_mpi
    job_end_time
    program+=(train)
    check_program
    job_data
    newest
    known=$now
    [ -z "$known" ] || reached=${known%% *}
    say "${launch[*]} ${program[*]} ${first[*]}"
    status=75
    [ "$stops" -gt 0 ] || attempt "${first[@]}"
    job_conclude
}

# Queued again without end: what saves a newer checkpoint each time. A run has finitely many.
job_conclude() {
    local counter=$run_folder/requeues-$job_name most=${LOCKSTEP_REQUEUES:-5} saved="nothing newer was saved" now ends
    # What another job saved is not this one's progress.
    if [ ! -e "$state/taken" ] && progressed; then
        tries=0 saved="step $reached is saved"
    else
        read -r tries kills 2>/dev/null <"$counter" || true # of this and of starts before
        [[ $tries =~ ^[0-9]+$ ]] || tries=0
        [[ $kills =~ ^[0-9]+$ ]] || kills=0
        tries=$((tries + 1))
        if was_killed; then
            kills=$((kills + 1))
        elif [ "$status" -ne 75 ]; then
            kills=0
        fi
    fi
    case $status in
    0)
        say "done: $(tail -n 1 "$run_folder/train.log" 2>/dev/null)"
        rm -f "$counter"
        return
        ;;
    2) job_ends "ended with 2: the usage or the configuration is wrong, see the error above; it would be wrong again" ;;
    3) job_ends "ended with 3: numbers are not finite; from the same checkpoint they would be so again" ;;
    esac
    # Ranks of this job's own that are left somewhere out of reach end in time.
    if [ -e "$state/taken" ] && ! grep -q "Slurm job $SLURM_JOB_ID," "$state/taken"; then
        job_ends "ended with $status: another job trains in $run_folder, see the error above"
    fi
    ends=$status
    ! stopped_early || status=75
    [ "$asked" != INT ] || job_ends "stopped (INT), $saved"
    now=$(job_asks %T || true)
    if [ -n "$now" ] && [ "$now" != RUNNING ]; then
        say "ended with $status, $saved; Slurm itself ends the job (scancel, requeue, a lost node, preemption or its time)" \
            "and decides whether it runs again; else to go on: sbatch $(job_command)"
        exit "$status"
    fi
    if [ "$kills" -gt 1 ]; then
        job_ends "a rank was killed in two starts, and no newer checkpoint in between; memory is short, it seems" \
            "($(planned_memory)): ask for more, or use fewer ranks on a node, or a smaller train.batch"
    fi
    if [ "$tries" -gt "$most" ]; then
        rm -f "$counter"
        job_ends "ended with $status, and no newer checkpoint in $tries starts: given up (LOCKSTEP_REQUEUES=$most)"
    fi
    mkdir -p "$run_folder"
    echo "$tries $kills" >"$counter"
    job_requeue
}

# job_ends WHY...: it is not queued again.
job_ends() {
    say "$*"
    say "not queued again; to go on: sbatch $(job_command)"
    rm -f "$run_folder/requeues-$job_name"
    exit "$status"
}

job_requeue() {
    local what="ended with $status, which may help to start again"
    case $ends in
    75) what="asked to stop" ;;
    76) what="ended with 76: no progress, see the stall report above" ;;
    137) what="ended with 137: a rank was killed, often for lack of memory ($(planned_memory))" ;;
    138) what="asked to stop before the ranks could save" ;;
    139) [ "$status" -ne 75 ] || what="asked to stop, and ended with 139" ;;
    205) what="ended with 205: a node was lost, or taken from the job" ;;
    esac
    if [ "$tries" -eq 0 ]; then
        say "$what; $saved: queued again, goes on from there"
    else
        say "$what; $saved: queued again, $tries of at most $most times without a newer checkpoint"
    fi
    trap 'exit "$status"' TERM
    scontrol requeue "$job_name" || { sleep 10 && scontrol requeue "$job_name"; } ||
        job_ends "Slurm does not queue the job again, see above"
    # Slurm ends this script now; until then the job is not over.
    sleep 600 &
    helpers=($!)
    wait $!
    exit "$status"
}

# job_experiments mpirun|srun PREFIX ARGUMENTS...: this array task's run, of PREFIXbn.yaml, PREFIXl2.yaml or
# PREFIXbn_l2.yaml; and the article's table, once all three are done.
job_experiments() {
    local names=(bn l2 bn_l2) launcher=$1 prefix=${2:-config/} own name folders=() missing=() table
    shift $(($# < 2 ? $# : 2))
    if ! [[ ${SLURM_ARRAY_TASK_ID:-} =~ ^[0-2]$ ]]; then
        say "this is an array of three: sbatch --array=0-2 …"
        exit 2
    fi
    job_train "$launcher" "$prefix${names[SLURM_ARRAY_TASK_ID]}.yaml" "$@"
    own=$run_folder
    for name in "${names[@]}"; do
        first=("$prefix$name.yaml" "$@")
        check_program
        folders+=("$run_folder")
        job_is_done "$run_folder" || missing+=("$run_folder")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        say "the table comes with the last of the three runs; not done: ${missing[*]}"
        return
    fi
    table=${own%/*}/table-$SLURM_ARRAY_JOB_ID.txt
    # Of two that end together one makes the table.
    if (set -o noclobber && : >"$table") 2>/dev/null; then
        say "all three runs are done; the table, also in $table:"
        "${program[0]}" report "${folders[@]}" | tee "$table"
    else
        say "all three runs are done; the table is in $table"
    fi
}

# A run's last line is the hash of its weights, until it goes on.
job_is_done() {
    tail -n 1 "$1/train.log" 2>/dev/null | grep -q 'weights [0-9a-f]\{16\}$'
}

# job_pack ARGUMENTS...: lockstep pack. It makes a file whole or not at all; of pictures it keeps what it has packed when
# Slurm's TERM comes, and the next one goes on from there.
job_pack() {
    local heard
    job_begin "$@"
    trap 'stops=$((stops + 1)); say "the time is nearly over; what is packed of pictures by then is kept for the next job"' USR1
    trap - TERM INT HUP
    if [ -n "$asked" ] && [ "$asked" != USR1 ]; then
        status=75
        job_ends "$asked: asked to stop before pack was started"
    fi
    "${program[0]}" pack "$@" </dev/null &
    while :; do
        status=0 heard=$stops
        wait $! || status=$?
        [ "$heard" -ne "$stops" ] || break
    done
    [ "$status" -eq 0 ] || job_ends "pack ended with $status, see above"
    say "packed"
}
