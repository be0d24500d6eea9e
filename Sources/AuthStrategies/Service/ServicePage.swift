/// What a browser finds at `GET /`: it signs in, asks and signs out as pages do, and shows what the server answers.
enum ServicePage {
    static let html: StaticString = #"""
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>authbench serve</title>
        <style>
          body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
          button, input { font: inherit; padding: .3rem .8rem; }
          input { width: 8rem; }
          li { font-family: ui-monospace, monospace; }
        </style>
        <main>
          <h1>authbench serve</h1>
          <p>Sign in, use the protected route, and sign out, as a browser does. Each line below is an answer of the server.</p>
          <form id="form">
            <label>User <input id="user" type="number" min="1" value="7" required></label>
            <button name="what" value="login">Sign in</button>
            <button name="what" value="resource">Use</button>
            <button name="what" value="renew">Renew</button>
            <button name="what" value="logout">Sign out</button>
          </form>
          <ol id="answers" aria-live="polite"></ol>
        </main>
        <script>
          "use strict";
          // A cookie is the browser's affair. A token is held here, in memory alone, and sent as RFC 6750 section 2.1 says.
          let token = null;
          let refresh = null;

          const ask = async (what, user) => {
            const headers = token ? { Authorization: `Bearer ${token}` } : {};
            const request = { method: what === "resource" ? "GET" : "POST", headers, credentials: "same-origin", cache: "no-store" };
            if (what === "login") request.body = JSON.stringify({ user });
            else if (request.method === "POST") request.body = JSON.stringify(refresh ? { refresh_token: refresh } : {});
            const answer = await fetch(`/${what}`, request);
            const text = await answer.text();
            const body = text ? JSON.parse(text) : {};
            if (answer.ok && what !== "resource") {
              token = body.access_token ?? null;
              refresh = body.refresh_token ?? null;
            }
            const shown = body.user === undefined ? "" : `, user ${body.user}`;
            return `${what}: ${answer.status}${shown}`;
          };

          const tell = (text) => {
            const line = document.createElement("li");
            line.textContent = text;
            document.getElementById("answers").append(line);
          };

          document.getElementById("form").addEventListener("submit", async (event) => {
            event.preventDefault();
            const user = document.getElementById("user").valueAsNumber;
            try { tell(await ask(event.submitter.value, user)); } catch (error) { tell(`${event.submitter.value}: ${error.message}`); }
            tell(`cookies that a script sees: ${document.cookie || "none"}`);
          });
        </script>
        </html>

        """#
}
