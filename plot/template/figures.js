"use strict";
// Draws each figure in the width and the colours that the reader has, and again when either changes.
(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const holders = [...document.querySelectorAll("[data-spec]")];
    const views = new Map();

    // A narrow figure has its labels at a slant, and its titles on several lines.
    const lines = (title) => title.match(/.{1,34}(?=\s|$)\s?/g) ?? [title];
    const narrowed = (key, value) =>
        key === "labelAngle" ? -50 : key === "title" && value?.length > 40 ? lines(value) : value;
    const specOf = (holder, theme, narrow) =>
        JSON.parse(document.getElementById(holder.dataset.spec).textContent, narrow ? narrowed : undefined)[theme];

    // The interpreter evaluates expressions without `eval`, which the page's policy forbids.
    const embed = (element, spec, theme) => vegaEmbed(element, spec, {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme },
    });

    // Labels beside the marks take room that only a drawing tells: what is too much, or left, is the plot's.
    // Vega's own fitting does not ask again, and cuts them. Panels below each other have one width.
    const fit = async (holder, view, spec, width) => {
        for (let step = 0; step < 4 && ("width" in spec || "vconcat" in spec); step += 1) {
            const excess = Number(holder.querySelector("svg").getAttribute("width")) - width;
            if (Math.abs(excess) < 1) return;
            await view.width(Math.max(120, view.width() - excess)).runAsync();
        }
    };

    // Below the least width the style sheet shrinks the drawing as a whole.
    const leastWidth = 320;

    const draw = async (holder) => {
        const theme = dark.matches ? "dark" : "light";
        const figure = holder.closest("figure");
        const width = Math.max(leastWidth, figure.clientWidth);
        const spec = specOf(holder, theme, width < 600);
        views.get(holder)?.finalize();
        views.set(holder, await embed(holder, spec, theme));
        await fit(holder, views.get(holder).view, spec, width);
        figure.classList.add("drawn");
    };

    // What is printed: light, of one width, and its labels measured with the fonts that this browser has.
    const drawStill = async (holder) => {
        const drawing = await embed(document.createElement("div"), specOf(holder, "light"), "light");
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
