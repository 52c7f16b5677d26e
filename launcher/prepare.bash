# For launcher/quickstart and launcher/paper, from the project's folder: what both do before they train.

# build_preset NAME LOG: quiet unless it fails.
build_preset() {
    mkdir -p build
    if ! { cmake --preset "$1" && cmake --build --preset "$1" -j "$(nproc)" --target lockstep; } >"$2" 2>&1; then
        tail -n 30 "$2" >&2
        echo "the build failed; the last lines of $2 are above" >&2
        return 1
    fi
}

# pack_digits LOCKSTEP FILE: the handwritten digits that come along, as a data set.
pack_digits() {
    "$1" pack --csv launcher/digits/digits.csv.gz "$2" --size 8x8 --max 16 --val-count 297
}
