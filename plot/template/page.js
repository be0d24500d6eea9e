"use strict";
// Draws each figure in the width and the colours that the reader has, and again when either changes.
(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const holders = [...document.querySelectorAll("[data-spec]")];
    const views = new Map();

    const specsOf = (holder) => JSON.parse(document.getElementById(holder.dataset.spec).textContent);

    // Rows and columns of views keep their widths: the style sheet shrinks them as a whole.
    const fitted = (spec, width) =>
        "width" in spec ? { ...spec, width, autosize: { type: "fit-x", contains: "padding" } } : spec;

    // The interpreter evaluates expressions without `eval`, which the page's policy forbids.
    const embed = (element, spec, theme) => vegaEmbed(element, spec, {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme },
    });

    const draw = async (holder) => {
        const theme = dark.matches ? "dark" : "light";
        const figure = holder.closest("figure");
        views.get(holder)?.finalize();
        views.set(holder, await embed(holder, fitted(specsOf(holder)[theme], figure.clientWidth), theme));
        figure.classList.add("drawn");
    };

    // What is printed: light, of one width, and its labels measured with the fonts that this browser has.
    const drawStill = async (holder) => {
        const drawing = await embed(document.createElement("div"), specsOf(holder).light, "light");
        const still = holder.closest("figure").querySelector(".still");
        still.src = "data:image/svg+xml," + encodeURIComponent(await drawing.view.toSVG());
        drawing.finalize();
    };

    // One after the other: a drawing that is overtaken would leave its view behind.
    let last = Promise.resolve();
    const all = (work) => {
        // Where a figure cannot be drawn, the picture that came with the page stays.
        const tried = (holder) => work(holder).catch((fault) => console.error("a figure was not drawn:", fault));
        last = last.then(() => Promise.all(holders.map(tried)));
    };

    let width = innerWidth;
    addEventListener("resize", () => {
        if (innerWidth === width) return;
        width = innerWidth;
        all(draw);
    });
    dark.addEventListener("change", () => all(draw));
    all(draw);
    all(drawStill);
})();
