// What nginx's own directives cannot say: reading the JSON of an introspection, and passing sign-ins on to the authority.

// 204 and the user where the token is active, 401 where it is not. No token needs no question.
async function introspect(request) {
    if (request.variables.token === "") {
        request.return(401);
        return;
    }
    const reply = await request.subrequest("/authority/introspect");
    if (reply.status !== 200) {
        request.return(503);
        return;
    }
    const answer = JSON.parse(reply.responseText);
    if (answer.active === true) {
        request.headersOut["User"] = answer.sub;
        request.return(204);
    } else {
        request.return(401);
    }
}

function resource(request) {
    request.return(200, `{"user":${request.variables.user}}`);
}

async function login(request) {
    const asked = JSON.parse(request.requestText);
    // For the probes of a trace only: a sign-in of some time ago.
    const then = Date.now() - (asked.age_ms || 0);
    await pass(request, "/authority/login", `sub=${asked.user}&authbench_now=${then}`);
}

async function logout(request) {
    await pass(request, "/authority/revoke", `token=${request.variables.token}&authbench_now=${Date.now()}`);
}

async function pass(request, path, body) {
    const reply = await request.subrequest(path, { method: "POST", body: body });
    request.return(reply.status, reply.responseText);
}

export default { introspect, resource, login, logout };
