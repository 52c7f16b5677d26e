# shellcheck shell=bash
# Sourced by the tests of packing: run_X LOCKSTEP ... Each works in a folder of its own, $work.
lockstep=$(realpath "$1")
# shellcheck source-path=SCRIPTDIR source=../lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/../lib.bash"
begin_test "$(basename "$0")"
# shellcheck disable=SC2317 # called at the end
leave() {
    chmod -R u+rwX "$work"
}
: >.bad # a line for each check that failed

# A gray PNG of 2 x 2.
base64 -d >"$work/.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgZGJgZgEAAB0ACw21UgYAAAAASUVORK5CYII=
END

# picture FILE...: each with bytes of its own: decoders do not look at what follows the picture.
serial=0
picture() {
    local file
    for file; do
        serial=$((serial + 1))
        mkdir -p -- "$(dirname -- "$file")"
        { cat "$work/.png" && echo "$serial"; } >"$file"
    done
}

# wrong MESSAGE: a check has failed; what pack printed last goes with it.
wrong() {
    echo "wrong: $*" | tee -a "$work/.bad" >&2
    sed 's/^/    | /' out err >&2
}

# pack STATUS ARGUMENTS...: into the files out and err; with this status.
pack() {
    local wanted=$1 got=0
    shift
    said=$*
    "$lockstep" pack "$@" >out 2>err </dev/null || got=$?
    [ "$got" -eq "$wanted" ] || wrong "pack $said: status $got, not $wanted"
}

# says TEXT...: the last pack said each, as a part of a line.
says() {
    local text
    for text; do grep -qF -e "$text" out err || wrong "pack $said: does not say '$text'"; done
}

silent_about() {
    local text
    for text; do ! grep -qF -e "$text" out err || wrong "pack $said: says '$text'"; done
}

# refused STATUS TEXT... -- ARGUMENTS: one line on standard error that says each, and no data set x.h5.
refused() {
    local status=$1 texts=()
    shift
    while [ "$1" != -- ]; do
        texts+=("$1")
        shift
    done
    shift
    rm -f x.h5
    pack "$status" "$@"
    says "${texts[@]}"
    [ "$(grep -c 'error: ' err)" -eq 1 ] || wrong "pack $said: not one line of an error"
    [ ! -e x.h5 ] || wrong "pack $said: refused, but there is a data set"
}

# sum FILE: what the last line of the last pack says, "ENTRIES TRAINING VALIDATION TEST PASSED", if it adds up and the
# data set FILE has as many pictures.
sum() {
    local line taken passed parts=0 number
    line=$(tail -n 1 out)
    [[ $line =~ ^"$1: "([0-9]+)' '(entries|lines)': '([0-9]+)' training'(, ([0-9]+) validation and ([0-9]+) test| and ([0-9]+) validation)' pictures taken; '([0-9]+)' passed over'( \((.*)\))?$ ]] || {
        wrong "pack $said: the last line is no sum: $line"
        return
    }
    taken=("${BASH_REMATCH[3]}" "${BASH_REMATCH[5]:-${BASH_REMATCH[7]}}" "${BASH_REMATCH[6]:-0}")
    passed=${BASH_REMATCH[8]}
    line="${BASH_REMATCH[1]} ${taken[*]} $passed"
    for number in $(grep -oE '(^|, )[0-9]+' <<<"${BASH_REMATCH[10]//pipes, sockets or/pipes}" | tr -d ', '); do
        parts=$((parts + number))
    done
    [ "$parts" -eq "$passed" ] || wrong "pack $said: $parts reasons for $passed"
    [ $((taken[0] + taken[1] + taken[2] + passed)) -eq "${BASH_REMATCH[1]}" ] || wrong "pack $said: does not add up"
    "$lockstep" inspect "$1" >inspected 2>&1 || wrong "pack $said: the data set is not whole"
    [[ $(grep -E '^  all ' inspected) =~ ^'  all '\ +"${taken[0]}"\ +"${taken[1]}"\ +"${taken[2]}"$ ]] ||
        wrong "pack $said: the data set has other numbers: $(grep -E '^  all ' inspected)"
    echo "$line"
}

# passed REASON: how many were passed over for it, as the last line has it.
passed() {
    local line
    line=$(tail -n 1 out)
    [[ $line =~ [\(\ ]([0-9]+)' '"$1" ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# pack_as_other STATUS ARGUMENTS...: as `pack`, by an ordinary user, who cannot read everything.
pack_as_other() {
    local program=$lockstep
    as_other
    pack "$@"
    lockstep=$program
}

finish() {
    echo "$(wc -l <.bad) checks failed"
    [ ! -s .bad ] || exit 1
}
