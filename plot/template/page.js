"use strict";
// Draws each figure in the width and the colours that the reader has, and again when either changes.
(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const holders = [...document.querySelectorAll("[data-spec]")];
    const views = new Map();

    // Rows and columns of views keep their widths: the style sheet shrinks them as a whole.
    const fitted = (spec, width) =>
        "width" in spec ? { ...spec, width, autosize: { type: "fit-x", contains: "padding" } } : spec;

    const draw = async (holder) => {
        const specs = JSON.parse(document.getElementById(holder.dataset.spec).textContent);
        const spec = fitted(dark.matches ? specs.dark : specs.light, holder.clientWidth);
        views.get(holder)?.finalize();
        // The interpreter evaluates expressions without `eval`, which the page's policy forbids.
        const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: dark.matches ? "dark" : "light" } };
        views.set(holder, await vegaEmbed(holder, spec, options));
    };

    const drawAll = async () => {
        try {
            await Promise.all(holders.map(draw));
            document.documentElement.classList.add("drawn");
        } catch (fault) {
            // The still pictures stay.
            console.error("a figure was not drawn:", fault);
        }
    };
    dark.addEventListener("change", drawAll);
    drawAll();
})();
