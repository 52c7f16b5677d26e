// Looks at a page as it is laid out, and tells the page around it what is wrong: nothing is wider than the window, no two
// texts of a drawing overlap or leave it, all text is large and dark enough to be read, all that can be used can be reached by
// keyboard, and who does not see the page is told what is there.
window.addEventListener("load", () => {
    const found = [];
    const root = document.documentElement;
    const paper = getComputedStyle(document.body).backgroundColor;
    const all = (what, where) => [...(where || document).querySelectorAll(what)];

    // [red, green, blue, alpha] of a colour as styles are computed.
    const colour = (text) => {
        const parts = text.match(/[\d.]+/g).map(Number);
        return [parts[0], parts[1], parts[2], parts.length > 3 ? parts[3] : 1];
    };
    const over = (top, alpha, below) => [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha));
    // WCAG 2: 4.5 between text and what is behind it.
    const luminance = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => {
        const v = c[i] / 255;
        return sum + share * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    }, 0);
    const contrast = (a, b) => {
        const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
        return (high + 0.05) / (low + 0.05);
    };
    const behind = (element) => {
        if (!element) {
            return [255, 255, 255];
        }
        const c = colour(getComputedStyle(element).backgroundColor);
        return c[3] === 1 ? c : over(c, c[3], behind(element.parentElement));
    };
    const contains = (box, x, y) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    // Of a text in a drawing: the squares below it.
    const behindText = (text, drawing) => {
        const place = text.getBoundingClientRect();
        const [x, y] = [(place.left + place.right) / 2, (place.top + place.bottom) / 2];
        return all("rect", drawing).filter((r) => contains(r.getBoundingClientRect(), x, y)).reduce((below, r) => {
            const style = getComputedStyle(r);
            return over(colour(style.fill), Number(style.fillOpacity), below);
        }, behind(drawing.parentElement));
    };

    const lookAtWidth = (when) => {
        if (root.scrollWidth > root.clientWidth) {
            found.push(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth} ${when}`);
        }
    };
    const lookAtDrawing = (drawing, number) => {
        const what = `drawing ${number + 1}`;
        const frame = drawing.getBoundingClientRect();
        const scale = drawing.getScreenCTM().a;
        const texts = all("text", drawing).map((text) => [text.textContent, text.getBoundingClientRect()]);
        const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        const names = (drawing.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id));
        if (names.length !== 2 || names.some((e) => !e || !e.textContent.trim() || e.closest("svg") !== drawing)) {
            found.push(`${what} has no name and description`);
        }
        texts.forEach(([text, box], i) => {
            if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5 || box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5) {
                found.push(`${what}: '${text}' leaves it`);
            }
            texts.slice(i + 1).forEach(([other, place]) => {
                if (!apart(box, place)) {
                    found.push(`${what}: '${text}' lies over '${other}'`);
                }
            });
        });
        all("text", drawing).forEach((text) => {
            const style = getComputedStyle(text);
            const size = parseFloat(style.fontSize) * scale;
            const ratio = contrast(colour(style.fill), behindText(text, drawing));
            if (size < 8) {
                found.push(`${what}: '${text.textContent}' is ${size.toFixed(1)} px high`);
            }
            if (ratio < 4.5) {
                found.push(`${what}: '${text.textContent}' has a contrast of ${ratio.toFixed(2)}`);
            }
        });
        // Lines and areas: 3 between them and the paper.
        all("polyline:not(.grid), polygon", drawing).forEach((line) => {
            const ratio = contrast(colour(getComputedStyle(line).stroke), behind(drawing.parentElement));
            if (ratio < 3) {
                found.push(`${what}: a line has a contrast of ${ratio.toFixed(2)}`);
            }
        });
    };
    const lookAtText = () => {
        const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const element = node.parentElement;
            const text = node.textContent.trim();
            if (!text || element.closest("svg, script")) {
                continue;
            }
            const style = getComputedStyle(element);
            const ratio = contrast(colour(style.color), behind(element));
            if (ratio < 4.5) {
                found.push(`'${text.slice(0, 40)}' has a contrast of ${ratio.toFixed(2)}`);
            }
            if (parseFloat(style.fontSize) < 10) {
                found.push(`'${text.slice(0, 40)}' is ${style.fontSize} high`);
            }
        }
    };
    const lookAtKeyboard = () => {
        all("a, summary, [tabindex]").filter((element) => element.checkVisibility()).forEach((element) => {
            element.focus();
            const name = element.getAttribute("aria-label") || element.textContent.trim();
            if (document.activeElement !== element || element.tabIndex !== 0) {
                found.push(`'${name}' is not reached by keyboard`);
            }
            if (!name) {
                found.push("something that can be used has no name");
            }
        });
        all(".scroll").forEach((element) => {
            if (element.getAttribute("role") !== "region" || !element.getAttribute("aria-label") || element.tabIndex !== 0) {
                found.push("what scrolls has no name, or is not reached by keyboard");
            }
        });
        all("a").forEach((link) => {
            const to = link.getAttribute("href") || "";
            if (!to.startsWith("#") || !document.getElementById(to.slice(1))) {
                found.push(`'${to}' leads nowhere`);
            }
        });
    };
    const lookAtStructure = () => {
        const ids = all("[id]").map((e) => e.id);
        ids.filter((id, i) => ids.indexOf(id) !== i).forEach((id) => found.push(`'${id}' is there twice`));
        all("table").forEach((table) => {
            const name = table.caption ? table.caption.textContent.trim() : "";
            const columns = table.rows[0].cells.length;
            if (!name || all("th", table).some((th) => !th.scope) || all("thead th", table).length !== columns) {
                found.push(`the table '${name}' has cells without headings, or no name`);
            }
            if ([...table.rows].some((row) => row.cells.length !== columns || row.cells[0].tagName !== "TH")) {
                found.push(`the table '${name}' has rows that are not whole`);
            }
        });
        all("h1, h2, h3").reduce((level, heading) => {
            const next = Number(heading.tagName[1]);
            if (next > level + 1) {
                found.push(`the heading '${heading.textContent}' skips a level`);
            }
            return next;
        }, 0);
        all("img").forEach((image) => {
            if (!image.alt.trim() || image.naturalWidth === 0) {
                found.push("a picture has no description, or is none");
            }
        });
        if (!root.lang || !document.title || !document.querySelector("main")) {
            found.push("the page has no language, title or main part");
        }
    };

    const drawings = all("svg[role=img]");
    lookAtWidth("at first");
    drawings.forEach(lookAtDrawing);
    lookAtStructure();
    all("details").forEach((details) => { details.open = true; });
    lookAtWidth("with all details");
    lookAtText();
    lookAtKeyboard();
    // The page lies in a frame: no window is as narrow as a phone's.
    window.parent.postMessage(`${drawings.length} drawings on ${paper}, ${found.length} faults\n${found.join("\n")}\n`, "*");
});
