# shellcheck shell=bash
# Sourced by the tests of pages, after tests/lib.bash: what a page must not hold, and how it is laid out in a browser.
# shellcheck disable=SC2034,SC2154 # set here for the tests, and by them

# alone PAGE: it is whole, has no script, nothing from elsewhere, and no figure that is none.
alone() {
    ! grep -qiE '<script|<link|https?://|@import|url\(' "$1" || fail "$1: something from elsewhere"
    ! sed 's/"[^"]*"//g' "$1" | grep -qiE '<[a-z][^>]* on[a-z]+=' || fail "$1: something that runs"
    ! grep -oE 'src="[^"]{0,30}' "$1" | grep -qvE '^src="data:image/(png|jpeg);base64,[A-Za-z0-9+/]' ||
        fail "$1: a picture from elsewhere"
    ! grep -qE '>-?(nan|inf)<' "$1" || fail "$1: a figure that is none"
    [ "$(tail -n 1 "$1")" = '</html>' ] || fail "$1: is not whole"
}

# need_browser: what comes next is skipped where there is none.
need_browser() {
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
    [ -n "$browser" ] || skip 'the layout: there is no browser (chromium)'
}

# look PAGE WIDTH SCHEME: a page so wide, light (1) or dark (0); what is found goes to the file `log`.
look() {
    {
        sed '/^<\/body>$/,$d' "$1"
        echo '<script>'
        cat "$source/tests/page/layout.js"
        echo '</script></body></html>'
    } >looked.html
    cat >frame.html <<END
<!doctype html><pre id="found">nothing</pre><iframe src="looked.html" width="$2" height="4000"></iframe>
<script>addEventListener("message", (e) => { document.getElementById("found").textContent = e.data; });</script>
END
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
        --blink-settings="preferredColorScheme=$3" --window-size=1400,4200 --virtual-time-budget=5000 \
        --dump-dom "file://$work/frame.html" >dom 2>browser.log || fail "the browser: exit status $?"
    sed -n 's/.*<pre id="found">//;/drawings/,/<\/pre>/p' dom >log
}

light='rgb(255, 255, 255)' dark='rgb(22, 24, 27)'

# seems WHAT DRAWINGS PAGE WIDTH SCHEME PAPER: so many drawings are laid out without faults, on paper of this colour.
seems() {
    look "$3" "$4" "$5"
    grep -q "^$2 drawings on $6, 0 faults" log || fail "$1"
    echo "$1: $(head -n 1 log)"
}
