// Looks at a page as it is laid out: nothing is wider than the window, no two texts of a drawing overlap or leave it, each
// drawing has a name. What it finds goes to the page around it.
window.addEventListener("load", () => {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
        found.push(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}`);
    }
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    const drawings = document.querySelectorAll("svg[role=img]");
    drawings.forEach((drawing, number) => {
        const frame = drawing.getBoundingClientRect();
        const texts = [...drawing.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
        if (!drawing.getAttribute("aria-label")) {
            found.push(`drawing ${number + 1} has no name`);
        }
        texts.forEach(([text, box], i) => {
            if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5 || box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5) {
                found.push(`drawing ${number + 1}: '${text}' leaves it`);
            }
            texts.slice(i + 1).forEach(([other, place]) => {
                if (!apart(box, place)) {
                    found.push(`drawing ${number + 1}: '${text}' lies over '${other}'`);
                }
            });
        });
    });
    // The page lies in a frame: no window is as narrow as a phone's.
    window.parent.postMessage(`${drawings.length} drawings, ${found.length} faults\n${found.join("\n")}\n`, "*");
});
