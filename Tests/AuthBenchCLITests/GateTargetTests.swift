import Backends
import Foundation
import Testing

@testable import AuthBenchCLI
@testable import AuthGate

/// The gate over HTTP, on a server of Python's standard library.
@Suite("gate over HTTP", .serialized)
final class GateTargetTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("authbench-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(Self.server.utf8).write(to: folder.appendingPathComponent("server.py"))
        try Data(Self.contract.utf8).write(to: folder.appendingPathComponent("contract.json"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static let contract = """
        {
          "login": {"path": "/login", "body": "{\\"user\\": {{user}}}"}, "credential": {"json": "/token"},
          "present": "bearer", "protected": {"path": "/me"}, "open": {"path": "/open"},
          "user": {"json": "/user"}, "logout": {"path": "/logout", "method": "POST"}
        }
        """

    /// Does `work` beside each request, and goes wrong as its first argument says.
    private static let server = """
        import http.server, json, os, secrets, sys, threading

        fault, work = sys.argv[1], int(sys.argv[2])
        users, served, turn = {}, 0, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *rest): pass

            def answer(self, status, value):
                global served
                for _ in range(work): pass
                with turn: served += 1
                if fault == "dies" and served > 300:
                    print("out of luck", file=sys.stderr, flush=True)
                    os._exit(7)
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            @property
            def token(self): return self.headers.get("Authorization", "").removeprefix("Bearer ")

            def do_GET(self):
                if self.path == "/open": return self.answer(503 if fault == "sick" else 200, {})
                user = users.get(self.token)
                if user is None: return self.answer(200 if fault == "lax" else 401, {"user": 1})
                self.answer(200, {"user": user})

            def do_POST(self):
                asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == "/logout":
                    users.pop(self.token, None)
                    return self.answer(200, {})
                token = secrets.token_hex(16)
                users[token] = json.loads(asked)["user"]
                self.answer(200, {"token": token})

        if fault == "fails": sys.exit("no database is there")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
        server.daemon_threads = True
        assert not os.listdir(os.environ["TMPDIR"])
        server.serve_forever()
        """

    private func command(_ fault: String = "sound", work: Int = 10_000) -> String {
        "exec python3 -I '\(folder.path)/server.py' \(fault) \(work)"
    }

    private func arguments(head: String? = nil, _ more: [String] = []) -> [String] {
        [
            "gate", "--base", command(), "--head", head ?? command(), "--target",
            "app=http://127.0.0.1:{{port}}", "--contract", "contract.json", "--fast",
        ] + more
    }

    private func gate(head: String? = nil, _ more: [String] = []) throws -> Program.Result {
        try Program(arguments(head: head, more), in: folder).finish()
    }

    /// The servers of this test that are still there.
    private var servers: [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { process in
            let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
            return line.range(of: Data("\(folder.path)/server.py".utf8)) != nil && !Program.isGone(process)
        }
    }

    @Test("equal servers are not called slower, and the recording gives the same verdict again")
    func equal() throws {
        let result = try gate(["--operation", "authenticate", "--budget", "15", "--out", "gate"])
        #expect([0, 3].contains(result.status), "\(result.output)\(result.errors)")
        #expect(result.output.contains("the same command on both sides"), "\(result.output)")
        #expect(servers.isEmpty)
        let again = try Program(["gate", "--replay", "gate/recording.jsonl"], in: folder).finish()
        #expect(again.status == result.status && again.output == result.output)
        let recording = try GateLines.read(folder.appendingPathComponent("gate/recording.jsonl"))
        let header = recording.header
        #expect(header.target?.url == "http://127.0.0.1:{{port}}")
        #expect(header.base.file == command() && header.base.sha256.isEmpty)
        #expect(header.base.version.hasPrefix("BaseHTTP/"), "\(header.base.version)")
        #expect(header.cases.map(\.strategy).allSatisfy { $0 == "app" })
    }

    @Test("a server that takes several times as long is called slower, in time and in CPU time")
    func slower() throws {
        let result = try gate(
            head: command(work: 60_000),
            ["--operation", "authenticate", "--budget", "200", "--format", "csv"])
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        let lines = result.output.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        let rows = lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
        for metric in ["time_ns", "cpu_ns"] {
            let row = try #require(rows.first { $0["metric"] == metric[...] })
            #expect(row["verdict"] == "regression", "\(row)")
            // That of the client alone grows a little too, because it sleeps longer.
            let change = try #require(row["change_percent"].flatMap { Double($0) })
            #expect(change > 100, "\(row)")
        }
        #expect(servers.isEmpty)
    }

    @Test("only what the contract has is measured")
    func operations() throws {
        let result = try gate(["--operation", "renew"])
        #expect(result.status == 5, "\(result.errors)")
        #expect(result.errors.contains("none of the strategies has the operation renew"), "\(result.errors)")
        let contract = try TargetOptions.contract(folder.appendingPathComponent("contract.json").path)
        #expect(
            contract.gateOperations.map(\.name)
                == [
                    "authenticate", "login", "refused", "touch", "logout", "authenticate-parallel",
                    "login-parallel",
                ])
        let example = try Contract(json: Contract.example)
        #expect(example.gateOperations.count == GateOperation.all.count)
    }

    @Test(
        "a server that fails is an error in one line with its last words, and nothing stays behind",
        arguments: [
            ("fails", "ended with status 1 before it answered at http://127.0.0.1:", "no database is there"),
            ("dies", "ended with status 7 while", "out of luck"),
            ("lax", "decides wrongly in the decisions of app", "false accepts"),
        ])
    func broken(fault: String, reason: String, words: String) throws {
        let result = try gate(head: command(fault), ["--operation", "authenticate"])
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.errors.contains("head (exec python3"), "\(result.errors)")
        #expect(result.errors.contains(reason) && result.errors.contains(words), "\(result.errors)")
        #expect(
            result.errors.split(separator: "\n").count { !$0.hasPrefix("stage") } == 1, "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(servers.isEmpty)
    }

    @Test(
        "a server that never becomes ready is told with the place and the time",
        arguments: [("sick", "it answered 503"), ("sound", "Connection refused")])
    func neverReady(fault: String, reason: String) throws {
        let deaf = fault == "sound"
        let target = GateTarget(
            base: deaf ? "PORT=0 \(command().dropFirst(5))" : command(fault), head: "", name: "app",
            url: "http://127.0.0.1:{{port}}", contract: "", health: "/open", healthMeansSuccess: true)
        let server = try ServerUnderTest(target, .base, in: folder)
        let error = #expect(throws: GateError.self) { try server.awaitAnswer(within_s: 1.5) }
        let text = error?.description ?? ""
        #expect(text.contains(":\(server.port)/open within 1.5 s: "), "\(text)")
        #expect(text.contains(reason) && text.contains("--health"), "\(text)")
        #expect(!text.contains("\n"))
        #expect(!servers.isEmpty)
        server.end()
        #expect(servers.isEmpty)
    }

    @Test("a server that goes into the background is not compared, because nobody can tell what it uses")
    func background() throws {
        let shell =
            "setsid sh -c '\(command().replacingOccurrences(of: "'", with: "")) & echo $! > pid' & sleep 60"
        let target = GateTarget(
            base: "cd '\(folder.path)' && \(shell)", head: "", name: "app",
            url: "http://127.0.0.1:{{port}}", contract: "", health: "/open", healthMeansSuccess: true)
        let server = try ServerUnderTest(target, .base, in: folder)
        let error = #expect(throws: GateError.self) { try server.awaitAnswer() }
        #expect(
            error?.description.contains("keep the server in the foreground") == true,
            "\(error?.description ?? "")")
        server.end()
        for process in servers { kill(process, SIGKILL) }
    }

    @Test(
        "what cannot be asked is refused before anything starts",
        arguments: [
            (["--target", "http://127.0.0.1:8000"], 64, "write {{port}} in the place of the port"),
            (["--target", "http://{{port}}:80"], 64, "write {{port}} in the place of the port"),
            (["--target", "ftp://h:{{port}}"], 64, "is no address of a server"),
            (["--target", "https://h:{{port}}"], 64, "over http:// only"),
            (["--target", "http://h:{{port}}", "--head", " "], 64, "--head is empty"),
            (["--target", "http://h:{{port}}", "--health", "ready"], 64, "begin it with /"),
            (["--target", "http://h:{{port}}", "--contract", "nowhere.json"], 65, "nowhere.json"),
            (["--target", "http://h:{{port}}", "--contract", "server.py"], 65, "server.py"),
            (
                ["--target", "http://h:{{port}}", "--strategy", "hs256-jwt"], 64,
                "leave them out with --target"
            ),
            (["--target", "http://h:{{port}}", "--instructions"], 64, "leave them out with --target"),
            (["--contract", "contract.json"], 64, "are for a --target"),
            (["--health", "/ready"], 64, "are for a --target"),
        ])
    func refused(arguments: [String], status: Int32, reason: String) throws {
        let result = try Program(
            ["gate", "--base", "exec false", "--head", "exec false"] + arguments, in: folder
        ).finish()
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }

    @Test("a signal ends the gate and all servers")
    func signal() throws {
        let program = try Program(arguments(["--out", "gate"]), in: folder)
        let limit = Date(timeIntervalSinceNow: 60)
        // Two in the beginning, four in each block.
        var most = 0
        while most < 4, Date() < limit {
            most = servers.count
            usleep(10_000)
        }
        #expect(most >= 4)
        kill(program.id, SIGTERM)
        let result = program.finish()
        #expect(result.status == 128 + SIGTERM)
        #expect(result.errors.contains("stopped by a signal"), "\(result.errors)")
        for _ in 0..<200 where !servers.isEmpty { usleep(10_000) }
        #expect(servers.isEmpty)
    }
}
