"use strict";
// Sorts the table by the column whose header is pressed: first the smallest, then the largest, then as it came.
(() => {
    const table = document.querySelector("table.strategies");
    if (!table) return;
    const body = table.tBodies[0], rows = [...body.rows], headers = [...table.tHead.rows[0].cells];
    const next = { none: "ascending", ascending: "descending", descending: "none" };

    // A blank value comes last in either order, and the baseline behind them all: it is no strategy to choose.
    const value = (row, column) => {
        const text = row.cells[column].dataset.value;
        return column === 0 ? row.cells[0].textContent : text === "" ? null : Number(text);
    };
    const compare = (one, other) => typeof one === "string" ? one.localeCompare(other) : one - other;
    const order = (column, direction) => (one, other) => {
        if (one.dataset.last !== other.dataset.last) return one.dataset.last ? 1 : -1;
        const [mine, its] = [value(one, column), value(other, column)];
        if (mine === null || its === null) return (mine === null) - (its === null);
        return direction === "ascending" ? compare(mine, its) : compare(its, mine);
    };

    const sort = (column) => {
        const direction = next[headers[column].getAttribute("aria-sort")];
        headers.forEach((header, place) => header.setAttribute("aria-sort", place === column ? direction : "none"));
        body.append(...(direction === "none" ? rows : rows.toSorted(order(column, direction))));
    };

    // Without scripts there is nothing to press.
    headers.forEach((header, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...header.childNodes);
        button.addEventListener("click", () => sort(column));
        header.append(button);
        header.setAttribute("aria-sort", "none");
    });
    table.classList.add("sortable");
})();
